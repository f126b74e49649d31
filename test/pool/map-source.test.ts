/** Many calls at a time, on items that come when they like. */
import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { openPool, rejection } from '../support/pool.ts';

const never = (): Promise<never> => new Promise(() => {});

async function* oneAndThenNothing() {
  yield 'first';
  await never();
}

test('a result that is there does not wait for items that are long in coming', async () => {
  const { pool } = await openPool();
  const results = pool.map(oneAndThenNothing(), { method: 'echo', concurrency: 8 });
  expect(await results.next()).toEqual({ value: 'first', done: false });
});

test('who gives it up need not wait for the next item either', async () => {
  const { pool } = await openPool();
  const controller = new AbortController();
  const { signal } = controller;
  const results = pool.map(oneAndThenNothing(), { method: 'echo', signal });
  await results.next();
  const next = results.next();
  const reason = new Error('never mind');
  controller.abort(reason);
  expect(await rejection(next)).toBe(reason);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

test('where its items come from is closed when it is left, and not when it has thrown', async () => {
  const { pool } = await openPool();
  let closed = 0;
  function* numbers(upTo: number) {
    try {
      for (let n = 0; n < upTo; n += 1) yield n;
      throw new Error('no more');
    } finally {
      closed += 1;
    }
  }
  for await (const n of pool.map(numbers(1_000), { method: 'echo' })) if (n === 3) break;
  expect(closed).toBe(1);
  const all = pool.map(numbers(0), { method: 'echo' });
  expect((await rejection(all.next())).message).toBe('no more');
  expect(closed).toBe(2);
});
