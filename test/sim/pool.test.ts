/** Pools on a simulated machine: one short story for each thing that once went wrong there. */
import { describe, expect, test } from 'vitest';
import { programs } from '../../src/sim/index.ts';
import { open, thrown } from './pools.ts';

describe('the program that serves', () => {
  test('answers each call with what it was given', async () => {
    const { simulation, pool } = await open({ tasksPerWorker: 4 }, programs.serves({ after: 5 }));
    const calls = [1, 'two', null, { three: 3 }].map((params) => pool.call('echo', params));
    expect(await simulation.run(Promise.all(calls))).toEqual([1, 'two', null, { three: 3 }]);
    await simulation.run(pool.close());
    expect(simulation.violations).toEqual([]);
  });

  test.each([
    ['fails', 'ERR_REEVE_REMOTE'],
    ['dies', 'ERR_REEVE_WORKER_CRASHED'],
    ['hangs', 'ERR_REEVE_UNHEALTHY'],
    ['forgets', 'ERR_REEVE_TIMEOUT'],
    ['garbles', 'ERR_REEVE_PROTOCOL'],
    ['misaddresses', 'ERR_REEVE_PROTOCOL'],
    ['closes', 'ERR_REEVE_PROTOCOL'],
  ] as const)('one that %s', async (deed, code) => {
    const first = programs.serves({ each: ({ params }) => (params === 'first' ? { deed } : {}) });
    const { simulation, pool } = await open({ timeout: 60_000 }, first);
    expect(await simulation.run(thrown(pool.call('x', 'first')))).toMatchObject({ code });
    expect(await simulation.run(pool.call('x', 'second'))).toBe('second');
    await simulation.run(pool.close());
  });

  test('one that answers twice is ended, and the first answer counts', async () => {
    const { simulation, pool } = await open({}, programs.serves({ deed: 'answers-twice' }));
    expect(await simulation.run(pool.call('x', 1))).toBe(1);
    await simulation.pass(100);
    expect(pool.stats().workers).toMatchObject({ lost: 1, started: 2 });
  });

  test('says items, as long as they are wanted', async () => {
    const { simulation, pool } = await open({}, programs.serves({ items: 5, after: 10 }));
    const take = async () => {
      const items: unknown[] = [];
      for await (const item of pool.stream('x')) items.push(item);
      return items;
    };
    expect(await simulation.run(take())).toEqual([0, 1, 2, 3, 4]);
  });

  test.each(['before-ready', 'when-ready'] as const)('exits %s', async (exits) => {
    const opening = open({ min: 2 }, programs.serves(), programs.serves({ exits }));
    if (exits === 'before-ready') expect(await thrown(opening)).toMatchObject({ code: 'ERR_REEVE_START' });
    else expect((await opening).pool.phase).toBe('open');
  });

  test('leaks until it is recycled, and hands its sessions on', async () => {
    const mib = 1_024 * 1_024;
    const { simulation, pool } = await open(
      { recycle: { afterMemory: 4 * mib } },
      programs.serves({ leaks: mib, sessions: true }),
    );
    const session = pool.session('s');
    for (let n = 0; n < 20; n += 1) {
      expect(await simulation.run(session.call('x', n))).toBe(n);
      await simulation.pass(1_000);
    }
    expect(pool.stats().workers.recycled).toBeGreaterThan(1);
    expect(pool.stats().workers.lost).toBe(0);
  });
});

describe('whoever waits is told', () => {
  test('that there is room, when those who waited were told that it is in vain', async () => {
    const { simulation, pool } = await open(
      { min: 0, max: 1, maxQueue: 1 },
      programs.serves({ readyAfter: 9_000 }),
    );
    const call = thrown(pool.call('x'));
    expect(pool.hasRoom).toBe(false);
    const room = pool.whenRoom();
    expect(await simulation.run(call)).toMatchObject({ code: 'ERR_REEVE_NO_WORKER' });
    await simulation.run(room);
  });

  test('that there is room, when whoever waited for a lease has got it', async () => {
    const { simulation, pool } = await open({ min: 0, max: 1, maxQueue: 1 }, programs.serves());
    const lease = pool.acquire();
    const room = pool.whenRoom();
    await simulation.run(Promise.all([lease, room]));
  });

  test('that there is room in a pool that is closed, and will refuse', async () => {
    const { simulation, pool } = await open({ min: 0, max: 1, maxQueue: 1 }, programs.serves());
    const call = thrown(pool.session('s').call('x'));
    await simulation.run(pool.destroy());
    expect(await simulation.run(call)).toMatchObject({ code: 'ERR_REEVE_POOL_CLOSED' });
    await simulation.run(pool.whenRoom());
  });

  test('that the pool is destroyed, at once, when a busy worker is promised to him', async () => {
    const worker = programs.serves({ each: ({ params }) => ({ after: params as number }) });
    const { simulation, pool } = await open({ min: 1, max: 1, tasksPerWorker: 2 }, worker);
    const call = thrown(pool.call('x', 500));
    const short = pool.call('x', 20);
    const lease = thrown(pool.acquire());
    await simulation.run(short);
    void pool.destroy();
    const limit = 1; // millisecond: the workers take longer to end
    for (const one of [call, lease])
      expect(await simulation.run(one, limit)).toMatchObject({ code: 'ERR_REEVE_POOL_CLOSED' });
  });
});

