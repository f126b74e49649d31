/** Calls whose workers die: what is tried again, how often, and what its caller is told. */
import { expect, test } from 'vitest';
import { type PoisonCallError, WorkerCrashedError } from '../../src/index.ts';
import { hangingCall, openPool, rejection } from '../support/pool.ts';

const QUICK = { initial: 1, max: 10 };

test('one that may be done twice is given to another worker, and nobody notices', async () => {
  const { pool } = await openPool({ min: 2, max: 2 });
  const lease = await pool.acquire();
  const call = pool.call('later', ['done', 200], { idempotent: true });
  const first = pool.workers().find(({ load }) => load > 0)!;
  lease.release();
  process.kill(first.pid, 'SIGKILL');
  expect(await call).toBe('done');
  expect(pool.stats().calls).toMatchObject({ made: 1, ok: 1, failed: 0, retried: 1 });
});

test('one that may not is rejected, and not made a second time', async () => {
  const { pool } = await openPool({ min: 1, max: 1 });
  const error = await rejection(pool.call('exit', 3));
  expect(error).toBeInstanceOf(WorkerCrashedError);
  expect(pool.stats().calls).toMatchObject({ made: 1, failed: 1, retried: 0 });
  expect(await pool.call('count')).toBe(1);
  expect(pool.stats().workers).toMatchObject({ started: 2, lost: 1 });
});

test.each([1, 2, 4])(
  'one that kills whoever has it is given to %i workers, and then given up',
  async (attempts) => {
    const { pool, all } = await openPool({ min: 1, max: 1, attempts, backoff: QUICK });
    const error = await rejection(pool.call('exit', 7, { idempotent: true }));
    if (attempts === 1) expect(error).toBeInstanceOf(WorkerCrashedError);
    else {
      const poison = error as PoisonCallError;
      expect(poison).toMatchObject({ code: 'ERR_REEVE_POISON', attempts });
      expect(poison.errors).toHaveLength(attempts);
      for (const one of poison.errors) expect(one).toMatchObject({ reason: { kind: 'crashed', code: 7 } });
      expect(new Set(poison.errors.map((one) => (one as WorkerCrashedError).pid)).size).toBe(attempts);
      expect(poison.cause).toBe(poison.errors.at(-1));
    }
    expect(await pool.call('echo', 'others are served')).toBe('others are served');
    expect(all('pool.worker-gone')).toHaveLength(attempts);
    expect(pool.stats().calls).toMatchObject({ made: 2, ok: 1, failed: 1, retried: attempts - 1 });
  },
);

test('those beside one that kills are tried again as they may be, and all are settled', async () => {
  const { pool } = await openPool({ min: 1, max: 1, tasksPerWorker: 4, attempts: 3, backoff: QUICK });
  const harmless = [1, 2].map((value) => pool.call('later', [value, 300], { idempotent: true }));
  const bound = rejection(pool.call('later', [3, 300]));
  const poison = rejection(pool.call('exit', 7, { idempotent: true }));
  expect(await bound).toBeInstanceOf(WorkerCrashedError);
  expect(await poison).toMatchObject({ code: 'ERR_REEVE_POISON' });
  const outcomes = await Promise.allSettled(harmless);
  for (const outcome of outcomes) {
    if (outcome.status === 'fulfilled') expect([1, 2]).toContain(outcome.value);
    else expect(outcome.reason).toMatchObject({ code: 'ERR_REEVE_POISON' }); // each time with the one that kills
  }
  expect(pool.stats()).toMatchObject({ running: 0, queued: 0 });
});

test('one whose worker is lent, or that belongs to a session, is not done elsewhere', async () => {
  const { pool } = await openPool({ min: 2, max: 2 });
  const lease = await pool.acquire();
  expect(await rejection(lease.call('exit', 3, { idempotent: true }))).toBeInstanceOf(WorkerCrashedError);
  const session = pool.session('s');
  expect(await rejection(session.call('exit', 3, { idempotent: true }))).toBeInstanceOf(WorkerCrashedError);
  expect(pool.stats().calls).toMatchObject({ retried: 0, failed: 2 });
});

test('one that nobody wants any more is not tried again', async () => {
  const { pool } = await openPool({ min: 1, max: 1, cancelGrace: 60_000 });
  const controller = new AbortController();
  const { outcome } = await hangingCall(pool, { signal: controller.signal, idempotent: true });
  const { pid } = pool.workers()[0]!;
  controller.abort(new Error('enough'));
  process.kill(pid, 'SIGKILL');
  expect((await rejection(outcome)).message).toBe('enough');
  expect(await pool.call('echo', 1)).toBe(1);
  expect(pool.stats().calls).toMatchObject({ made: 2, ok: 1, cancelled: 1, retried: 0 });
});

test('its time goes on while it is tried again', async () => {
  const { pool } = await openPool({ min: 1, max: 1, attempts: 1_000, backoff: { initial: 20, max: 20 } });
  const error = await rejection(pool.call('exit', 7, { idempotent: true, timeout: 700 }));
  expect(error).toMatchObject({ code: 'ERR_REEVE_TIMEOUT' });
  expect(pool.stats().calls.retried).toBeGreaterThan(0);
});
