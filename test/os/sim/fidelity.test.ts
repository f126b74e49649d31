/**
 * The simulated kernel does what the real one does: each behaviour is played on both, through the same port, and must
 * be seen alike.
 *
 * Left out, because the simulation is harsher on purpose:
 * - It delivers signals late and in any order, wakes readers late, and takes its time over a census. The real kernel
 *   mostly does all this at once, but promises it no more: no case depends on it.
 * - 64 pids go round at once, and much happens within one tick: what is in doubt for a tick is let grow older first.
 * - `lastPid()` counts births, as pids would come round. That it changes with a birth is compared.
 * - A worker becomes root: it takes a program that has been given the right. That root becomes another is compared.
 * - Forkers that die between fork and exec, and lines that break while both ends live: nobody can bring that about.
 * Left out, because it is simpler on purpose:
 * - There are no directories, permissions, files as streams, inherited streams, nor limits on arguments and descriptors:
 *   a birth fails by ENOENT, or by whatever a plan says. See `spawn-failures.test.ts` and `spawner-streams.test.ts`.
 * - A pipe is never full, so that no writer ever waits.
 * - Signals that waited for one that was stopped come in the order in which they were sent, not in that of their numbers.
 * - There are no terminals and no job control, and threads only insofar as hosts and forkers take a while to die; every group is an orphaned one, as a worker's is in earnest.
 * Left out, because it takes too long or a host of its own: a forker that says nothing (`heartbeat.test.ts`), and hosts
 * that are killed (`killed.test.ts`).
 */
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { canBeSomebodyElse, realStage } from '../../support/fidelity/real-stage.ts';
import { type Observation, play } from '../../support/fidelity/scene.ts';
import { simStage } from '../../support/fidelity/sim-stage.ts';
import type { Case } from './case.ts';
import { ENDS } from './cases-ends.ts';
import { FORKING } from './cases-forking.ts';
import { KERNEL } from './cases-kernel.ts';
import { KIN } from './cases-kin.ts';
import { SERVING } from './cases-serving.ts';
import { SPAWNER } from './cases-spawner.ts';
import { STREAMS } from './cases-streams.ts';
import { TALKING } from './cases-talking.ts';

const CASES: readonly Case[] = [
  ...ENDS,
  ...KIN,
  ...FORKING,
  ...STREAMS,
  ...TALKING,
  ...SERVING,
  ...KERNEL,
  ...SPAWNER,
];
/** On each of these the simulation happens otherwise, and must be seen alike. */
const SEEDS = Array.from({ length: 20 }, (_, index) => index + 1);

/** A failure is something to be seen, too: the other kernel is played on all the same. */
const seenOf = (played: Promise<Observation>): Promise<unknown> =>
  played.catch((error: unknown) => ({ error }));

const distinct = (all: readonly unknown[]): readonly unknown[] => {
  const different: unknown[] = [];
  for (const one of all) if (!different.some((other) => isDeepStrictEqual(one, other))) different.push(one);
  return different;
};

describe.each(['forker', 'direct'] as const)('%s', (kind) => {
  const cases = CASES.filter(({ kinds }) => kinds === undefined || kinds.includes(kind));
  const forker = kind === 'forker' ? ['started'] : [];

  test.each(cases)('$name', async ({ scenario, seen, needsAnotherUser = false }) => {
    const expected = { notes: [], forker, left: [0, 0], ...seen };
    const onReal = !needsAnotherUser || canBeSomebodyElse();
    if (!onReal) console.warn('SKIPPED on the real kernel: only root can be two users here');
    const simulated: unknown[] = [];
    for (const seed of SEEDS) {
      const stage = simStage(seed);
      simulated.push(await seenOf(stage.run(() => play(stage, kind, scenario))));
    }
    const real = onReal ? await seenOf(play(realStage(), kind, scenario)) : expected;
    // Told together, so that where they differ it is seen how.
    expect({ simulated: distinct(simulated), real }).toEqual({ simulated: [expected], real: expected });
  });
});
