/** Processes that have children in number, or at an awkward time. */
import * as actors from '../../support/fidelity/actors-forking.ts';
import type { Kin } from '../../support/fidelity/scene.ts';
import { type Case, ENDED_BY_TERM, worker } from './case.ts';

const kin = (of: Partial<Kin>): string =>
  `kin: ${JSON.stringify({ inGroup: 0, unmarkedInGroup: 0, markedElsewhere: 0, ...of })}`;

export const FORKING: readonly Case[] = [
  {
    name: 'one whose time is over leaves behind a child that minds no SIGTERM',
    async scenario({ start, note, kinOf }) {
      const leader = await start(actors.leavesItsGroupSoon);
      await leader.exited();
      note('kin', await kinOf(leader));
      leader.signal('SIGTERM');
      leader.signal('SIGKILL');
      await leader.treeEmpty();
      note('kin', await kinOf(leader));
    },
    seen: {
      notes: [kin({ inGroup: 1 }), kin({})],
      workers: [worker(['exited with 0, others left', 'tree empty'])],
    },
  },
  {
    name: 'one that starts children in new sessions all the time ends with all of them',
    async scenario({ start, note, kinOf, until }) {
      const breeder = await start(actors.forksOften);
      await until('it has a child elsewhere', async () => (await kinOf(breeder)).markedElsewhere > 0);
      breeder.signal('SIGTERM');
      await breeder.treeEmpty();
      note('kin', await kinOf(breeder));
    },
    seen: { notes: [kin({})], workers: [ENDED_BY_TERM] },
  },
  {
    name: 'two children each, and two of theirs, end together',
    async scenario({ start, note, kernel, kinOf, until }) {
      const root = await start(actors.forkStorm(2));
      await until('all are born', async () => (await kinOf(root)).inGroup >= 7);
      note('kin', await kinOf(root));
      // Who is amid its end has no marks any more: born just before its leader died, it could be anybody's.
      const bornBy = kernel.startTimeNow();
      await until('two ticks are over', () => kernel.startTimeNow() > bornBy + 1);
      root.signal('SIGTERM');
      await root.treeEmpty();
      note('kin', await kinOf(root));
    },
    seen: { notes: [kin({ inGroup: 7 }), kin({})], workers: [ENDED_BY_TERM] },
  },
  {
    name: 'a child that is born because its leader was told to end outlives it, and is told in its turn',
    async scenario({ start, note, kernel, kinOf }) {
      const first = await start(actors.forksAsItEnds(3, { newSession: false }));
      note('SIGTERM', kernel.signal(first.pid, 'SIGTERM'));
      await first.exited();
      note('kin', await kinOf(first));
      first.signal('SIGTERM');
      await first.treeEmpty();
      note('kin', await kinOf(first));
    },
    seen: {
      notes: ['SIGTERM: "sent"', kin({ inGroup: 1 }), kin({})],
      workers: [worker(['exited with 0, others left', 'tree empty'])],
    },
  },
  {
    name: 'generations in sessions of their own, each born of the end of the last, end at one signal',
    async scenario({ start, note, kinOf, until }) {
      const first = await start(actors.forksAsItEnds(3, { newSession: true }));
      first.signal('SIGTERM');
      await first.treeEmpty();
      note('kin', await kinOf(first));
      await until('and what they could write has an end', () => first.ended());
    },
    seen: { notes: [kin({})], workers: [worker(['exited with 0', 'tree empty'])] },
  },
  {
    name: 'so they do when nobody asks, once the first of them has ended',
    async scenario({ start, note, kernel, kinOf, until }) {
      const first = await start(actors.forksAsItEnds(3, { newSession: true }));
      note('SIGTERM', kernel.signal(first.pid, 'SIGTERM'));
      await first.exited();
      note('kin', await kinOf(first)); // such are looked for no sooner than a second after
      await until('what they could write has an end', () => first.ended());
      note('kin', await kinOf(first));
    },
    seen: {
      notes: ['SIGTERM: "sent"', kin({ markedElsewhere: 1 }), kin({})],
      workers: [worker(['exited with 0, tree empty'])],
    },
  },
  {
    name: 'close ends those that fork because of it',
    async scenario({ start, close, note, kinOf }) {
      const all = [
        await start(actors.forksAsItEnds(3, { newSession: true })),
        await start(actors.forksAsItEnds(3, { newSession: false })),
        await start(actors.forksOften),
        await start(actors.forkStorm(2)),
      ];
      note('left', await close());
      for (const one of all) note('kin', await kinOf(one));
    },
    seen: {
      notes: ['left: []', kin({}), kin({}), kin({}), kin({})],
      workers: [worker([]), worker([]), worker([]), worker([])],
    },
  },
];
