/** Workers and the forker are killed at random under load: each call is settled once, with its result or with a cause. */
import { expect, test } from 'vitest';
import { ReeveError } from '../../src/index.ts';
import { openPool } from '../support/pool.ts';
import { until } from '../support/processes.ts';

/** Longer by hand: REEVE_KILLS_SECONDS=60 npx vitest run test/pool/random-kills.test.ts */
const SECONDS = Number(process.env['REEVE_KILLS_SECONDS'] ?? 6);
/** What a call may end with when its worker, or the forker, dies; or when no worker can be had for a moment. */
const CAUSES = new Set([
  'ERR_REEVE_WORKER_CRASHED',
  'ERR_REEVE_POISON',
  'ERR_REEVE_NO_WORKER',
  'ERR_REEVE_TIMEOUT',
]);

test(`for ${SECONDS} s`, { timeout: SECONDS * 1_000 + 60_000 }, async () => {
  const { pool, all } = await openPool({
    min: 4,
    max: 4,
    tasksPerWorker: 2,
    maxQueue: 100_000,
    backoff: { initial: 1, max: 20 },
    timeout: 30_000,
  });
  const end = performance.now() + SECONDS * 1_000;
  const isOver = (): boolean => performance.now() > end;
  const outcomes = new Map<string, number>();
  let made = 0;
  let unsettled = 0;
  const caller = async (number: number): Promise<void> => {
    while (!isOver()) {
      made += 1;
      unsettled += 1;
      const method = ['echo', 'wait', 'block'][made % 3]!;
      const outcome = await pool.call(method, made % 5, { idempotent: number % 2 === 0 }).then(
        () => 'ok',
        (error: unknown) => (error instanceof ReeveError ? error.code : String(error)),
      );
      unsettled -= 1;
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
  };
  let kills = 0;
  const killer = async (): Promise<void> => {
    while (!isOver()) {
      const workers = pool.workers();
      const { pid } = workers[Math.floor(Math.random() * workers.length)] ?? {};
      if (pid !== undefined) kills += tryKill(pid);
      await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 150));
    }
  };
  let forkers = 0;
  const forkerKiller = async (): Promise<void> => {
    for (let next = performance.now() + 1_500; !isOver(); ) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      if (performance.now() < next) continue;
      forkers += tryKill(all('forker.started').at(-1)!.pid);
      next = performance.now() + 3_000;
    }
  };
  const callers = Array.from({ length: 20 }, (_, number) => caller(number));
  await Promise.all([...callers, killer(), forkerKiller()]);

  expect(unsettled).toBe(0);
  expect([...outcomes.values()].reduce((sum, count) => sum + count)).toBe(made);
  expect([...outcomes.keys()].filter((outcome) => outcome !== 'ok' && !CAUSES.has(outcome))).toEqual([]);
  expect(kills).toBeGreaterThan(SECONDS);
  expect(forkers).toBeGreaterThan(0);
  expect(outcomes.get('ok')).toBeGreaterThan(100);
  const { calls } = pool.stats();
  expect(calls).toMatchObject({ made, ok: outcomes.get('ok'), failed: made - outcomes.get('ok')! });
  await until('there are four again', () => pool.stats().ready === 4, 20_000);
  expect(await pool.call('echo', 'all is well')).toBe('all is well');
  expect(pool.stats()).toMatchObject({ running: 0, queued: 0 });
  if (process.env['REEVE_KILLS_SECONDS'] !== undefined) console.log({ made, kills, forkers }, outcomes);
});

/** How many were killed. */
function tryKill(pid: number): number {
  try {
    process.kill(pid, 'SIGKILL');
    return 1;
  } catch {
    return 0; // it has just ended
  }
}
