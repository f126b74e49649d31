/** How spawners refuse, lose their forker, and close. */
import * as actors from '../../support/fidelity/actors.ts';
import { type Case, ENDED_BY_KILL, worker } from './case.ts';

export const SPAWNER: readonly Case[] = [
  {
    name: 'a program that is not there',
    async scenario({ spawn, start }) {
      await spawn('/none/such');
      await (await start(actors.exits(3))).exited();
    },
    seen: {
      workers: [
        { events: ['not spawned: exec ENOENT -2'], wrote: {} },
        worker(['exited with 3, tree empty']),
      ],
    },
  },
  {
    name: 'when the forker is killed its workers are told, and ended, and another one starts',
    kinds: ['forker'],
    async scenario({ start, note, kernel, forkerPid, kinOf, stage, until }) {
      const orphan = await start(actors.forks);
      const stubborn = await start(actors.ignoresTerm);
      note('SIGKILL', kernel.signal(forkerPid(), 'SIGKILL'));
      await orphan.treeEmpty();
      await stubborn.treeEmpty();
      note('kin', [await kinOf(orphan), await kinOf(stubborn)].flatMap(Object.values));
      await until('there is another forker', () => stage.forkerEvents.length === 3);
      await (await start(actors.exits(0))).exited();
    },
    seen: {
      notes: ['SIGKILL: "sent"', 'kin: [0,0,0,0,0,0]'],
      workers: [
        worker(['forker lost', 'tree empty']),
        worker(['forker lost', 'tree empty']),
        worker(['exited with 0, tree empty']),
      ],
      forker: ['started', 'lost', 'started'],
    },
  },
  {
    name: 'the forker minds none of the signals that end others',
    kinds: ['forker'],
    async scenario({ start, note, kernel, forkerPid }) {
      const forker = forkerPid();
      for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const) {
        note(signal, kernel.signal(forker, signal));
      }
      await (await start(actors.exits(0))).exited();
      note('the same forker', forkerPid() === forker);
    },
    seen: {
      notes: [
        ...['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'].map((signal) => `${signal}: "sent"`),
        'the same forker: true',
      ],
      workers: [worker(['exited with 0, tree empty'])],
    },
  },
  {
    name: 'nothing is born of a spawner that is closed',
    async scenario({ spawn, close, note }) {
      note('left', await close());
      await spawn(actors.obeys);
    },
    seen: {
      notes: ['left: []'],
      workers: [{ events: ['not spawned: forker EFORKERCLOSED undefined'], wrote: {} }],
    },
  },
  {
    name: 'close ends everything',
    async scenario({ start, close, note, kinOf }) {
      const all = [
        await start(actors.obeys),
        await start(actors.ignoresTerm),
        await start(actors.forksScrubbed),
        await start(actors.doubleForks),
      ];
      note('left', await close());
      note(
        'kin',
        (await Promise.all(all.map(kinOf))).flatMap((kin) => Object.values(kin)),
      );
    },
    seen: {
      notes: ['left: []', `kin: ${JSON.stringify(Array.from({ length: 12 }, () => 0))}`],
      workers: [worker([]), worker([]), worker([]), worker([])],
    },
  },
  {
    name: 'a host that leaves in a hurry kills the groups of its workers',
    kinds: ['direct'],
    async scenario({ start, abandon }) {
      const stubborn = await start(actors.ignoresTerm);
      const family = await start(actors.forks);
      abandon();
      await stubborn.treeEmpty();
      await family.treeEmpty();
    },
    seen: { workers: [ENDED_BY_KILL, ENDED_BY_KILL] },
  },
];
