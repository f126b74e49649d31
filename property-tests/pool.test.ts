/** Pools on the simulated kernel: any options, any calls, any harm, on virtual time, and what holds all the same. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { livePool } from './pool-life.ts';
import { poolPlans } from './pool-plan.ts';
import { SEED } from './seed.ts';

/** REEVE_POOL_LIVES=20000 lives as many, and not more than a million. */
const LIVES = Math.min(1_000_000, Number(process.env['REEVE_POOL_LIVES'] ?? 300));

test('whatever is asked of a pool, and done to it', { timeout: 10_000 + LIVES * 400 }, async () => {
  await fc.assert(
    fc.asyncProperty(poolPlans, async (plan) => {
      const { violations, trace } = await livePool(plan);
      expect(violations, trace.slice(-60).join('\n')).toEqual([]);
    }),
    { seed: SEED, numRuns: LIVES },
  );
});
