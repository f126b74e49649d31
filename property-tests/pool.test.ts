/** Pools on the simulated kernel: any options, any calls, any harm, on virtual time, and what holds all the same. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { livePool } from './pool-life.ts';
import { poolPlans } from './pool-plan.ts';
import { Sights } from './pool-sights.ts';
import { SEED } from './seed.ts';

const DEFAULT_LIVES = 1_000;
/** REEVE_POOL_LIVES=20000 lives as many, and not more than a million. */
const LIVES = Math.min(1_000_000, Number(process.env['REEVE_POOL_LIVES'] ?? DEFAULT_LIVES));

test('whatever is asked of a pool, and done to it', { timeout: 60_000 + LIVES * 200 }, async () => {
  const sights = new Sights();
  await fc.assert(
    fc.asyncProperty(poolPlans, async (plan) => {
      const { violations, trace, seen } = await livePool(plan);
      sights.add(seen);
      expect(violations, trace.slice(-60).join('\n')).toEqual([]);
    }),
    { seed: SEED, numRuns: LIVES },
  );
  // Fewer than these need not come upon everything.
  if (LIVES >= DEFAULT_LIVES) expect(sights.missing, `seed ${SEED}`).toEqual([]);
});

test('a plan lived twice is the same life', async () => {
  for (const plan of fc.sample(poolPlans, { seed: SEED, numRuns: 10 })) {
    const [once, again] = [await livePool(plan), await livePool(plan)];
    expect([again.steps, again.trace]).toEqual([once.steps, once.trace]);
  }
});
