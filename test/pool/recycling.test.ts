/** Workers that have done enough are replaced, and nobody who calls notices. */
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { PoolOptions } from '../../src/index.ts';
import { openPool, rejection, WORKER } from '../support/pool.ts';
import { until } from '../support/processes.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const RECYCLES = 200;

/** Answers each call with its pid, and starts in a moment. */
const SH = {
  command: 'sh',
  args: [
    '-c',
    `while read -r line; do id=\${line#*'"id":'}; echo "{\\"jsonrpc\\":\\"2.0\\",\\"id\\":\${id%%,*},\\"result\\":$$}"; done`,
  ],
};

/** Calls without a pause until so many workers were replaced, and watches how many there are meanwhile. */
async function recycleUnderLoad(
  size: number,
  options: Partial<PoolOptions>,
  beforeEach: (pool: Awaited<ReturnType<typeof openPool>>['pool']) => void = () => {},
) {
  const { pool, host, all } = await openPool({ worker: SH, min: size, max: size, ...options });
  let least = size;
  let most = 0;
  let processes = 0;
  host.events.on(() => {
    const { ready } = pool.stats();
    least = Math.min(least, ready);
    most = Math.max(most, ready);
    processes = Math.max(processes, pool.workers().length);
  });
  let made = 0;
  const caller = async (): Promise<void> => {
    while (pool.stats().workers.recycled < RECYCLES) {
      beforeEach(pool);
      await pool.run();
      made += 1;
      await nextTurn();
    }
  };
  await Promise.all(Array.from({ length: size }, caller));
  await until('there are as many as before', () => pool.workers().length === size);
  const { calls, workers } = pool.stats();
  expect(calls).toMatchObject({ made, ok: made, failed: 0 });
  expect(workers).toMatchObject({ lost: 0, failed: 0 });
  expect(workers.started).toBeGreaterThanOrEqual(size + RECYCLES);
  expect(least).toBeGreaterThanOrEqual(size - 1);
  expect(most).toBe(size);
  expect(processes).toBe(size + 1); // the one that comes, and the one that goes
  const [begun, done] = [all('pool.recycling'), all('pool.recycled')];
  expect(done.length).toBeGreaterThanOrEqual(RECYCLES);
  expect(begun.length - done.length).toBeLessThanOrEqual(1);
  return begun.map(({ because }) => because);
}

describe('with calls under way: no call fails, one worker less at most, never one more', () => {
  test(`${RECYCLES} times after so many calls`, async () => {
    const causes = await recycleUnderLoad(3, { recycle: { afterCalls: 10 } });
    expect(new Set(causes)).toEqual(new Set(['calls']));
  }, 120_000);

  test(`${RECYCLES} times by request`, async () => {
    const causes = await recycleUnderLoad(3, {}, (pool) => pool.recycle());
    expect(new Set(causes)).toEqual(new Set(['request']));
  }, 120_000);

  test(`${RECYCLES} times after so much memory`, async () => {
    const causes = await recycleUnderLoad(25, { recycle: { afterMemory: 1_024 * 1_024 } }); // what any shell has
    expect(new Set(causes)).toEqual(new Set(['memory']));
  }, 120_000);

  test(`${RECYCLES} times after so long`, async () => {
    const causes = await recycleUnderLoad(25, { recycle: { afterAge: 1_000 } });
    expect(new Set(causes)).toEqual(new Set(['age']));
  }, 120_000);
});

test('memory that a child of the worker holds counts', async () => {
  const script = `while read -r line; do id=\${line#*'"id":'}; id=\${id%%,*}
    test -n "$started" || { python3 -c 'hoard = bytearray(b"1" * 150_000_000); import time; time.sleep(1000)' & started=1; }
    echo "{\\"jsonrpc\\":\\"2.0\\",\\"id\\":$id,\\"result\\":$$}"; done`;
  const worker = { command: 'sh', args: ['-c', script], shutdown: 200 };
  const { pool, event } = await openPool({
    worker,
    min: 1,
    max: 1,
    recycle: { afterMemory: 100 * 1_024 * 1_024 },
  });
  const first = await pool.run();
  expect(await event('pool.recycling')).toMatchObject({ because: 'memory' });
  await event('pool.recycled');
  expect(await pool.run()).not.toBe(first);
});

test('when the new one does not start the old one goes on', async () => {
  const flag = join(temporaryDirectory(), 'started');
  const script = `mkdir ${flag} 2>/dev/null || exit 1; while read -r line; do
    id=\${line#*'"id":'}; echo "{\\"jsonrpc\\":\\"2.0\\",\\"id\\":\${id%%,*},\\"result\\":$$}"; done`;
  const worker = { command: 'sh', args: ['-c', script] };
  const backoff = { initial: 20, max: 20 };
  const { pool, event, all } = await openPool({
    worker,
    min: 1,
    max: 1,
    recycle: { afterCalls: 1 },
    backoff,
  });
  const pid = await pool.run();
  await event('pool.start-failed');
  await until('it was tried again', () => all('pool.start-failed').length > 2);
  expect(await pool.run()).toBe(pid);
  expect(all('pool.worker-gone')).toEqual([]);
});

