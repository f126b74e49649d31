/** Calls whose items are taken one by one. */
import { describe, expect, test } from 'vitest';
import { RemoteError } from '../../src/index.ts';
import { openPool, rejection } from '../support/pool.ts';
import { proc, until } from '../support/processes.ts';

/** What is taken, and then the error that ended it. */
async function take(items: AsyncIterable<unknown>, most = Number.POSITIVE_INFINITY) {
  const seen: unknown[] = [];
  try {
    for await (const item of items) {
      seen.push(item);
      if (seen.length >= most) break;
    }
  } catch (error) {
    return { seen, error };
  }
  return { seen, error: undefined };
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

test('items come in order, each once, however many', async () => {
  const { pool } = await openPool({ min: 1, max: 1 });
  expect(await take(pool.stream('numbers', 5_000))).toEqual({ seen: numbers(5_000), error: undefined });
  expect(await take(pool.stream('numbers', 0))).toEqual({ seen: [], error: undefined });
  expect(pool.stats().calls).toMatchObject({ made: 2, ok: 2 });
});

test('several at a time do not mix', async () => {
  const { pool } = await openPool({ min: 2, max: 2, tasksPerWorker: 3 });
  const streams = numbers(6).map((index) => take(pool.stream('numbers', 200 + index)));
  expect(await Promise.all(streams)).toEqual(
    numbers(6).map((index) => ({ seen: numbers(200 + index), error: undefined })),
  );
});

test('an error comes after the items before it, once', async () => {
  const { pool } = await openPool({ min: 1, max: 1 });
  const { pid } = pool.workers()[0]!;
  const items = pool.stream('numbersAndError', 300);
  const { seen, error } = await take(items);
  expect(seen).toEqual(numbers(300));
  expect(error).toBeInstanceOf(RemoteError);
  expect(error).toMatchObject({ remoteName: 'RangeError', message: /no more than 300/ });
  expect(await items.next()).toEqual({ value: undefined, done: true });
  expect(await pool.call('pid')).toBe(pid);
});

test('a worker that dies amid it is the error, after what it had said', async () => {
  const { pool } = await openPool({ min: 1, max: 1 });
  const items = pool.stream('numbers', 1e12);
  expect(await items.next()).toEqual({ value: 0, done: false });
  process.kill(pool.workers()[0]!.pid, 'SIGKILL');
  const { seen, error } = await take(items);
  expect(seen).toEqual(numbers(seen.length + 1).slice(1));
  expect(error).toMatchObject({ code: 'ERR_REEVE_WORKER_CRASHED', reason: { kind: 'killed' } });
});

test('it is not begun again elsewhere, idempotent or not: its items have been taken', async () => {
  const { pool } = await openPool({ min: 2, max: 2 });
  const items = pool.stream('numbers', 1e12, { idempotent: true });
  await items.next();
  process.kill(pool.workers().find(({ load }) => load > 0)!.pid, 'SIGKILL');
  expect((await take(items)).error).toMatchObject({ code: 'ERR_REEVE_WORKER_CRASHED' });
  expect(pool.stats().calls).toMatchObject({ made: 1, failed: 1, retried: 0 });
});

describe('who takes no more', () => {
  test('by leaving the loop frees the worker', async () => {
    const { pool, all } = await openPool({ min: 1, max: 1 });
    for (let round = 0; round < 5; round += 1)
      expect((await take(pool.stream('numbers', 1e12), 10)).seen).toEqual(numbers(10));
    expect(await pool.call('echo', 'free')).toBe('free');
    await until('it is free', () => pool.stats().busy === 0);
    expect(pool.stats().calls).toMatchObject({ made: 6, ok: 1, cancelled: 5 });
    expect(all('pool.worker-gone')).toEqual([]);
  });

  test('by aborting is told so, after what had come', async () => {
    const { pool } = await openPool({ min: 1, max: 1 });
    const controller = new AbortController();
    const items = pool.stream('numbers', 1e12, { signal: controller.signal });
    await items.next();
    controller.abort(new Error('enough'));
    expect((await take(items)).error).toMatchObject({ message: 'enough' });
    expect(await pool.call('echo', 1)).toBe(1);
  });

  test('before it had a worker leaves the queue', async () => {
    const { pool } = await openPool({ min: 1, max: 1 });
    const lease = await pool.acquire();
    const items = pool.stream('numbers', 3);
    const first = items.next();
    expect(pool.stats().queued).toBe(1);
    await items.return!();
    expect(await first).toEqual({ value: undefined, done: true });
    await until('it has left', () => pool.stats().queued === 0);
    lease.release();
    expect(pool.workers()[0]!.calls).toBe(0);
  });
});

/** Bytes that a process has written so far. */
const written = (pid: number): number => Number(/wchar: (\d+)/.exec(proc(pid, 'io') ?? '')?.[1]);

test('while nobody takes them the worker waits, and goes on when they are taken', async () => {
  const { pool } = await openPool({ min: 1, max: 1 });
  const { pid } = pool.workers()[0]!;
  const [count, size] = [2_000, 16_384];
  const items = pool.stream('blobs', [count, size]) as AsyncIterableIterator<Uint8Array>;
  await items.next();
  let before = 0;
  let same = 0;
  await until('it writes nothing more', () => {
    const now = written(pid);
    same = now === before ? same + 1 : 0;
    before = now;
    return same > 20;
  });
  expect(before).toBeGreaterThan(size);
  expect(before).toBeLessThan((count * size) / 4);
  const { seen } = await take(items);
  expect(seen.length).toBe(count - 1);
  expect(written(pid)).toBeGreaterThan(count * size);
});

test('a call beside it on the same worker waits with it, and is answered when its items are taken', async () => {
  const { pool } = await openPool({ min: 1, max: 1, tasksPerWorker: 2 });
  const items = pool.stream('numbers', 5_000);
  await items.next();
  const beside = pool.call('echo', 'beside');
  expect((await take(items)).seen).toEqual(numbers(5_000).slice(1));
  expect(await beside).toBe('beside');
});

test('errors of those that nobody listens to are no unhandled rejections', async () => {
  const { pool } = await openPool({ min: 1, max: 1 });
  pool.stream('throws', 'unheard');
  expect((await rejection(pool.call('throws', 'heard'))).message).toMatch(/heard/);
  await until('both are over', () => pool.stats().calls.failed === 2);
});
