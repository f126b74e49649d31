/** New workers, and what is told and counted of all of them. */
import { expect, test } from 'vitest';
import { openPool, rejection } from '../support/pool.ts';
import { until } from '../support/processes.ts';

test('a new worker is warmed up before anybody gets it, also one that takes the place of another', async () => {
  const warmed: number[] = [];
  const { pool } = await openPool({
    min: 2,
    max: 2,
    warmUp: async ({ call, pid, path }) => {
      expect(await call('count')).toBe(1);
      expect(path).toMatch(/^p\/worker\.\d+$/);
      warmed.push(pid);
    },
  });
  expect(new Set(warmed)).toEqual(new Set(pool.workers().map(({ pid }) => pid)));
  expect(await Promise.all([pool.call('count'), pool.call('count')])).toEqual([2, 2]);
  await rejection(pool.call('exit', 3));
  await until('it is replaced', () => pool.stats().ready === 2);
  expect(warmed).toHaveLength(3);
  expect((await Promise.all([pool.call('count'), pool.call('count')])).sort()).toEqual([2, 3]);
});

test('a worker that cannot be warmed up has not started, and the next is', async () => {
  let tries = 0;
  const { pool, all } = await openPool({
    min: 0,
    max: 1,
    backoff: { initial: 10, max: 10 },
    warmUp: async ({ call }) => {
      tries += 1;
      if (tries === 1) await call('throws', 'cold');
    },
  });
  expect(await rejection(pool.call('echo', 1))).toMatchObject({ code: 'ERR_REEVE_NO_WORKER' });
  await until('one is ready', async () => (await pool.call('echo', 2).catch(() => 0)) === 2);
  expect(tries).toBe(2);
  expect(all('pool.start-failed')).toMatchObject([{ message: /cold/ }]);
  expect(pool.stats().workers).toMatchObject({ started: 1, failed: 1 });
  expect(all('pool.worker-ready')).toHaveLength(1);
});

test('calls and workers are counted so that the counts add up', async () => {
  const { pool, all } = await openPool({ min: 2, max: 2, maxQueue: 3, backoff: { initial: 1, max: 10 } });
  const calls = [
    pool.call('wait', 50),
    rejection(pool.call('insist', 100, { timeout: 20 })),
    rejection(pool.call('throws', 'no')),
    rejection(pool.call('echo', 1, { queueTimeout: 1 })),
    rejection(pool.call('exit', 4)),
  ];
  const refused = rejection(pool.call('echo', 'one too many'));
  expect(pool.stats()).toMatchObject({ running: 2, queued: 3, busy: 2, calls: { made: 6, failed: 1 } });
  expect(await refused).toMatchObject({ code: 'ERR_REEVE_QUEUE_FULL' });
  await Promise.all(calls);
  await until('all is quiet', () => pool.stats().ready === 2 && pool.stats().running === 0);
  const { calls: counts, workers, run, wait } = pool.stats();
  expect(counts).toEqual({ made: 6, ok: 1, failed: 5, timedOut: 2, cancelled: 0, retried: 0 });
  expect(workers).toEqual({ started: 3, failed: 0, lost: 1, recycled: 0 });
  expect(wait.count).toBe(4);
  expect(run.count).toBeLessThanOrEqual(wait.count);
  expect(pool.workers().reduce((sum, worker) => sum + worker.calls, 0)).toBeLessThanOrEqual(3);
  await pool.close();
  const [ready, gone] = [all('pool.worker-ready'), all('pool.worker-gone')];
  expect(ready).toHaveLength(3);
  expect(gone.map(({ pid }) => pid).sort()).toEqual(ready.map(({ pid }) => pid).sort());
  expect(pool.stats()).toMatchObject({ ready: 0, starting: 0, busy: 0, running: 0, queued: 0, sessions: 0 });
});

test('what a callback throws, and what a worker logs, is told, and harms nobody', async () => {
  const { pool, event } = await openPool({ min: 1, max: 1 });
  const onProgress = () => {
    throw new Error('I cannot hear you');
  };
  expect(await pool.call('steps', 3, { onProgress })).toBe(3);
  expect((await event('pool.warning')).message).toMatch(/onProgress threw: I cannot hear you/);
  await pool.call('log', 'hot');
  expect(await event('pool.log')).toMatchObject({ level: 'warn', message: 'hot', path: 'p/worker.1' });
  const steps: unknown[] = [];
  await pool.call('steps', 100, { onProgress: (step) => steps.push(step) });
  expect(steps).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
});
