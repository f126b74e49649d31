/** Whom a clearing signals, when, and how often: verified again before every signal. */
import { describe, expect, test } from 'vitest';
import { clear } from '../../src/os/clear.ts';
import type { Sighting } from '../../src/os/os.ts';
import { claim, setUp, worker } from '../support/clearing.ts';
import { mark, sighting } from '../support/sightings.ts';

describe('verifies again before every signal', () => {
  test.each([
    ['started at another time', { startTime: 601, cookies: [mark('run', 'w')] }],
    ['started in the same tick, without the mark', { cookies: [] }],
    ["started in the same tick, with another worker's mark", { cookies: [mark('run', 'x')] }],
    [
      'started in the same tick, with the mark, in another session',
      { cookies: [mark('run', 'w')], session: 9 },
    ],
  ])('a successor that took the pid between census and signal is spared: it %s', async (_, rest) => {
    const { kernel, clock, start } = setUp(worker(600));
    kernel.afterCensus = () => {
      kernel.put(sighting(600, rest));
      kernel.afterCensus = () => {};
    };
    start().raise('SIGTERM');
    await clock.advance(0);
    expect(kernel.sent).toEqual([]);
  });

  test('a stranger who took the pid between SIGTERM and SIGKILL is spared', async () => {
    const { kernel, clock, tools } = setUp(worker(600));
    const cleared = clear(tools, { claim, emptyLooks: 1 }, 1_000);
    await clock.advance(500);
    kernel.put(sighting(600, { startTime: kernel.time }));
    await clock.advance(1_000);
    await expect(cleared).resolves.toEqual([]);
    expect(kernel.signalsTo(600)).toEqual(['SIGTERM']);
  });

  test('a stranger who took the pid within the tick in which both started is spared for ever', async () => {
    const { kernel, clock, tools } = setUp(worker(600));
    kernel.time = 600;
    const cleared = clear(tools, { claim, emptyLooks: 1 }, 1_000);
    await clock.advance(0);
    expect(kernel.signalsTo(600)).toEqual(['SIGTERM']);
    kernel.put(sighting(600));
    kernel.time = 700;
    await clock.advance(1_500);
    await expect(cleared).resolves.toEqual([]);
    expect(kernel.signalsTo(600)).toEqual(['SIGTERM']);
  });

  test('a stranger who takes the pid while SIGKILL is on its way from the census is spared', async () => {
    const { kernel, clock, tools } = setUp(worker(600));
    const cleared = clear(tools, { claim, emptyLooks: 1 }, 1_000);
    await clock.advance(900);
    kernel.afterCensus = () => {
      if (clock.now() >= 1_000) kernel.put(sighting(600, { startTime: kernel.time }));
    };
    await clock.advance(600);
    await cleared;
    expect(kernel.signalsTo(600)).toEqual(['SIGTERM']);
  });

  test('a process that died since the census gets nothing', async () => {
    const { kernel, clock, start } = setUp(worker(600));
    kernel.afterCensus = () => kernel.table.delete(600);
    start().raise('SIGTERM');
    await clock.advance(10);
    expect(kernel.sent).toEqual([]);
  });

  test('a process that became a zombie since the census gets nothing', async () => {
    const { kernel, clock, start } = setUp(worker(600));
    kernel.afterCensus = () => kernel.put(worker(600, { zombie: true }));
    start().raise('SIGTERM');
    await clock.advance(10);
    expect(kernel.sent).toEqual([]);
  });
});

