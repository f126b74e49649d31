/** What processes start: children in their group and out of it, with their marks and without. */
import * as actors from '../../support/fidelity/actors.ts';
import type { Kin } from '../../support/fidelity/scene.ts';
import type { Actor } from '../../support/fidelity/stage.ts';
import { type Case, ENDED_BY_TERM, worker } from './case.ts';

const NOBODY: Kin = { inGroup: 0, unmarkedInGroup: 0, markedElsewhere: 0 };
const kin = (of: Partial<Kin>): string => `kin: ${JSON.stringify({ ...NOBODY, ...of })}`;

/** SIGTERM, through the spawner, ends it all. */
const endsTogether = (name: string, actor: Actor, of: Partial<Kin>): Case => ({
  name,
  async scenario({ start, note, kinOf }) {
    const leader = await start(actor);
    note('kin', await kinOf(leader));
    leader.signal('SIGTERM');
    await leader.treeEmpty();
    note('kin', await kinOf(leader));
  },
  seen: { notes: [kin(of), kin({})], workers: [ENDED_BY_TERM] },
});

export const KIN: readonly Case[] = [
  endsTogether('a child in its group ends with it', actors.forks, { inGroup: 2 }),
  endsTogether('a daemon that forked twice is found by its mark', actors.doubleForks, {
    inGroup: 1,
    markedElsewhere: 1,
  }),
  endsTogether('a child in a new session is found by its mark', actors.forksASession, {
    inGroup: 1,
    markedElsewhere: 1,
  }),
  endsTogether('a child with an emptied environment is found by its group', actors.forksScrubbed, {
    inGroup: 2,
    unmarkedInGroup: 1,
  }),
  endsTogether(
    'one in a new session, with an emptied environment, by its parent',
    actors.forksAScrubbedSession,
    {
      inGroup: 1,
    },
  ),
  endsTogether('one that wipes its own marks by its pid', actors.wipesItsMarks, {
    inGroup: 1,
    unmarkedInGroup: 1,
  }),
  endsTogether("one that puts on another run's marks by its pid, too", actors.disguisesItself, {
    inGroup: 1,
    unmarkedInGroup: 1,
  }),
  {
    name: 'a child that outlives its leader is told of, and holds its output open',
    async scenario({ start, note, kinOf, kernel }) {
      const leader = await start(actors.leavesItsGroup, { stdin: 'pipe' });
      await leader.stdin.write('go\n');
      await leader.exited();
      note('kin', await kinOf(leader));
      note('output ended', leader.ended());
      note('group', kernel.groupExists(leader.pid));
      note('leader', await kernel.sight(leader.pid));
      leader.signal('SIGTERM');
      leader.signal('SIGKILL');
      await leader.treeEmpty();
      note('kin', await kinOf(leader));
    },
    seen: {
      notes: [kin({ inGroup: 1 }), 'output ended: false', 'group: true', 'leader: undefined', kin({})],
      workers: [worker(['exited with 0, others left', 'tree empty'])],
    },
  },
  {
    name: 'so is one with an emptied environment, and it ends all the same',
    async scenario({ start, note, kinOf, kernel, until }) {
      const leader = await start(actors.leavesAScrubbedChild, { stdin: 'pipe' });
      const [child] = (await kernel.census()).filter(({ parent }) => parent === leader.pid);
      // Of one born in the tick in which its leader died, or just before, nobody could tell whose it is.
      await until('two ticks are over', () => kernel.startTimeNow() > child!.startTime + 1);
      await leader.stdin.write('go\n');
      await leader.exited();
      note('kin', await kinOf(leader));
      leader.signal('SIGTERM');
      await leader.treeEmpty();
      note('kin', await kinOf(leader));
    },
    seen: {
      notes: [kin({ inGroup: 1, unmarkedInGroup: 1 }), kin({})],
      workers: [worker(['exited with 0, others left', 'tree empty'])],
    },
  },
  {
    name: "a daemon that forked twice and emptied its environment is nobody's, and lives on",
    kinds: ['forker'], // without one the daemon's input ends with its leader: see the streams
    async scenario({ start, note, until }) {
      const leader = await start(actors.doubleForksScrubbed, { stdin: 'pipe' });
      leader.signal('SIGTERM');
      await leader.treeEmpty();
      note('output ended', leader.ended());
      await leader.stdin.write('go\n');
      await leader.says('left alone');
      await until('it has ended', () => leader.ended());
    },
    seen: {
      notes: ['output ended: false'],
      workers: [worker(['exited by SIGTERM', 'tree empty'], 'up\nleft alone\n')],
    },
  },
  {
    name: 'a daemon that a worker leaves behind is ended soon, unasked',
    async scenario({ start, note, kinOf, until }) {
      const leader = await start(actors.leavesADaemon, { stdin: 'pipe' });
      await leader.stdin.write('go\n');
      await leader.exited();
      note('kin', await kinOf(leader));
      await until('the daemon is gone', async () => (await kinOf(leader)).markedElsewhere === 0);
      await until('and what it wrote has an end', () => leader.ended());
    },
    seen: { notes: [kin({ markedElsewhere: 1 })], workers: [worker(['exited with 0, tree empty'])] },
  },
  {
    name: 'without a signal, what left its group is only looked for',
    async scenario({ start, note, kinOf }) {
      const leader = await start(actors.doubleForks);
      leader.signal(undefined);
      const bystander = await start(actors.exits(0));
      await bystander.exited();
      note('kin', await kinOf(leader));
      leader.signal('SIGTERM');
      await leader.treeEmpty();
    },
    seen: {
      notes: [kin({ inGroup: 1, markedElsewhere: 1 })],
      workers: [ENDED_BY_TERM, worker(['exited with 0, tree empty'])],
    },
  },
  {
    name: 'what a process ignores, its child ignores too',
    async scenario({ start }) {
      const leader = await start(actors.handsDownIgnoring);
      leader.signal('SIGTERM');
      leader.signal('SIGHUP');
      await leader.says('its child died of SIGHUP');
      leader.signal('SIGKILL');
      await leader.treeEmpty();
    },
    seen: {
      workers: [worker(['exited by SIGKILL', 'tree empty'], 'up\nits child died of SIGHUP\n')],
    },
  },
  {
    name: 'a neighbour is left alone',
    async scenario({ start, note, isAlive }) {
      const neighbour = await start(actors.obeys);
      const leader = await start(actors.forks);
      leader.signal('SIGKILL');
      await leader.treeEmpty();
      note('neighbour', await isAlive(neighbour.pid));
      neighbour.signal('SIGTERM');
      await neighbour.treeEmpty();
    },
    seen: {
      notes: ['neighbour: true'],
      workers: [ENDED_BY_TERM, worker(['exited by SIGKILL', 'tree empty'])],
    },
  },
];
