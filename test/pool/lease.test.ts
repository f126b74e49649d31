/** A worker lent to one caller alone. */
import { expect, test } from 'vitest';
import { UnsendableError } from '../../src/index.ts';
import { openPool, rejection } from '../support/pool.ts';
import { until } from '../support/processes.ts';

test('nobody else gets it until it is given back', async () => {
  const { pool } = await openPool({ min: 2, max: 2 });
  const lease = await pool.acquire();
  const others = await Promise.all(Array.from({ length: 20 }, () => pool.call('pid')));
  expect(others).not.toContain(lease.pid);
  expect(await Promise.all([lease.call('pid'), lease.call('pid')])).toEqual([lease.pid, lease.pid]);
  expect(pool.stats()).toMatchObject({ leased: 1, busy: 1 });
  lease.release();
  lease.release(); // once is enough, twice is no harm
  expect(pool.stats()).toMatchObject({ leased: 0, busy: 0 });
  expect(await rejection(lease.call('pid'))).toMatchObject({ code: 'ERR_REEVE_WORKER_ENDED' });
});

test('one that is wanted waits its turn among the calls, for a worker that has nothing else to do', async () => {
  const { pool } = await openPool({ min: 1, max: 1, tasksPerWorker: 4 });
  const before = [pool.call('wait', 50), pool.call('wait', 60)];
  let isLent = false;
  const acquiring = pool.acquire().then((lease) => {
    isLent = true;
    return lease;
  });
  const after = pool.call('echo', 'after').then(() => isLent);
  await Promise.all(before);
  const lease = await acquiring;
  expect(pool.stats().running).toBe(0);
  lease.release();
  expect(await after).toBe(true);
});

test('one whose worker dies is over, says why, and is not given back again', async () => {
  const { pool, event } = await openPool({ min: 1, max: 1 });
  const lease = await pool.acquire();
  const pending = lease.call('hang');
  process.kill(lease.pid, 'SIGKILL');
  expect(await rejection(pending)).toMatchObject({
    code: 'ERR_REEVE_WORKER_CRASHED',
    reason: { kind: 'killed' },
  });
  expect(lease.signal.aborted).toBe(true);
  expect(lease.signal.reason).toMatchObject({ code: 'ERR_REEVE_WORKER_CRASHED' });
  expect(await rejection(lease.call('pid'))).toBe(lease.signal.reason);
  lease.release();
  await event('pool.worker-gone');
  expect(await pool.call('pid')).not.toBe(lease.pid);
});

test('one that is kept for too long is taken back, and its worker ended', async () => {
  const { pool } = await openPool({ min: 1, max: 1 });
  const lease = await pool.acquire({ timeout: 50 });
  const { pid } = lease;
  await until('it is taken back', () => lease.signal.aborted);
  expect(lease.signal.reason).toMatchObject({ code: 'ERR_REEVE_TIMEOUT' });
  expect(await pool.call('pid')).not.toBe(pid);
});

test('whoever holds one when the pool is closed may finish with it', async () => {
  const { pool } = await openPool({ min: 1, max: 1 });
  const lease = await pool.acquire();
  const closing = pool.close();
  expect(await rejection(pool.call('pid'))).toMatchObject({ code: 'ERR_REEVE_POOL_CLOSED' });
  expect(await lease.call('pid')).toBe(lease.pid);
  lease.release();
  await closing;
  expect(pool.stats().workers).toMatchObject({ started: 1, lost: 0 });
  expect(await rejection(lease.call('pid'))).toMatchObject({ code: 'ERR_REEVE_WORKER_ENDED' });
});

test('a worker that is given up is replaced', async () => {
  const { pool } = await openPool({ min: 1, max: 1 });
  const lease = await pool.acquire();
  lease.destroy('it smells');
  expect(await pool.call('pid')).not.toBe(lease.pid);
});

test('who does not want to wait any longer leaves no trace', async () => {
  const { pool } = await openPool({ min: 1, max: 1 });
  const lease = await pool.acquire();
  expect(await rejection(pool.acquire({ queueTimeout: 20 }))).toMatchObject({ phase: 'queued' });
  const reason = new Error('never mind');
  const controller = new AbortController();
  const acquiring = pool.acquire({ signal: controller.signal });
  controller.abort(reason);
  expect(await rejection(acquiring)).toBe(reason);
  expect(await rejection(pool.acquire({ signal: controller.signal }))).toBe(reason);
  expect(pool.stats().queued).toBe(0);
  lease.release();
  expect(await pool.call('echo', 1)).toBe(1);
});

test('a wish for a worker that is promised, and given up, frees it', async () => {
  const { pool } = await openPool({ min: 1, max: 1, tasksPerWorker: 2 });
  const busy = pool.call('wait', 200);
  const controller = new AbortController();
  const acquiring = pool.acquire({ signal: controller.signal });
  const quick = pool.call('echo', 'first come'); // behind the wish
  controller.abort(new Error('no'));
  await rejection(acquiring);
  expect(await quick).toBe('first come');
  await busy;
});

test('whoever holds one may finish when the pool is closed, and is waited for', async () => {
  const { pool } = await openPool({ min: 1, max: 1 });
  const lease = await pool.acquire();
  const closing = pool.close();
  expect(await lease.call('pid')).toBe(lease.pid);
  expect(await rejection(pool.call('pid'))).toMatchObject({ code: 'ERR_REEVE_POOL_CLOSED' });
  lease.release();
  await closing;
});

test('what its worker cannot be told is no harm to it', async () => {
  const { pool } = await openPool({ min: 1, max: 1, longestMessage: 1_024 });
  await using lease = await pool.acquire();
  expect(() => lease.notify('note', 'x'.repeat(1_024))).toThrow(UnsendableError);
  expect(await lease.call('pid')).toBe(lease.pid);
});
