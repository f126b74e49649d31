/** Those that are known to be ours by their parents alone, who may die of a signal. */
import { describe, expect, test } from 'vitest';
import { clear } from '../../src/os/clear.ts';
import type { Sighting } from '../../src/os/os.ts';
import { claim, setUp, worker } from '../support/clearing.ts';
import { sighting } from '../support/sightings.ts';

const young = (kernel: { time: number }, rest: Partial<Sighting> = {}) =>
  sighting(601, { parent: 600, startTime: kernel.time, ...rest });
const alive = ({ table }: { table: ReadonlyMap<number, Sighting> }) =>
  [...table.keys()].filter((pid) => pid >= 600);

describe('what was born as it looked, and hangs by others alone,', () => {
  test('is not left behind, when a parent dies of the signal and the child does not', async () => {
    const { kernel, clock, tools } = setUp(worker(600));
    kernel.dies = ({ pid }, signal) => pid === 600 || signal === 'SIGKILL';
    kernel.put(young(kernel, { session: 601 }));
    const cleared = clear(tools, { claim, emptyLooks: 2 }, 1_000);
    await clock.advance(5);
    kernel.time += 1;
    await clock.advance(3_000);
    expect(await cleared).toEqual([]);
    expect(alive(kernel)).toEqual([]);
  });

  // The clock of start times stands still here: they are seconds.
  test.each(['SIGTERM', 'SIGKILL'] as const)('is told of %s before those that die of it', async (signal) => {
    const { kernel, clock, start } = setUp(worker(600));
    kernel.dies = () => true;
    kernel.put(young(kernel, { session: 601 }));
    start().raise(signal);
    await clock.advance(1_000);
    expect(alive(kernel)).toEqual([]);
  });

  test('is told after all that hangs by it, which has its session: the deepest first', async () => {
    const { kernel, clock, start } = setUp(worker(600));
    kernel.dies = () => true;
    // The last of them is found before the one above it, by the session.
    kernel.put(young(kernel, { session: 600 }));
    kernel.put(sighting(602, { parent: 601, session: 600, startTime: kernel.time }));
    start().raise('SIGTERM');
    await clock.advance(1_000);
    expect(alive(kernel)).toEqual([]);
  });

  test('is waited for no longer than others, when all the rest was told long ago', async () => {
    const { kernel, clock, start } = setUp(worker(600));
    start().raise('SIGTERM');
    await clock.advance(5_000);
    const before = kernel.censuses;
    kernel.put(young(kernel, { session: 601 }));
    while (kernel.censuses === before) await clock.advance(1);
    await clock.advance(14);
    expect(kernel.signalsTo(601)).toEqual(['SIGTERM']);
  });

  test('holds nobody up that is a child of ours', async () => {
    const { kernel, clock, start } = setUp();
    const child = sighting(600, { startTime: kernel.time });
    kernel.put(child);
    start({ claim: { ...claim, known: [child] } }).raise('SIGTERM');
    await clock.advance(0);
    expect(kernel.signalsTo(600)).toEqual(['SIGTERM']);
  });
});
