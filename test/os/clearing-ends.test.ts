/** When a clearing is done, and when it gives up. */
import { describe, expect, test } from 'vitest';
import { clear } from '../../src/os/clear.ts';
import { claim, setUp, worker } from '../support/clearing.ts';
import type { ManualClock } from '../support/manual-clock.ts';
import { sighting } from '../support/sightings.ts';

async function isSettled(promise: Promise<unknown>, clock: ManualClock): Promise<boolean> {
  let settled = false;
  void promise.then(() => {
    settled = true;
  });
  await clock.advance(0);
  return settled;
}

describe('is done', () => {
  test('at the first look that finds nothing', async () => {
    const { kernel, start } = setUp();
    await start().done;
    expect(kernel.censuses).toBe(1);
  });

  test('one look is not enough while something is born: it may have left a child that was not there to be seen', async () => {
    const { kernel, clock, start } = setUp();
    kernel.afterCensus = () => {
      if (kernel.censuses > 1) return;
      kernel.newest += 1;
      kernel.put(worker(600)); // of one that died before it was looked at
    };
    const clearing = start();
    clearing.raise('SIGKILL');
    await clock.advance(1_000);
    expect(await clearing.done).toEqual([]);
    expect(kernel.signalsTo(600)).toEqual(['SIGKILL']);
  });

  test('one look is not enough when somebody vanished meanwhile: a child has its pid before it can be listed', async () => {
    const { kernel, start } = setUp();
    kernel.vanishing = true;
    await start().done;
    expect(kernel.censuses).toBe(2);
  });

  test('after two looks in a row, when asked for two', async () => {
    const { kernel, start } = setUp();
    await start({ emptyLooks: 2 }).done;
    expect(kernel.censuses).toBe(2);
  });

  describe('not while somebody is amid his end, whose memory is given back already, but not what he held open,', () => {
    const amidItsEnd = { dying: true, cookies: undefined };

    test('and who was seen by his mark before', async () => {
      const { kernel, clock, start } = setUp();
      const young = worker(600, { startTime: kernel.time, session: 590 });
      kernel.put(young);
      const { done } = start();
      await clock.advance(0);
      kernel.put({ ...young, ...amidItsEnd });
      await clock.advance(5_000);
      expect(await isSettled(done, clock)).toBe(false);
      kernel.table.delete(600);
      await clock.advance(250);
      expect(await isSettled(done, clock)).toBe(true);
      expect(kernel.sent).toEqual([]);
    });

    test('and who is in the session of a leader of ours', async () => {
      const { kernel, clock, start } = setUp(worker(600));
      const clearing = start();
      await clock.advance(0);
      kernel.table.delete(600);
      kernel.put(sighting(601, { session: 600, startTime: kernel.time, ...amidItsEnd }));
      clearing.inherit(600);
      await clock.advance(5_000);
      expect(await isSettled(clearing.done, clock)).toBe(false);
      kernel.table.delete(601);
      await clock.advance(250);
      expect(await isSettled(clearing.done, clock)).toBe(true);
    });

    test('and he is told of as left when he is given up', async () => {
      const { kernel, clock, tools } = setUp();
      const young = worker(600, { startTime: kernel.time });
      kernel.put(young);
      const cleared = clear(tools, { claim, emptyLooks: 2 }, 1_000);
      await clock.advance(0);
      kernel.put({ ...young, ...amidItsEnd });
      await clock.advance(7_000);
      expect((await cleared).map(({ pid }) => pid)).toEqual([600]);
    });
  });

  test.each([
    ['others are amid their ends', sighting(602, { dying: true, cookies: undefined })],
    [
      'another has the pid of one of ours, and is amid his',
      sighting(600, { startTime: 10_000, dying: true, cookies: undefined }),
    ],
    [
      'another in a session that was ours is alive, and born since',
      sighting(602, { session: 600, startTime: 10_000 }),
    ],
  ])('though %s', async (_, other) => {
    const { kernel, clock, start } = setUp(worker(600));
    const clearing = start();
    await clock.advance(0);
    kernel.table.delete(600);
    kernel.put(other);
    clearing.inherit(600);
    await clock.advance(250);
    expect(await isSettled(clearing.done, clock)).toBe(true);
  });

  test('not after two looks with a process between them', async () => {
    const { kernel, clock, start } = setUp();
    kernel.dies = () => true;
    kernel.afterCensus = () => {
      if (kernel.censuses === 1) kernel.put(worker(600));
    };
    const clearing = start({ emptyLooks: 2 });
    clearing.raise('SIGTERM');
    await clock.advance(1_000);
    await clearing.done;
    expect(kernel.censuses).toBe(4); // nothing, one, nothing, nothing
    expect(kernel.signalsTo(600)).toEqual(['SIGTERM']);
  });

  test('not while something is left', async () => {
    const { clock, start } = setUp(worker(600));
    const clearing = start();
    clearing.raise('SIGTERM');
    await clock.advance(60_000);
    expect(await isSettled(clearing.done, clock)).toBe(false);
  });

  test('when abandoned, though something is left', async () => {
    const { kernel, clock, start } = setUp(worker(600));
    const clearing = start();
    await clock.advance(100);
    clearing.abandon();
    expect(await isSettled(clearing.done, clock)).toBe(true);
    expect(kernel.table.has(600)).toBe(true);
    expect(clock.pending).toBe(0);
  });

  test('without waiting longer, when it is told that something died', async () => {
    const { kernel, clock, start } = setUp(worker(600));
    const clearing = start();
    await clock.advance(10_000);
    kernel.table.delete(600);
    clearing.lookNow();
    expect(await isSettled(clearing.done, clock)).toBe(true);
  });
});

