/** Who waits for a worker, for how long, and in which order. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { CallTimeoutError, QueueFullError } from '../../src/index.ts';
import { FAIR_TURN } from '../../src/pool/wait-queue.ts';
import { hangingCall, openPool, rejection } from '../support/pool.ts';
import { processesOfRun, until } from '../support/processes.ts';

test('500 calls at once on 4 workers: never more than 4 processes, and all are answered', async () => {
  const { pool, runId } = await openPool({ min: 4, max: 4 });
  const pids = pool.workers().map(({ pid }) => pid);
  expect(new Set(pids).size).toBe(4);
  const withForker = processesOfRun(runId);
  expect(withForker).toHaveLength(5);
  let most = 0;
  const calls = Array.from({ length: 500 }, () =>
    pool.call('block', 2).finally(() => {
      most = Math.max(most, pool.stats().running);
    }),
  );
  expect(pool.stats()).toMatchObject({ running: 4, queued: 496, busy: 4 });
  while (pool.stats().queued > 0) {
    expect(processesOfRun(runId)).toEqual(withForker);
    await nextTurn();
  }
  expect(await Promise.all(calls)).toEqual(Array.from({ length: 500 }, () => 'done'));
  expect(most).toBe(4);
  const done = pool.workers().map(({ calls: count }) => count);
  expect(done.reduce((sum, count) => sum + count)).toBe(500);
  for (const count of done) expect(count).toBeGreaterThan(0);
});

/** One worker, which is busy; what is called now waits, and is noted when it is answered. */
async function busyPool(options: Parameters<typeof openPool>[0] = {}) {
  const { pool, ...rest } = await openPool({ min: 1, max: 1, ...options });
  const controller = new AbortController();
  const { outcome } = await hangingCall(pool, { signal: controller.signal });
  const order: unknown[] = [];
  const note = (name: unknown, priority = 0) =>
    pool.call('echo', name, { priority }).then((value) => order.push(value));
  return { pool, order, note, free: () => controller.abort(), outcome, ...rest };
}

test('first come, first served within a priority; higher ones first', async () => {
  const { order, note, free, outcome } = await busyPool();
  const all = ['a', 'b', 'c'].map((name) => note(name));
  all.push(note('high', 5), note('higher', 10), note('low', -10), note('high too', 5));
  free();
  await Promise.all([...all, rejection(outcome)]);
  expect(order).toEqual(['higher', 'high', 'high too', 'a', 'b', 'c', 'low']);
});

test('a low priority is served in the end, however many of a higher one keep coming', async () => {
  const { order, note, free, pool } = await busyPool();
  const low = note('low', -10);
  let isServed = false;
  const more = async (): Promise<void> => {
    while (!isServed) await note('high', 10);
  };
  const crowd = Promise.all([more(), more(), more()]);
  free();
  await low;
  isServed = true;
  await crowd;
  expect(order.indexOf('low')).toBeLessThan(FAIR_TURN + 3);
  expect(pool.stats().queued).toBe(0);
});

test('a full queue refuses at once; nothing that waited is disturbed', async () => {
  const { pool, free, note, order } = await busyPool({ maxQueue: 3 });
  const waiting = [note(1), note(2), note(3)];
  const error = await rejection(pool.call('echo', 4));
  expect(error).toBeInstanceOf(QueueFullError);
  expect(error).toMatchObject({ code: 'ERR_REEVE_QUEUE_FULL' });
  free();
  await Promise.all(waiting);
  expect(order).toEqual([1, 2, 3]);
});

test('without a queue a call is taken or refused', async () => {
  const { pool, free } = await busyPool({ maxQueue: 0 });
  expect(await rejection(pool.call('echo', 1))).toBeInstanceOf(QueueFullError);
  free();
  await until('the worker is free', () => pool.stats().busy === 0);
  expect(await pool.call('echo', 2)).toBe(2);
});

