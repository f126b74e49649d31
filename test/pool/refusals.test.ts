/** What is asked of a pool and cannot be meant is refused at once, before a worker hears of it. */
import { expect, test } from 'vitest';
import { openPool, rejection, WORKER } from '../support/pool.ts';

test("a call of a method that is Reeve's own, which a worker would not answer", async () => {
  const { pool } = await openPool();
  for (const method of ['$/cancelRequest', '$/ping', '$/x'])
    expect(await rejection(pool.call(method, { id: 1 }))).toMatchObject({
      code: 'ERR_REEVE_OPTIONS',
      path: 'method',
    });
  expect(pool.stats().calls.made).toBe(0);
});

test('a size with more than a size', async () => {
  const { pool } = await openPool();
  const size = { min: 1, maximum: 3 };
  expect(() => pool.resize(size)).toThrow(/maximum/);
  expect(() => pool.resize(null as never)).toThrow(/expected an object/);
  expect(() => pool.resize(undefined as never)).toThrow(/expected an object/);
});

test('a proxy can be awaited and written as JSON without a call', async () => {
  const { pool } = await openPool();
  const proxy = await pool.proxy();
  expect(JSON.stringify({ proxy })).toBe('{"proxy":{}}');
  expect(pool.stats().calls.made).toBe(0);
});

test('a worker whose warm-up does not end', async () => {
  const never = () => new Promise<void>(() => {});
  const opening = openPool({ worker: { ...WORKER, startTimeout: 1_500 }, min: 1, warmUp: never });
  expect((await rejection(opening)).message).toMatch(/was not warmed up within 1500 ms/);
});