describe('sessions', () => {
  test('go to one worker, each to its own', async () => {
    const { pool } = await openPool({ min: 3, max: 3 });
    const keys = ['a', 'b', 'c', 'd', 'e', 'f'];
    const homes = await Promise.all(keys.map((key) => pool.session(key).call('remember', key)));
    expect(new Set(homes).size).toBe(3);
    for (let round = 0; round < 3; round += 1) {
      const recalled = await Promise.all(keys.map((key) => pool.call('recall', undefined, { session: key })));
      expect(recalled).toEqual(keys.map((key, index) => ({ value: key, pid: homes[index] })));
    }
    expect(pool.stats().sessions).toBe(6);
  });

  test('are handed on when a worker is recycled that can do that', async () => {
    const { pool, event } = await openPool({ worker: { ...WORKER, args: ['hands-on'] }, min: 1, max: 1 });
    const session = pool.session('s');
    const pid = await session.call('remember', { cart: [1, 2n] });
    pool.recycle();
    const during = Array.from({ length: 20 }, () => session.call('recall'));
    await event('pool.recycled');
    const after = (await session.call('recall')) as { value: unknown; pid: number };
    expect(after.value).toEqual({ cart: [1, 2n] });
    expect(after.pid).not.toBe(pid);
    for (const one of (await Promise.all(during)) as { value: unknown }[])
      expect(one.value).toEqual({ cart: [1, 2n] });
  });

  test('are lost when the new worker dies of them, and all of their calls are told so', async () => {
    const { pool, event } = await openPool({ worker: { ...WORKER, args: ['hands-on'] }, min: 1, max: 1 });
    const sessions = ['good', 'deadly', 'late'].map((key) => pool.session(key));
    for (const session of sessions) await session.call('remember', session.key);
    pool.recycle();
    const calls = Array.from({ length: 20 }, () =>
      sessions.map((session) => session.call('wait', 50)),
    ).flat();
    const outcomes = await Promise.allSettled(calls); // most of them wait when the new worker is ready
    const codes = outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.code : 'ok'));
    expect(codes.indexOf('ERR_REEVE_SESSION_LOST')).toBeGreaterThan(0);
    const crashed = codes.filter((code) => code === 'ERR_REEVE_WORKER_CRASHED'); // the new one had begun with it
    expect(crashed.length).toBeLessThanOrEqual(1);
    expect(new Set([...codes, ...crashed, 'ok', 'ERR_REEVE_SESSION_LOST']).size).toBe(2 + crashed.length);
    await event('pool.recycled');
    for (const session of sessions)
      expect(await rejection(session.call('recall'))).toMatchObject({ code: 'ERR_REEVE_SESSION_LOST' });
    expect(pool.stats()).toMatchObject({ queued: 0, running: 0 });
  });

  test('that are lost while a call waits are not begun anew by it', async () => {
    const { pool } = await openPool({ min: 1, max: 1 });
    const busy = pool.call('wait', 50);
    const session = pool.session('s');
    const [first, second] = [session.call('exit', 3), session.call('recall')].map(rejection);
    expect(await busy).toBe('done');
    expect(await first).toMatchObject({ code: 'ERR_REEVE_WORKER_CRASHED' });
    expect(await second).toMatchObject({ code: 'ERR_REEVE_SESSION_LOST', session: 's' });
  });

  test('that are closed while a call waits are over, and keep no worker from being recycled', async () => {
    const { pool, event } = await openPool({ min: 1, max: 1 });
    const busy = pool.call('wait', 50);
    const session = pool.session('s');
    const waiting = rejection(session.call('recall'));
    session.close();
    expect(await busy).toBe('done');
    expect(await waiting).toMatchObject({ code: 'ERR_REEVE_SESSION_LOST', message: /it was closed/ });
    expect(pool.workers()).toMatchObject([{ sessions: 0 }]);
    pool.recycle();
    await event('pool.recycled');
  });

  test('keep a worker from being recycled that cannot hand them on, until they are closed', async () => {
    const { pool, event, all } = await openPool({ min: 1, max: 1, recycle: { afterCalls: 2 } });
    const session = pool.session('s');
    const pid = await session.call('remember', 1);
    for (let call = 0; call < 5; call += 1) expect(await session.call('recall')).toEqual({ value: 1, pid });
    expect(all('pool.recycling')).toEqual([]);
    session.close();
    await event('pool.recycled');
    expect(await pool.call('pid')).not.toBe(pid);
  });

  test('break when their worker dies, and say so until they are begun anew', async () => {
    const { pool, event } = await openPool({ min: 1, max: 1 });
    const session = pool.session('s');
    const pid = (await session.call('remember', 1)) as number;
    process.kill(pid, 'SIGKILL');
    await event('pool.worker-gone');
    for (let call = 0; call < 2; call += 1) {
      expect(await rejection(session.call('recall'))).toMatchObject({
        code: 'ERR_REEVE_SESSION_LOST',
        session: 's',
      });
    }
    expect(await rejection(pool.call('recall', undefined, { session: 's' }))).toMatchObject({ session: 's' });
    expect(await pool.session('s').call('recall')).toMatchObject({ value: undefined });
  });

  test('are forgotten when they were not used for a while', async () => {
    const { pool } = await openPool({ min: 1, max: 1, sessionTtl: 50 });
    await pool.session('s').call('remember', 1);
    await until('it is forgotten', () => pool.stats().sessions === 0);
  });

  test('are so many and no more, with a word before that', async () => {
    const { pool, all } = await openPool({ min: 1, max: 1, maxSessions: 5 });
    for (const key of ['a', 'b', 'c']) await pool.session(key).call('remember', key);
    expect(all('pool.sessions-nearly-full')).toEqual([]);
    for (const key of ['d', 'e']) await pool.session(key).call('remember', key);
    expect(all('pool.sessions-nearly-full')).toMatchObject([{ pool: 'p', count: 4, most: 5 }]);
    expect(await rejection(pool.session('f').call('remember', 1))).toMatchObject({
      code: 'ERR_REEVE_SESSION_LIMIT',
    });
    pool.session('a').close();
    await pool.session('f').call('remember', 1);
  });
});