test('a deadline counts the wait, and leaves no one behind in the queue', async () => {
  const { pool, free } = await busyPool();
  const error = await rejection(pool.call('echo', 1, { timeout: 30 }));
  expect(error).toBeInstanceOf(CallTimeoutError);
  expect(error).toMatchObject({ phase: 'queued', timeout: 30 });
  expect(await rejection(pool.call('echo', 1, { queueTimeout: 20 }))).toMatchObject({
    phase: 'queued',
    timeout: 20,
  });
  expect(pool.stats()).toMatchObject({ queued: 0, calls: { timedOut: 2 } });
  free();
  expect(await pool.call('echo', 2, { timeout: 10_000, queueTimeout: 10_000 })).toBe(2);
});

test('a queueTimeout does not count what comes after the wait', async () => {
  const { pool } = await openPool({ min: 1, max: 1 });
  expect(await pool.call('wait', 100, { queueTimeout: 20 })).toBe('done');
});

test('callers are told to wait when half of the queue is taken, and when there is room again', async () => {
  const { pool, note, free, all } = await busyPool({ maxQueue: 8 });
  const waiting = [1, 2, 3].map((name) => note(name));
  expect(pool.hasRoom).toBe(true);
  waiting.push(note(4));
  expect(pool.hasRoom).toBe(false);
  const room = pool.whenRoom();
  free();
  await room;
  await Promise.all(waiting);
  expect(all('pool.saturated')).toMatchObject([{ pool: 'p', queued: 4 }]);
  expect(all('pool.relieved')).toMatchObject([{ pool: 'p', queued: 2 }]);
});

test('it grows as far as is needed, and shrinks when nothing is to be done', async () => {
  const { pool, event, all } = await openPool({ min: 1, max: 3, idleTimeout: 50 });
  await Promise.all(Array.from({ length: 20 }, () => pool.call('wait', 30)));
  expect(all('pool.worker-ready')).toHaveLength(3);
  await until('it is small again', () => pool.workers().length === 1);
  expect((await event('pool.worker-gone')).why).toMatch(/not needed any more/);
  expect(await pool.call('echo', 1)).toBe(1);
  expect(pool.stats().workers).toMatchObject({ started: 3, lost: 0, failed: 0 });
});

test('more workers than calls are not started', async () => {
  const { pool, all } = await openPool({ min: 0, max: 8 });
  await Promise.all([pool.call('wait', 20), pool.call('wait', 20)]);
  expect(all('pool.worker-ready').length).toBeLessThanOrEqual(2);
});

test('with several calls at a time a worker answers whichever is done first', async () => {
  const { pool } = await openPool({ min: 1, max: 1, tasksPerWorker: 3 });
  const slow = pool.call('wait', 10_000, { timeout: 20_000, signal: AbortSignal.timeout(300) });
  const order = await Promise.all([pool.call('echo', 1), pool.call('echo', 2)]);
  expect(order).toEqual([1, 2]);
  expect(pool.stats()).toMatchObject({ running: 1, queued: 0 });
  await rejection(slow);
});

test('resized, it starts those that are missing, and lets those that are too many finish', async () => {
  const { pool } = await openPool({ min: 1, max: 1 });
  pool.resize({ min: 3, max: 3 });
  await until('there are three', () => pool.stats().ready === 3);
  const calls = Array.from({ length: 3 }, () => pool.call('wait', 50));
  pool.resize({ min: 1, max: 1 });
  expect(await Promise.all(calls)).toEqual(['done', 'done', 'done']);
  await until('there is one', () => pool.workers().length === 1);
  expect(() => pool.resize({ min: 2, max: 1 })).toThrow(/min: 2 is more than max/);
});

test('no worker is waited for that cannot come: those who wait are told with the first failure', async () => {
  const worker = { command: 'sh', args: ['-c', 'sleep 0.1; echo broken >&2; exit 1'] };
  const { pool } = await openPool({ worker, min: 0, max: 2 });
  const errors = await Promise.all(Array.from({ length: 5 }, () => rejection(pool.run())));
  for (const error of errors) expect(error.message).toMatch(/no worker of 'p' can be started: .*broken/s);
});
