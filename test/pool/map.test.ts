/** Many items, a few calls at a time, results in the order of the items. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type MapOptions, OptionsError, RemoteError } from '../../src/index.ts';
import { openPool, rejection } from '../support/pool.ts';
import { until } from '../support/processes.ts';

/** Says how many were pulled, and whether it was told that no more are wanted. */
function counted(count: number) {
  const state = { pulled: 0, isClosed: false };
  async function* items() {
    try {
      while (state.pulled < count) yield state.pulled++;
    } finally {
      state.isClosed = true;
    }
  }
  return { state, items: items() };
}

async function all<T>(results: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const result of results) list.push(result);
  return list;
}

test('results come in the order of the items, whichever is done first', async () => {
  const { pool } = await openPool({ min: 2, max: 2, tasksPerWorker: 4 });
  const items = [100, 1, 50, 2, 20, 3].map((ms, index) => [index, ms]);
  expect(await all(pool.map(items, { method: 'later' }))).toEqual([0, 1, 2, 3, 4, 5]);
});

test('so many at a time as all workers can have, and no more; each item is pulled once', async () => {
  const { pool } = await openPool({ min: 2, max: 2, tasksPerWorker: 2 });
  const { state, items } = counted(50);
  let most = 0;
  let index = 0;
  for await (const result of pool.map(items, { method: 'echo' })) {
    expect(result).toBe(index);
    index += 1;
    const { running, queued } = pool.stats();
    most = Math.max(most, running + queued);
    expect(state.pulled).toBeLessThanOrEqual(index + 4);
  }
  expect(index).toBe(50);
  expect(most).toBeLessThanOrEqual(4);
  expect(pool.stats().calls).toMatchObject({ made: 50, ok: 50 });
  expect(state.isClosed).toBe(true);
});

test('nothing is pulled before somebody wants a result', async () => {
  const { pool } = await openPool({ min: 1, max: 1 });
  const { state, items } = counted(10);
  const results = pool.map(items, { method: 'echo' });
  expect(await pool.call('echo', 'meanwhile')).toBe('meanwhile');
  expect(state.pulled).toBe(0);
  expect(await results.next()).toEqual({ value: 0, done: false });
  await results.return!();
  expect(state.isClosed).toBe(true);
});

describe('how many at a time', () => {
  /** Of calls that are never answered. */
  async function atATime(pool: Awaited<ReturnType<typeof openPool>>['pool'], options: MapOptions = {}) {
    const controller = new AbortController();
    const { signal } = controller;
    const results = all(pool.map(Array.from({ length: 20 }), { method: 'hang', signal, ...options }));
    await nextTurn();
    const { running, queued } = pool.stats();
    controller.abort();
    await rejection(results);
    await until('the workers have given up', () => pool.stats().running === 0);
    return running + queued;
  }

  test('may be said', async () => {
    const { pool } = await openPool({ min: 2, max: 2, tasksPerWorker: 10 });
    expect(await atATime(pool, { concurrency: 3 })).toBe(3);
    for (const concurrency of [0, -1, 1.5, Number.NaN])
      expect(() => pool.map([1], { concurrency })).toThrow(OptionsError);
  });

  test('follows the size of the pool', async () => {
    const { pool } = await openPool({ min: 2, max: 2, tasksPerWorker: 3 });
    expect(await atATime(pool)).toBe(6);
    pool.resize({ min: 3, max: 4 });
    expect(await atATime(pool)).toBe(12);
  });
});

test('a pool that is resized meanwhile is used as it is then', async () => {
  const { pool } = await openPool({ min: 1, max: 1 });
  const { state, items } = counted(1_000);
  const results = pool.map(items, { method: 'echo' });
  await results.next();
  expect(state.pulled).toBeLessThanOrEqual(2);
  pool.resize({ min: 1, max: 8 });
  await results.next();
  await until('more are under way', () => state.pulled >= 8);
  await results.return!();
});

test('an item that fails ends it: what came before has been told, what is under way is cancelled', async () => {
  const { pool } = await openPool({ min: 2, max: 2 });
  let pulled = 0;
  let isClosed = false;
  function* squares() {
    try {
      for (const square of [1, 4, 9, -1, 16, 25, 36, 49]) {
        pulled += 1;
        yield square;
      }
    } finally {
      isClosed = true;
    }
  }
  const seen: unknown[] = [];
  const failing = (async () => {
    for await (const root of pool.map(squares(), { method: 'root', concurrency: 2 })) seen.push(root);
  })();
  const error = await rejection(failing);
  expect(error).toBeInstanceOf(RemoteError);
  expect(error.message).toMatch(/no root of -1/);
  expect(seen).toEqual([1, 2, 3]);
  expect(pulled).toBeLessThanOrEqual(5);
  expect(isClosed).toBe(true);
  await until('nothing is left of it', () => pool.stats().running + pool.stats().queued === 0);
});

test('a source that fails ends it, too, and its error is told', async () => {
  const { pool } = await openPool({ min: 2, max: 2 });
  async function* items() {
    yield 60_000;
    throw new Error('no more items');
  }
  const error = await rejection(all(pool.map(items(), { method: 'wait' })));
  expect(error.message).toBe('no more items');
  await until('the call is cancelled', () => pool.stats().running === 0);
  expect(pool.stats().calls).toMatchObject({ made: 1, cancelled: 1 });
});

test('to leave the loop cancels what is under way, and frees the workers', async () => {
  const { pool, all: events } = await openPool({ min: 2, max: 2 });
  const { state, items } = counted(100);
  const ms = (async function* () {
    for await (const index of items) yield index === 0 ? 1 : 60_000;
  })();
  for await (const result of pool.map(ms, { method: 'wait' })) {
    expect(result).toBe('done');
    break;
  }
  expect(state.isClosed).toBe(true);
  await until('the workers are free', () => pool.stats().busy === 0);
  expect(await pool.call('echo', 1)).toBe(1);
  expect(events('pool.worker-gone')).toEqual([]);
});

describe('a source that has nothing to give yet', () => {
  test('holds back no result of what it gave before', async () => {
    const { pool } = await openPool({ min: 2, max: 2 });
    const answers: unknown[] = [];
    let tell: () => void = () => {};
    /** Asks the next question only when the last was answered. */
    async function* questions() {
      for (let number = 0; number < 3; number += 1) {
        const answered = new Promise<void>((resolve) => {
          tell = resolve;
        });
        yield number;
        await answered;
      }
    }
    for await (const answer of pool.map(questions(), { method: 'echo', concurrency: 2 })) {
      answers.push(answer);
      tell();
    }
    expect(answers).toEqual([0, 1, 2]);
  });

  test('does not keep who gives up, by leaving or by a signal', async () => {
    const { pool } = await openPool({ min: 2, max: 2 });
    async function* silent() {
      yield 'only';
      await new Promise(() => {});
    }
    for await (const answer of pool.map(silent(), { method: 'echo' })) {
      expect(answer).toBe('only');
      break;
    }
    const controller = new AbortController();
    const results = pool.map(silent(), { method: 'echo', signal: controller.signal });
    expect(await results.next()).toEqual({ value: 'only', done: false });
    const next = results.next();
    controller.abort(new Error('enough'));
    expect((await rejection(next)).message).toBe('enough');
    expect(await results.next()).toEqual({ value: undefined, done: true });
  });
});