describe('what was born as it looked', () => {
  const young = (kernel: { time: number }, rest: Partial<Sighting> = {}) =>
    sighting(601, { parent: 600, startTime: kernel.time, ...rest });

  test('is told, when the process that it hangs by is there still', async () => {
    const { kernel, clock, start } = setUp(worker(600));
    kernel.put(young(kernel));
    start().raise('SIGTERM');
    await clock.advance(14);
    expect(kernel.sent.map(({ pid }) => pid).sort()).toEqual([600, 601]);
  });

  test('is spared, when that pid has another owner by now, who may have forked it', async () => {
    const { kernel, clock, start } = setUp(worker(600));
    kernel.put(young(kernel));
    kernel.afterCensus = () => kernel.put(sighting(600, { startTime: kernel.time }));
    start().raise('SIGTERM');
    await clock.advance(1_000);
    expect(kernel.sent).toEqual([]);
  });

  test('is spared, when a stranger has taken its own pid within the tick: that has another parent', async () => {
    const { kernel, clock, start } = setUp(worker(600));
    kernel.put(young(kernel));
    kernel.afterCensus = () => kernel.put(sighting(601, { startTime: kernel.time }));
    start().raise('SIGTERM');
    await clock.advance(1_000);
    expect(kernel.sent.map(({ pid }) => pid)).toEqual([600]);
  });

  test('is told at the next look, when it has lost its parent meanwhile and is known by its mark', async () => {
    const { kernel, clock, start } = setUp(worker(600));
    const marked = { cookies: [mark('run', 'w')] };
    kernel.put(young(kernel, marked));
    kernel.afterCensus = () => {
      kernel.put(young(kernel, { ...marked, parent: 1 }));
      kernel.afterCensus = () => {};
    };
    start().raise('SIGTERM');
    await clock.advance(0);
    expect(kernel.signalsTo(601)).toEqual([]);
    await clock.advance(10);
    expect(kernel.signalsTo(601)).toEqual(['SIGTERM']);
  });

  test('is spared as long as both are so young that their pids may have changed hands within the tick', async () => {
    const { kernel, clock, start } = setUp(worker(600));
    kernel.put(young(kernel));
    kernel.put(sighting(602, { parent: 601, startTime: kernel.time }));
    start().raise('SIGTERM');
    await clock.advance(0);
    expect(kernel.signalsTo(602)).toEqual([]);
    kernel.time += 1;
    await clock.advance(100);
    expect(kernel.signalsTo(602)).toEqual(['SIGTERM']);
  });

  test('is not orphaned by a signal to those that it hangs by: nobody is told before it is known', async () => {
    const { kernel, clock, tools } = setUp(worker(600));
    kernel.dies = () => true;
    kernel.put(young(kernel));
    kernel.put(sighting(602, { parent: 601, session: 601, startTime: kernel.time }));
    const cleared = clear(tools, { claim, emptyLooks: 2 }, 1_000);
    await clock.advance(5);
    expect(kernel.sent).toEqual([]);
    kernel.time += 1;
    await clock.advance(1_000);
    expect(await cleared).toEqual([]);
    expect([600, 601, 602].filter((pid) => kernel.table.has(pid))).toEqual([]);
  });

  test('does not hold up a signal for ever', async () => {
    const { kernel, clock, start } = setUp(worker(600));
    kernel.put(young(kernel));
    kernel.put(sighting(602, { parent: 601, startTime: kernel.time }));
    start().raise('SIGTERM');
    await clock.advance(30);
    expect(kernel.signalsTo(600)).toEqual(['SIGTERM']);
  });

  test('keeps it from saying that it knows all', async () => {
    const { kernel, clock, start } = setUp(worker(600));
    kernel.put(young(kernel));
    kernel.put(sighting(602, { parent: 601, startTime: kernel.time }));
    let looked = false;
    void start().looked.then(() => {
      looked = true;
    });
    await clock.advance(2);
    expect(looked).toBe(false);
    kernel.time += 1;
    await clock.advance(4);
    expect(looked).toBe(true);
  });
});

