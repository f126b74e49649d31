/** The end of a pool: what is under way, what comes too late, and that nothing is left. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createPool, PoolClosedError } from '../../src/index.ts';
import { hangingCall, openPool, rejection, WORKER } from '../support/pool.ts';
import { isAlive } from '../support/processes.ts';

const phases = (all: Awaited<ReturnType<typeof openPool>>['all']) =>
  all('pool.phase').map(({ phase }) => phase);

describe('close()', () => {
  test('finishes what runs and what waits, and takes nothing new', async () => {
    const { pool, all } = await openPool({ min: 2, max: 2 });
    const pids = pool.workers().map(({ pid }) => pid);
    const calls = Array.from({ length: 6 }, (_, index) => pool.call('later', [index, 20]));
    const closing = pool.close();
    expect(pool.phase).toBe('draining');
    for (const late of [
      pool.call('echo'),
      pool.acquire(),
      pool.stream('numbers', 3).next(),
      pool.map([1], { method: 'echo' }).next(),
      pool.session('s').call('recall'),
    ])
      expect(await rejection(late)).toBeInstanceOf(PoolClosedError);
    expect(await Promise.all(calls)).toEqual([0, 1, 2, 3, 4, 5]);
    await closing;
    expect(phases(all)).toEqual(['opening', 'open', 'draining', 'stopping', 'closed']);
    expect(pids.filter(isAlive)).toEqual([]);
    expect(pool.workers()).toEqual([]);
    await Promise.all([pool.close(), pool.destroy(), pool.closed]); // again, and it is no harm
    expect(await rejection(pool.call('echo'))).toMatchObject({ code: 'ERR_REEVE_POOL_CLOSED' });
  });

  test('waits for a lease to be given back', async () => {
    const { pool, all } = await openPool({ min: 1, max: 1 });
    const lease = await pool.acquire();
    const closing = pool.close();
    await nextTurn();
    expect(pool.phase).toBe('draining');
    expect(isAlive(lease.pid)).toBe(true);
    lease.release();
    await closing;
    expect(isAlive(lease.pid)).toBe(false);
    expect(all('pool.worker-gone').map(({ pid }) => pid)).toEqual([lease.pid]);
  });

  test('lets whoever has a lease work on', async () => {
    const { pool } = await openPool({ min: 1, max: 1 });
    const lease = await pool.acquire();
    const closing = pool.close();
    expect(await lease.call('echo', 1)).toBe(1);
    lease.release();
    expect(await rejection(lease.call('echo', 2))).toMatchObject({ code: 'ERR_REEVE_WORKER_ENDED' });
    await closing;
  });

  test('waits for closeTimeout at most; who is under way then is told', async () => {
    const { pool } = await openPool({ min: 1, max: 1, closeTimeout: 50 });
    const { outcome } = await hangingCall(pool);
    const waiting = pool.call('echo');
    const closing = pool.close();
    expect(await rejection(outcome)).toBeInstanceOf(PoolClosedError);
    expect(await rejection(waiting)).toBeInstanceOf(PoolClosedError);
    await closing;
  });

  test('is what the end of an await using does', async () => {
    const { pool, all } = await openPool({ min: 1, max: 1 });
    let call: Promise<unknown> | undefined;
    {
      await using open = pool;
      call = open.call('later', ['finished', 20]);
    }
    expect(pool.phase).toBe('closed');
    expect(await call).toBe('finished');
    expect(phases(all)).toContain('draining');
  });
});

describe.each(['destroy', 'host.stop'] as const)('%s()', (how) => {
  test('rejects all that is under way, and waits for nobody', async () => {
    const { pool, host } = await openPool({ min: 2, max: 2 });
    const pids = pool.workers().map(({ pid }) => pid);
    const running = [await hangingCall(pool), await hangingCall(pool)].map(({ outcome }) => outcome);
    const waiting = [pool.call('echo', 1), pool.acquire(), pool.stream('numbers', 3).next()];
    const outcomes = [...running, ...waiting].map(rejection);
    await (how === 'destroy' ? pool.destroy() : host.stop());
    for (const error of await Promise.all(outcomes)) expect(error).toBeInstanceOf(PoolClosedError);
    expect(pool.phase).toBe('closed');
    expect(pids.filter(isAlive)).toEqual([]);
    const { calls, queued, running: left } = pool.stats();
    expect({ ...calls, queued, left }).toMatchObject({ made: 4, failed: 4, ok: 0, queued: 0, left: 0 });
  });
});

test('destroy() amid close() does not wait any longer', async () => {
  const { pool } = await openPool({ min: 1, max: 1 });
  const { outcome } = await hangingCall(pool);
  const closing = pool.close();
  expect(pool.phase).toBe('draining');
  await Promise.all([pool.destroy(), closing]);
  expect(await rejection(outcome)).toBeInstanceOf(PoolClosedError);
});

test('the name of a pool that is closed is free again', async () => {
  const { pool, host } = await openPool({ min: 1, max: 1 });
  await expect(host.pool({ name: 'p', worker: WORKER })).rejects.toThrow(/p/);
  await pool.close();
  const second = await host.pool({ name: 'p', worker: WORKER, min: 1, max: 1 });
  expect(await second.call('echo', 1)).toBe(1);
});

test('without a host of its own a pool has the default one, which pools share', async () => {
  const first = await createPool({ name: 'first', worker: WORKER, min: 1, max: 1 });
  onTestFinished(() => first.close());
  const second = await createPool({ name: 'second', worker: WORKER, min: 1, max: 1 });
  onTestFinished(() => second.close());
  const pids = (await Promise.all([first.call('pid'), second.call('pid')])) as number[];
  expect(new Set(pids).size).toBe(2);
  await expect(createPool({ name: 'first', worker: WORKER })).rejects.toThrow(/first/);
  await Promise.all([first.close(), second.close()]);
  expect(pids.filter(isAlive)).toEqual([]);
});
