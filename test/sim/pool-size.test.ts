/** How many workers a pool has, on a simulated machine: one short story for each thing that once went wrong there. */
import { describe, expect, test } from 'vitest';
import type { NewWorker } from '../../src/pool/pool-options.ts';
import { programs } from '../../src/sim/index.ts';
import { open, thrown } from './pools.ts';

describe('never more workers than the greatest number', () => {
  test('though somebody who hears that one is ready makes calls at once', async () => {
    const { simulation, host, pool, births } = await open({ min: 0, max: 1 }, programs.serves({ after: 50 }));
    host.events.on(({ type }) => {
      if (type === 'pool.worker-ready') void pool.call('x');
    });
    await simulation.run(pool.call('x'));
    expect(births()).toBe(1);
  });

  test('though one dies whose successor is on its way', async () => {
    const { simulation, pool, living } = await open({ min: 1, max: 1 }, programs.serves({ readyAfter: 200 }));
    pool.recycle();
    await simulation.pass(100);
    simulation.machine.send(living()[0]!, 'SIGKILL');
    await simulation.pass(1_000);
    expect(pool.stats()).toMatchObject({ ready: 1, starting: 0, workers: { started: 2 } });
    expect(living().length).toBe(1);
  });

  test('though it is made smaller while they start', async () => {
    const { simulation, pool, living } = await open({ min: 1, max: 4 }, programs.serves({ readyAfter: 200 }));
    pool.resize({ min: 4, max: 4 });
    await simulation.pass(100);
    pool.resize({ min: 1, max: 2 });
    await simulation.pass(1_000);
    expect(pool.stats()).toMatchObject({ ready: 2, starting: 0 });
    expect(living().length).toBe(2);
  });
});

describe('new workers', () => {
  test('that die amid their warm-up answer nobody who goes on', async () => {
    const calls: unknown[] = [];
    const warmUp = async (worker: NewWorker) => {
      calls.push(await thrown(worker.call('x')));
      calls.push(await thrown(worker.call('x')));
    };
    const dying = programs.serves({ deed: 'dies' });
    const { simulation, pool } = await open({ min: 0, max: 1, warmUp }, dying, programs.serves());
    expect(await simulation.run(thrown(pool.call('x')))).toMatchObject({ code: 'ERR_REEVE_NO_WORKER' });
    expect(calls).toMatchObject([{ code: 'ERR_REEVE_WORKER_CRASHED' }, { code: 'ERR_REEVE_WORKER_ENDED' }]);
  });

  test('replace one at a time, though one dies whose successor is on its way', async () => {
    const { simulation, pool, living } = await open({ min: 3, max: 3 }, programs.serves({ readyAfter: 100 }));
    pool.recycle();
    await simulation.pass(50);
    simulation.machine.send(living()[0]!, 'SIGKILL');
    for (let count = 0; count < 30; count += 1) {
      await simulation.pass(20);
      expect(living().length).toBeLessThanOrEqual(4);
    }
    expect(pool.stats().workers).toMatchObject({ recycled: 2, lost: 1 });
  });
});

describe('as many workers as are needed', () => {
  test('for all who want one for themselves', async () => {
    const { simulation, pool } = await open({ min: 0, max: 3, tasksPerWorker: 4 }, programs.serves());
    const leases = await simulation.run(Promise.all([pool.acquire(), pool.acquire(), pool.acquire()]), 1_000);
    expect(new Set(leases.map(({ path }) => path)).size).toBe(3);
  });

  test('for those who come next, when nobody may wait', async () => {
    const { simulation, pool } = await open({ min: 0, max: 1, maxQueue: 0 }, programs.serves());
    expect(await simulation.run(thrown(pool.call('x', 1)))).toMatchObject({ code: 'ERR_REEVE_QUEUE_FULL' });
    await simulation.pass(100);
    expect(await simulation.run(pool.call('x', 2))).toBe(2);
  });

  test('and no more: who stayed for the sake of a session goes with it', async () => {
    const { simulation, pool } = await open({ min: 2, max: 2 }, programs.serves());
    const sessions = [pool.session('a'), pool.session('b')];
    for (const session of sessions) await simulation.run(session.call('x'));
    pool.resize({ min: 1, max: 1 });
    expect(pool.stats().ready).toBe(2);
    sessions[0]!.close();
    expect(pool.stats().ready).toBe(1);
  });

  test('and no more: who took the place of one with sessions goes, when these are lost', async () => {
    const { simulation, pool, living } = await open({ min: 2, max: 2 }, programs.serves({ sessions: true }));
    for (const key of ['a', 'b']) await simulation.run(pool.session(key).call('x'));
    pool.resize({ min: 1, max: 1 });
    void pool.session('a').call('x', 1); // it is busy, while its successor comes
    pool.recycle();
    while (living().length < 3) await simulation.pass(0.1);
    const first = pool.workers().find(({ load }) => load > 0)!;
    simulation.machine.send(simulation.machine.find(first.pid)!, 'SIGKILL');
    await simulation.pass(2_000);
    expect(pool.stats().ready).toBe(1);
  });

  test('though one hangs in its warm-up', async () => {
    const warmUp = (worker: NewWorker) => worker.call('x');
    const hanging = programs.serves({ deed: 'hangs' });
    const options = { min: 0, max: 1, warmUp, heartbeat: { interval: 100 } };
    const { simulation, pool } = await open(options, hanging, programs.serves());
    expect(await simulation.run(thrown(pool.call('x')))).toMatchObject({ code: 'ERR_REEVE_NO_WORKER' });
    await simulation.pass(1_000);
    expect(await simulation.run(pool.call('x', 1))).toBe(1);
  });
});