describe('an orphaned session', () => {
  const member = sighting(601, { session: 600, group: 600, parent: 1 });

  test('is inherited when its leader was reaped', async () => {
    const { kernel, clock, start } = setUp(member);
    const clearing = start();
    clearing.inherit(600);
    clearing.raise('SIGTERM');
    await clock.advance(100);
    expect(kernel.signalsTo(601)).toEqual(['SIGTERM']);
  });

  test('is looked at again when its leader is reaped while one looks, and is in the picture still', async () => {
    const { kernel, clock, start } = setUp(sighting(600, { session: 600, zombie: true }), member);
    const clearing = start();
    clearing.raise('SIGTERM');
    kernel.afterCensus = () => {
      if (!kernel.table.delete(600)) return;
      clearing.inherit(600);
    };
    await clock.advance(100);
    expect(kernel.signalsTo(601)).toEqual(['SIGTERM']);
  });

  test('is looked at again though the look before that one had found nothing', async () => {
    const leader = { ...sighting(600), session: 600 };
    const { kernel, clock, start } = setUp({ ...leader, zombie: true });
    const clearing = start({ claim: { ...claim, known: [leader] }, emptyLooks: 2 });
    clearing.raise('SIGTERM');
    kernel.afterCensus = () => {
      kernel.put(member);
      kernel.afterCensus = () => {
        if (kernel.table.delete(600)) clearing.inherit(600);
      };
    };
    await clock.advance(100);
    expect(kernel.signalsTo(601)).toEqual(['SIGTERM']);
  });

  test('is not inherited by who never led it', async () => {
    const { kernel, start } = setUp(member);
    const clearing = start();
    clearing.raise('SIGTERM');
    await clearing.done;
    expect(kernel.sent).toEqual([]);
  });
});

describe('clear', () => {
  test('sends SIGTERM first and SIGKILL after the grace', async () => {
    const { kernel, clock, tools } = setUp(worker(600));
    const cleared = clear(tools, { claim, emptyLooks: 1 }, 1_000);
    await clock.advance(999);
    expect(kernel.signalsTo(600)).toEqual(['SIGTERM']);
    await clock.advance(1);
    expect(kernel.signalsTo(600)).toEqual(['SIGTERM', 'SIGKILL']);
    await clock.advance(500);
    expect(await cleared).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  test('sends no SIGKILL to what obeys', async () => {
    const { kernel, clock, tools } = setUp(worker(600));
    kernel.dies = () => true;
    const cleared = clear(tools, { claim, emptyLooks: 1 }, 1_000);
    await clock.advance(100);
    expect(await cleared).toEqual([]);
    await clock.advance(2_000);
    expect(kernel.signalsTo(600)).toEqual(['SIGTERM']);
  });

  test('gives up on what outlasts its patience, and says so', async () => {
    const { kernel, clock, tools } = setUp(worker(600));
    kernel.dies = () => false;
    const cleared = clear(tools, { claim, emptyLooks: 1 }, 1_000, 5_000);
    await clock.advance(5_999);
    expect(await isSettled(cleared, clock)).toBe(false);
    await clock.advance(1);
    expect((await cleared).map(({ pid }) => pid)).toEqual([600]);
    expect(clock.pending).toBe(0);
  });
});

describe('when processes cannot be listed', () => {
  const failing = (code: string) => () => {
    throw Object.assign(new Error(code), { code });
  };

  test('for want of a descriptor, it has not found nothing, and looks again', async () => {
    const { kernel, clock, start } = setUp(worker(600));
    kernel.afterCensus = failing('EMFILE');
    const clearing = start();
    clearing.raise('SIGKILL');
    await clock.advance(1_000);
    expect(kernel.sent).toEqual([]);
    expect(await isSettled(clearing.done, clock)).toBe(false);
    kernel.afterCensus = () => {};
    await clock.advance(1_000);
    await clearing.done;
    expect(kernel.signalsTo(600)).toEqual(['SIGKILL']);
  });

  test('for any other reason it looks again too, and says why when it is abandoned meanwhile', async () => {
    const { kernel, clock, start } = setUp();
    kernel.afterCensus = failing('ENOENT');
    const clearing = start();
    await clock.advance(60_000);
    expect(await isSettled(clearing.looked, clock)).toBe(true); // nobody is to wait for what it cannot know
    clearing.abandon();
    await expect(clearing.done).rejects.toThrow('ENOENT');
  });

  test('until its patience ends, clear() says why', async () => {
    const { kernel, clock, tools } = setUp();
    kernel.afterCensus = failing('EMFILE');
    const cleared = clear(tools, { claim, emptyLooks: 1 }, 1_000, 5_000);
    cleared.catch(() => {});
    await clock.advance(6_000);
    await expect(cleared).rejects.toThrow('EMFILE');
    expect(clock.pending).toBe(0);
  });
});
