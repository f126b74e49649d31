/** What is known of a worker, in types: most of it is tested by the compiler, and by a call that its worker answers. */
import { describe, expect, expectTypeOf, test } from 'vitest';
import type { Pool } from '../../src/index.ts';
import type { ApiOf } from '../../src/pool/api.ts';
import { openHost } from '../support/host.ts';
import { rejection, WORKER } from '../support/pool.ts';

/** Some of what `worker.mjs` does. */
interface Worker {
  echo<T>(value: T): T;
  pid(): number;
  later(given: [value: string, ms: number]): Promise<string>;
  numbers(count: number): AsyncGenerator<number>;
  steps(count?: number): number;
  readonly version: string;
}

async function openTyped() {
  const { host } = await openHost();
  return host.pool<Worker>({ name: 'typed', worker: WORKER, min: 1, max: 1 });
}

test('methods, parameters, results and items are those of the worker', async () => {
  const pool = await openTyped();
  const later = pool.call('later', ['x', 1]);
  expectTypeOf(later).toEqualTypeOf<Promise<string>>();
  expect(await later).toBe('x');
  expectTypeOf(pool.call('pid')).toEqualTypeOf<Promise<number>>();
  expectTypeOf(pool.stream('numbers', 3)).toEqualTypeOf<AsyncIterableIterator<number>>();
  const gathered = pool.call('numbers', 3);
  expectTypeOf(gathered).toEqualTypeOf<Promise<number[]>>();
  expect(await gathered).toEqual([0, 1, 2]);
  expectTypeOf(pool.map<'later'>)
    .parameter(0)
    .toEqualTypeOf<Iterable<[value: string, ms: number]> | AsyncIterable<[value: string, ms: number]>>();
  await using lease = await pool.acquire();
  expectTypeOf(lease.call('later', ['x', 1])).toEqualTypeOf<Promise<string>>();
  expectTypeOf(lease.stream('numbers', 3)).toEqualTypeOf<AsyncIterableIterator<number>>();
  lease.release();
  const mapped = pool.map([1, 2], { method: 'steps' });
  expectTypeOf(mapped).toEqualTypeOf<AsyncIterableIterator<number>>();
  await mapped.return!();
  expectTypeOf(pool.session('s').call('later', ['x', 1])).toEqualTypeOf<Promise<string>>();
  await pool.call('steps'); // what may be left out may be left out
});

test('what the worker does not have is refused by the compiler, and by the worker', async () => {
  const pool = await openTyped();
  // @ts-expect-error there is no such method
  expect(await rejection(pool.call('nothing'))).toMatchObject({ code: 'ERR_REEVE_REMOTE' });
  // @ts-expect-error it is not a function
  expect(await rejection(pool.call('version'))).toMatchObject({ code: 'ERR_REEVE_REMOTE' });
  // @ts-expect-error it needs parameters
  expect(await rejection(pool.call('later'))).toMatchObject({ code: 'ERR_REEVE_REMOTE' });
});

describe('proxy()', () => {
  test('has the methods of the worker, each as a call', async () => {
    const pool = await openTyped();
    const worker = pool.proxy();
    expectTypeOf(worker.pid).returns.toEqualTypeOf<Promise<number>>();
    expectTypeOf(worker.later).parameter(0).toEqualTypeOf<[value: string, ms: number]>();
    expect(await worker.pid()).toBe(pool.workers()[0]!.pid);
    expect(await worker.later(['y', 1])).toBe('y');
    const controller = new AbortController();
    const given = rejection(worker.later(['z', 60_000], { signal: controller.signal }));
    controller.abort(new Error('no'));
    expect((await given).message).toBe('no');
  });

  test('may be awaited, printed and asked for its symbols: it is no promise, and nothing is called', async () => {
    const pool = await openTyped();
    const worker = pool.proxy();
    expect(await worker).toBe(worker);
    expect((worker as unknown as Record<symbol, unknown>)[Symbol.iterator]).toBeUndefined();
    expect(pool.stats().calls.made).toBe(0);
  });
});

test('a module, its default export included, is known by its type', () => {
  type Main = { readonly default: (text: string) => number; readonly other: () => Date; readonly limit: 3 };
  expectTypeOf<keyof ApiOf<Main>>().toEqualTypeOf<'run' | 'other'>();
  const use = (pool: Pool<ApiOf<Main>>) => pool.run('text');
  expectTypeOf(use).returns.toEqualTypeOf<Promise<number>>();
  type Table = { readonly default: { readonly double: (value: number) => number; readonly name: string } };
  expectTypeOf<keyof ApiOf<Table>>().toEqualTypeOf<'double'>();
});

test('of a worker that nothing is known of everything may be called, and nothing is known of the results', () => {
  const use = (pool: Pool) => pool.call('anything', { at: 'all' });
  expectTypeOf(use).returns.toEqualTypeOf<Promise<unknown>>();
});
