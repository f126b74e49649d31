/** Tasks on the simulated kernel: any runs, any programs, any harm, on virtual time, and what holds all the same. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SEED } from './seed.ts';
import { liveTasks } from './tasks-life.ts';
import { tasksPlans } from './tasks-plan.ts';
import { TaskSights } from './tasks-sights.ts';

const DEFAULT_LIVES = 1_000;
/** REEVE_TASK_LIVES=20000 lives as many, and not more than a million. */
const LIVES = Math.min(1_000_000, Number(process.env['REEVE_TASK_LIVES'] ?? DEFAULT_LIVES));

test('whatever is asked of tasks, and done to them', { timeout: 60_000 + LIVES * 200 }, async () => {
  const sights = new TaskSights();
  await fc.assert(
    fc.asyncProperty(tasksPlans, async (plan) => {
      const { violations, trace, seen } = await liveTasks(plan);
      sights.add(seen);
      expect(violations, trace.slice(-60).join('\n')).toEqual([]);
    }),
    { seed: SEED, numRuns: LIVES },
  );
  // Fewer than these need not come upon everything.
  if (LIVES >= DEFAULT_LIVES) expect(sights.missing, `seed ${SEED}`).toEqual([]);
});

test('a plan lived twice is the same life', async () => {
  for (const plan of fc.sample(tasksPlans, { seed: SEED, numRuns: 10 })) {
    const [once, again] = [await liveTasks(plan), await liveTasks(plan)];
    expect([again.steps, again.trace]).toEqual([once.steps, once.trace]);
  }
});
