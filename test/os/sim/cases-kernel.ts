/** What the kernel tells of processes, alive, dead and gone, and whom it lets signal them. */
import * as actors from '../../support/fidelity/actors.ts';
import type { Scene, Worker } from '../../support/fidelity/scene.ts';
import { type Case, ENDED_BY_KILL, ENDED_BY_TERM, worker } from './case.ts';

async function end(one: Worker): Promise<void> {
  one.signal('SIGTERM');
  await one.treeEmpty();
}

const parentHere = ({ kind, forkerPid, kernel }: Scene): number =>
  kind === 'forker' ? forkerPid() : kernel.self.identity.pid;

export const KERNEL: readonly Case[] = [
  {
    name: 'a worker as it is seen: a leader, marked, a child of whoever forks',
    async scenario(scene) {
      const { kernel, note, start, stage } = scene;
      const before = kernel.lastPid();
      const seen = await start(actors.obeys);
      const sight = (await kernel.sight(seen.pid))!;
      note('leads its group', sight.group === seen.pid);
      note('leads its session', sight.session === seen.pid);
      note(
        'start time',
        [seen.startTime, await kernel.startTimeOf(seen.pid)].every((at) => at === sight.startTime),
      );
      note('born in the past', sight.startTime <= kernel.startTimeNow());
      note('boot and namespace', [
        sight.bootId === kernel.self.identity.bootId,
        sight.pidNamespace === kernel.self.identity.pidNamespace,
      ]);
      note('child of', sight.parent === parentHere(scene));
      note('zombie', sight.zombie);
      note(
        'marks',
        sight.cookies?.map(({ runId, workerId }) => [runId === stage.runId, workerId]),
      );
      note('facts', (await kernel.inspect(seen.pid))?.userId === kernel.self.userId);
      note('a birth is noticed', before === undefined || kernel.lastPid() !== before);
      note('in the census', (await kernel.census()).filter(({ pid }) => pid === seen.pid).length);
      await end(seen);
    },
    seen: {
      notes: [
        'leads its group: true',
        'leads its session: true',
        'start time: true',
        'born in the past: true',
        'boot and namespace: [true,true]',
        'child of: true',
        'zombie: false',
        'marks: [[true,"w1"]]',
        'facts: true',
        'a birth is noticed: true',
        'in the census: 1',
      ],
      workers: [ENDED_BY_TERM],
    },
  },
  {
    name: "the forker as it is seen: a leader, marked as nobody's worker, a child of the host",
    kinds: ['forker'],
    async scenario({ kernel, note, forkerPid, stage }) {
      const pid = forkerPid();
      const sight = (await kernel.sight(pid))!;
      note('leads', [sight.group === pid, sight.session === pid]);
      note('child of', sight.parent === kernel.self.identity.pid);
      note(
        'marks',
        sight.cookies?.map(({ runId, workerId }) => [runId === stage.runId, workerId]),
      );
    },
    seen: { notes: ['leads: [true,true]', 'child of: true', 'marks: [[true,""]]'], workers: [] },
  },
  {
    name: 'a worker whose forker is stopped is dead, and keeps its pid and its group, until it is reaped',
    kinds: ['forker'],
    async scenario({ start, kernel, note, forkerPid, stage, until }) {
      const dying = await start(actors.obeys);
      const { pid } = dying;
      kernel.signal(forkerPid(), 'SIGSTOP');
      await until('the forker is stopped', () => stage.isStopped(forkerPid()));
      note('SIGKILL', kernel.signal(pid, 'SIGKILL'));
      await until('it is dead', async () => (await kernel.sight(pid))?.zombie);
      note('group', kernel.groupExists(pid));
      note('signals', [kernel.signal(pid, 'SIGTERM'), kernel.signal(-pid, 'SIGKILL')]);
      kernel.signal(forkerPid(), 'SIGCONT');
      await dying.exited();
      note('group', kernel.groupExists(pid));
      note('sight', await kernel.sight(pid));
    },
    seen: {
      notes: [
        'SIGKILL: "sent"',
        'group: true',
        'signals: ["sent","sent"]',
        'group: false',
        'sight: undefined',
      ],
      workers: [worker(['exited by SIGKILL, tree empty'])],
    },
  },
  {
    name: 'one that renames itself is called so',
    async scenario({ start, note, kernel }) {
      const renamed = await start(actors.renamesItself);
      const facts = (await kernel.inspect(renamed.pid))!;
      note('name', facts.commandLine.trimEnd()); // what it does not overwrite it leaves blank
      note('marked', facts.cookies?.length);
      await end(renamed);
    },
    seen: { notes: ['name: "postgres: idle"', 'marked: 1'], workers: [ENDED_BY_TERM] },
  },
  {
    name: 'one that wipes its marks has none',
    async scenario({ start, note, kernel }) {
      const wiped = await start(actors.wipesItsMarks);
      note('marks', (await kernel.sight(wiped.pid))?.cookies);
      await end(wiped);
    },
    seen: { notes: ['marks: []'], workers: [ENDED_BY_TERM] },
  },
  {
    name: 'a zombie is dead: it shows neither marks nor a command line, and takes any signal',
    async scenario({ start, note, kernel, until, isAlive }) {
      const parent = await start(actors.neverReaps);
      const zombie = await until('its child is dead', async () =>
        (await kernel.census()).find((process) => process.parent === parent.pid && process.zombie),
      );
      note('in its group', zombie.group === parent.pid && zombie.session === parent.pid);
      note('marks', zombie.cookies);
      note('command line', (await kernel.inspect(zombie.pid))?.commandLine);
      note('SIGTERM', kernel.signal(zombie.pid, 'SIGTERM'));
      parent.signal('SIGKILL');
      await parent.treeEmpty();
      note('alive', await isAlive(zombie.pid));
    },
    seen: {
      notes: [
        'in its group: true',
        'marks: undefined',
        'command line: ""',
        'SIGTERM: "sent"',
        'alive: false',
      ],
      workers: [ENDED_BY_KILL],
    },
  },
  {
    name: 'of what is gone nothing is seen, and it takes no signal',
    async scenario({ start, note, kernel }) {
      const gone = await start(actors.exits(0));
      await gone.exited();
      const { pid } = gone;
      note('seen', [await kernel.sight(pid), await kernel.inspect(pid), await kernel.startTimeOf(pid)]);
      note('group', kernel.groupExists(pid));
      note('signals', [kernel.signal(pid, 'SIGTERM'), kernel.signal(-pid, 'SIGKILL')]);
    },
    seen: {
      notes: ['seen: [null,null,null]', 'group: false', 'signals: ["gone","gone"]'],
      workers: [worker(['exited with 0, tree empty'])],
    },
  },
  {
    name: 'pids that would reach far too many are not signalled',
    async scenario({ note, kernel }) {
      for (const pid of [0, 1, -1]) {
        try {
          note(String(pid), kernel.signal(pid, 'SIGTERM'));
        } catch (error) {
          note(String(pid), error instanceof RangeError);
        }
      }
    },
    seen: { notes: ['0: true', '1: true', '-1: true'], workers: [] },
  },
  {
    name: "another user's process is seen, but for its marks, and may not be signalled",
    needsAnotherUser: true,
    async scenario({ start, note, stage, isAlive }) {
      const owned = await start(actors.renamesItself);
      const { commandLine, ...view } = await stage.asStranger(owned.pid, 'SIGKILL');
      note('view', view);
      note('name', commandLine.trimEnd());
      note('alive', await isAlive(owned.pid));
      await end(owned);
    },
    seen: {
      notes: [
        'view: {"toProcess":"denied","toGroup":"denied","groupExists":true,"marksReadable":false,"isRoots":true}',
        'name: "postgres: idle"',
        'alive: true',
      ],
      workers: [ENDED_BY_TERM],
    },
  },
  {
    name: 'one that becomes another user is ended by root all the same',
    needsAnotherUser: true,
    async scenario({ start, note, kernel }) {
      const other = await start(actors.becomesNobody);
      const facts = (await kernel.inspect(other.pid))!;
      note('user', facts.userId);
      note('marked', facts.cookies?.length);
      await end(other);
    },
    seen: { notes: ['user: 65534', 'marked: 1'], workers: [ENDED_BY_TERM] },
  },
];