describe('tells', () => {
  test('nobody anything before a signal is raised', async () => {
    const { kernel, clock, start } = setUp(worker(600));
    start();
    await clock.advance(2_000);
    expect(kernel.censuses).toBeGreaterThan(2);
    expect(kernel.sent).toEqual([]);
  });

  test('each process once a stage', async () => {
    const { kernel, clock, start } = setUp(worker(600), worker(601));
    const clearing = start();
    clearing.raise('SIGTERM');
    await clock.advance(2_000);
    clearing.raise('SIGINT');
    await clock.advance(2_000);
    expect(kernel.signalsTo(600)).toEqual(['SIGTERM', 'SIGINT']);
    expect(kernel.signalsTo(601)).toEqual(['SIGTERM', 'SIGINT']);
  });

  test('the same signal again when it is raised again', async () => {
    const { kernel, clock, start } = setUp(worker(600));
    const clearing = start();
    clearing.raise('SIGTERM');
    await clock.advance(1_000);
    clearing.raise('SIGTERM');
    await clock.advance(1_000);
    expect(kernel.signalsTo(600)).toEqual(['SIGTERM', 'SIGTERM']);
  });

  test('SIGKILL at every look until it is dead', async () => {
    const { kernel, clock, start } = setUp(worker(600));
    kernel.dies = () => kernel.signalsTo(600).length === 3;
    const clearing = start();
    clearing.raise('SIGKILL');
    await clock.advance(2_000);
    await clearing.done;
    expect(kernel.signalsTo(600)).toEqual(['SIGKILL', 'SIGKILL', 'SIGKILL']);
  });

  test('a process that appears later the present signal too', async () => {
    const { kernel, clock, start } = setUp(worker(600));
    start().raise('SIGTERM');
    await clock.advance(1_000);
    kernel.put(worker(601, { startTime: 20_000 }));
    await clock.advance(1_000);
    expect(kernel.signalsTo(601)).toEqual(['SIGTERM']);
  });

  test('what it knew, though it wiped its mark meanwhile', async () => {
    const { kernel, clock, start } = setUp(worker(600));
    const clearing = start();
    await clock.advance(100);
    kernel.put(worker(600, { cookies: [] }));
    clearing.raise('SIGTERM');
    await clock.advance(100);
    expect(kernel.signalsTo(600)).toEqual(['SIGTERM']);
  });

  test('its listener of each signal and what came of it', async () => {
    const { kernel, clock, start } = setUp(worker(600));
    const heard: unknown[] = [];
    kernel.dies = () => true;
    start({ onSignal: (target, signal, outcome) => heard.push([target.pid, signal, outcome]) }).raise(
      'SIGTERM',
    );
    await clock.advance(100);
    expect(heard).toEqual([[600, 'SIGTERM', 'sent']]);
  });
});

describe('a group that was signalled as a whole', () => {
  test('is not told one by one', async () => {
    const { kernel, clock, start } = setUp(worker(600), worker(601, { group: 600, session: 600 }));
    start().raise('SIGTERM', 600);
    await clock.advance(1_000);
    expect(kernel.sent).toEqual([]);
  });

  test('does not excuse who was born in its tick, and perhaps after it; its leader was there', async () => {
    const { kernel, clock, start } = setUp();
    kernel.put(worker(600, { startTime: kernel.time }));
    kernel.put(worker(601, { group: 600, session: 600, startTime: kernel.time }));
    const clearing = start();
    clearing.raise('SIGTERM', 600);
    await clock.advance(500);
    expect([kernel.signalsTo(600), kernel.signalsTo(601)]).toEqual([[], ['SIGTERM']]);
  });

  test('does not excuse a process of another group', async () => {
    const { kernel, clock, start } = setUp(worker(600), worker(602));
    start().raise('SIGTERM', 600);
    await clock.advance(1_000);
    expect(kernel.sent.map(({ pid }) => pid)).toEqual([602]);
  });

  test('does not excuse a member that was born after the signal', async () => {
    const { kernel, clock, start } = setUp(worker(600));
    start().raise('SIGTERM', 600);
    kernel.put(worker(601, { group: 600, session: 600, startTime: kernel.time + 1 }));
    await clock.advance(1_000);
    expect(kernel.sent.map(({ pid }) => pid)).toEqual([601]);
  });

  test('is told of SIGKILL one by one all the same', async () => {
    const { kernel, clock, start } = setUp(worker(600));
    start().raise('SIGKILL', 600);
    await clock.advance(100);
    expect(kernel.signalsTo(600)).toEqual(['SIGKILL']);
  });
});