describe('the end of a pool', () => {
  test('comes while workers are being replaced', async () => {
    const { simulation, pool, living } = await open({ min: 3, max: 3 }, programs.serves({ readyAfter: 20 }));
    pool.recycle();
    await simulation.pass(10);
    await simulation.run(pool.destroy());
    expect(living()).toEqual([]);
  });

  test('may be asked for again, and waited for, when it has come', async () => {
    const { simulation, pool } = await open({}, programs.serves());
    await simulation.run(pool.close());
    await simulation.run(Promise.all([pool.close(), pool.destroy(), pool.closed]));
  });
});

describe('sessions', () => {
  test('all calls of one that is lost are rejected, those too that wait for whichever worker comes first', async () => {
    const worker = programs.serves({ each: ({ params }) => (params === 'die' ? { deed: 'dies' } : {}) });
    const { simulation, pool } = await open({ min: 0, max: 1 }, worker);
    const session = pool.session('s');
    const calls = ['die', 'late', 'later'].map((params) => thrown(session.call('x', params)));
    const [crashed, ...lost] = await simulation.run(Promise.all(calls));
    expect(crashed).toMatchObject({ code: 'ERR_REEVE_WORKER_CRASHED' });
    for (const error of lost) expect(error).toMatchObject({ code: 'ERR_REEVE_SESSION_LOST' });
    expect(pool.workers().map(({ sessions }) => sessions)).toEqual([0]);
  });

  test('one that is closed binds nobody, though calls of it wait', async () => {
    const { simulation, pool } = await open({ min: 0, max: 1 }, programs.serves());
    const call = thrown(pool.session('s').call('x'));
    pool.session('s').close();
    expect(await simulation.run(call)).toMatchObject({ code: 'ERR_REEVE_SESSION_LOST' });
    expect(pool.workers().map(({ sessions }) => sessions)).toEqual([0]);
  });

  test('are lost, and nobody waits for ever, when whoever they are handed on to dies', async () => {
    const heir = programs.serves({ sessions: 'dies' });
    const { simulation, pool } = await open({ min: 1, max: 1 }, programs.serves({ sessions: true }), heir);
    const session = pool.session('s');
    await simulation.run(session.call('x', 1));
    pool.recycle();
    while (pool.workers()[0]?.state === 'ready') await simulation.pass(1);
    const waiting = thrown(session.call('x', 2));
    expect(await simulation.run(waiting)).toMatchObject({ code: 'ERR_REEVE_SESSION_LOST' });
  });

  test('that cannot be handed on keep their worker, also those that come while its successor starts', async () => {
    const { simulation, pool } = await open({ min: 1, max: 1 }, programs.serves({ readyAfter: 100 }));
    pool.recycle();
    await simulation.pass(50);
    const session = pool.session('s');
    expect(await simulation.run(session.call('x', 1))).toBe(1);
    await simulation.pass(1_000);
    expect(await simulation.run(session.call('x', 2))).toBe(2);
    session.close();
    await simulation.pass(1_000);
    expect(pool.stats()).toMatchObject({ ready: 1, workers: { recycled: 1, lost: 0 } });
  });
});

describe('a worker that has room serves whoever waits', () => {
  test('also those who come back from one that has died', async () => {
    const worker = programs.serves({
      each: ({ params }, { process }) => (params === process.pid ? { deed: 'dies' } : {}),
    });
    const { simulation, pool } = await open(
      { min: 2, max: 2 },
      worker,
      worker,
      programs.serves({ readyAfter: 900 }),
    );
    const [first] = pool.workers();
    await simulation.pass(100);
    expect(await simulation.run(pool.call('x', first!.pid, { idempotent: true }), 100)).toBe(first!.pid);
  });

  test('also those who waited behind a lease that nobody wants any more', async () => {
    const worker = programs.serves({ each: ({ params }) => ({ after: params as number }) });
    const { simulation, pool } = await open({ min: 1, max: 1, tasksPerWorker: 2 }, worker);
    const long = pool.call('x', 5_000);
    const lease = thrown(pool.acquire({ queueTimeout: 50 }));
    const short = pool.call('x', 10);
    expect(await simulation.run(lease)).toMatchObject({ code: 'ERR_REEVE_TIMEOUT' });
    expect(await simulation.run(short, 100)).toBe(10);
    await simulation.run(long);
  });
});
