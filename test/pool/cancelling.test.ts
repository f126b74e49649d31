/** Calls that are not wanted any more. */
import { getEventListeners } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { CallTimeoutError, RemoteError, WorkerEndedError } from '../../src/index.ts';
import { hangingCall, openPool, rejection } from '../support/pool.ts';
import { until } from '../support/processes.ts';

test('one that waits leaves the queue', async () => {
  const { pool } = await openPool({ min: 1, max: 1 });
  const holder = new AbortController();
  const { outcome } = await hangingCall(pool, { signal: holder.signal });
  const controller = new AbortController();
  const waiting = pool.call('count', undefined, { signal: controller.signal });
  expect(pool.stats().queued).toBe(1);
  controller.abort(new Error('changed my mind'));
  expect((await rejection(waiting)).message).toBe('changed my mind');
  expect(pool.stats().queued).toBe(0);
  holder.abort();
  await rejection(outcome);
  expect(await pool.call('count')).toBe(1); // the worker has never heard of it
});

test('one that runs is told to the worker, which goes on living', async () => {
  const { pool } = await openPool({ min: 1, max: 1 });
  const { pid } = pool.workers()[0]!;
  const controller = new AbortController();
  const { outcome } = await hangingCall(pool, { signal: controller.signal });
  controller.abort();
  expect(await rejection(outcome)).toMatchObject({ name: 'AbortError' });
  expect(await pool.call('pid')).toBe(pid);
});

test('one that was aborted before it was made is not made', async () => {
  const { pool } = await openPool({ min: 1, max: 1 });
  const error = await rejection(
    pool.call('count', undefined, { signal: AbortSignal.abort('no') }) as Promise<never>,
  );
  expect(error).toBe('no');
  expect(await pool.call('count')).toBe(1);
});

test('a worker that goes on with it is killed after the grace, and another takes its place', async () => {
  const { pool, event } = await openPool({ min: 1, max: 1, cancelGrace: 50 });
  const { pid } = pool.workers()[0]!;
  const error = await rejection(pool.call('insist', 60_000, { timeout: 30 }));
  expect(error).toBeInstanceOf(CallTimeoutError);
  expect(error).toMatchObject({ phase: 'running', timeout: 30 });
  expect((await event('pool.worker-gone')).why).toMatch(/did not give up 'insist' within 50 ms/);
  expect(await pool.call('pid')).not.toBe(pid);
});

test('one that hangs its worker takes the calls beside it along: they are told so', async () => {
  const { pool } = await openPool({ min: 1, max: 1, tasksPerWorker: 2, cancelGrace: 50 });
  const beside = pool.call('insist', 60_000);
  const again = pool.call('echo', 'again', { idempotent: true });
  await again;
  await rejection(pool.call('block', 60_000, { timeout: 20 }));
  expect(await rejection(beside)).toBeInstanceOf(WorkerEndedError);
});

test('a late answer to a cancelled call is no second one', async () => {
  const { pool, all } = await openPool({ min: 1, max: 1, cancelGrace: 5_000 });
  await rejection(pool.call('insist', 100, { timeout: 20 }));
  expect(await pool.call('echo', 1)).toBe(1); // after it, for the worker has one at a time
  expect(all('pool.worker-gone')).toEqual([]);
});

test('after 10,000 calls a shared signal has no listener left, and no timer is', async () => {
  const { pool } = await openPool({ tasksPerWorker: 100, maxQueue: 10_000 });
  const { signal } = new AbortController();
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  const before = timers();
  const calls = Array.from({ length: 10_000 }, (_, index) =>
    index % 100 === 0
      ? rejection(pool.call('throws', 'no', { signal, timeout: 60_000 }))
      : pool.call('echo', index, { signal, timeout: 60_000 }),
  );
  expect(getEventListeners(signal, 'abort').length).toBe(1);
  const outcomes = await Promise.all(calls);
  expect(outcomes.filter((outcome) => outcome instanceof RemoteError)).toHaveLength(100);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
  expect(timers()).toBeLessThanOrEqual(before + 1);
  expect(pool.stats()).toMatchObject({
    running: 0,
    queued: 0,
    calls: { made: 10_000, ok: 9_900, failed: 100 },
  });
});

test('a stream that is left is cancelled', async () => {
  const { pool } = await openPool({ min: 1, max: 1 });
  const { pid } = pool.workers()[0]!;
  const seen: unknown[] = [];
  for await (const number of pool.stream('numbers', 1e12)) {
    seen.push(number);
    if (seen.length === 100) break;
  }
  expect(seen).toEqual(Array.from({ length: 100 }, (_, index) => index));
  await until('the worker is free', () => pool.stats().busy === 0);
  expect(await pool.call('pid')).toBe(pid);
});

test('many calls may share a signal, and Node warns of no leak', async () => {
  const { pool } = await openPool();
  const warnings: Error[] = [];
  const warned = (warning: Error) => warnings.push(warning);
  process.on('warning', warned);
  const { signal } = new AbortController();
  await Promise.all(Array.from({ length: 40 }, (_, n) => pool.call('echo', n, { signal })));
  const numbers = Array.from({ length: 40 }, (_, n) => n);
  for await (const _ of pool.map(numbers, { method: 'echo', concurrency: 40 }));
  await new Promise(setImmediate); // a warning is told a tick later
  process.off('warning', warned);
  expect(warnings).toEqual([]);
});

test('a worker whose answer is not read, for the items before it, is not taken to be stubborn', async () => {
  const { pool } = await openPool({ min: 1, max: 1, tasksPerWorker: 4, cancelGrace: 50 });
  const items = pool.stream('numbers', 50_000);
  await items.next();
  await expect(pool.call('wait', 60_000, { timeout: 400 })).rejects.toMatchObject({
    code: 'ERR_REEVE_TIMEOUT',
  });
  await pause(200); // longer than the grace
  let count = 1;
  for await (const _ of items) count += 1;
  expect(count).toBe(50_000);
});

test('nothing of a stream is left on a signal that others share', async () => {
  const { pool } = await openPool({ min: 1, max: 1 });
  const { signal } = new AbortController();
  for await (const _ of pool.stream('numbers', 3, { signal }));
  await expect(pool.stream('throws', 'no', { signal }).next()).rejects.toMatchObject({ message: 'no' });
  expect(getEventListeners(signal, 'abort')).toEqual([]);
  const controller = new AbortController();
  const items = pool.stream('hang', undefined, { signal: controller.signal });
  controller.abort(new Error('enough'));
  await expect(items.next()).rejects.toThrow('enough');
  await expect(pool.stream('hang', undefined, { signal: AbortSignal.abort() }).next()).rejects.toThrow(
    /aborted/,
  );
  await expect(pool.stream('echo', 1, { signal: 5 as never }).next()).rejects.toMatchObject({
    code: 'ERR_REEVE_OPTIONS',
  });
});
