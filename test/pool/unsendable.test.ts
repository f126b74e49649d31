/** Parameters that cannot be sent fail their own call, before anything of it is sent, and no other. */
import { describe, expect, test } from 'vitest';
import { UnsendableError } from '../../src/index.ts';
import { fixture, openPool, rejection, WORKER } from '../support/pool.ts';

const JSON_WORKER = { command: process.execPath, args: [fixture('worker.mjs')] };

const cyclic: { self?: unknown } = {};
cyclic.self = cyclic;
const throwing = {
  get value() {
    throw new Error('look away');
  },
};
const long = 'x'.repeat(2_000);

describe.each([
  ['JSON lines', JSON_WORKER, { aFunction: () => {}, aBigInt: { n: 1n }, cyclic, throwing, long }],
  ['frames', WORKER, { aFunction: () => {}, aSymbol: { s: Symbol('s') }, throwing, long }],
] as const)('in %s', (_, worker, unsendables) => {
  const options = { worker, min: 1, max: 1, longestMessage: 1_024 };

  test.each(Object.entries(unsendables))('%s', async (_name, params) => {
    const { pool, all } = await openPool(options);
    const { pid } = pool.workers()[0]!;
    const calls = [pool.call('echo', 'before'), pool.call('echo', params), pool.call('echo', 'after')];
    const [before, unsendable, after] = await Promise.allSettled(calls);
    expect([before, after]).toMatchObject([{ value: 'before' }, { value: 'after' }]);
    const reason = (unsendable as PromiseRejectedResult).reason;
    expect(reason).toBeInstanceOf(UnsendableError);
    expect(reason.cause).toBeInstanceOf(Error);
    expect(await rejection(pool.call('echo', params, { idempotent: true }))).toMatchObject({
      code: 'ERR_REEVE_UNSENDABLE', // in vain for any worker: it is not tried again
    });
    expect(await rejection(pool.stream('numbers', params).next())).toBeInstanceOf(UnsendableError);
    const lease = await pool.acquire();
    expect(await rejection(lease.call('echo', params))).toBeInstanceOf(UnsendableError);
    lease.release();
    expect(await pool.call('pid')).toBe(pid);
    expect(pool.stats()).toMatchObject({
      running: 0,
      queued: 0,
      calls: { made: 7, ok: 3, failed: 4, retried: 0 },
    });
    expect(all('pool.worker-gone')).toEqual([]);
  });

  test('also as the last of those that a pool that closes waits for', async () => {
    const { pool } = await openPool(options);
    const running = pool.call('wait', 20);
    const waiting = rejection(pool.call('echo', long));
    await pool.close();
    expect(await running).toBe('done');
    expect(await waiting).toBeInstanceOf(UnsendableError);
  });

  test('and as the first of a session it binds the session to nobody', async () => {
    const { pool } = await openPool(options);
    const session = pool.session('s');
    expect(await rejection(session.call('remember', long))).toBeInstanceOf(UnsendableError);
    expect(pool.workers()).toMatchObject([{ sessions: 0 }]);
    await session.call('remember', 1);
    expect(await session.call('recall')).toMatchObject({ value: 1 });
  });
});
