/** How processes end, and by which signals. */
import type { Signal } from '../../../src/os/os.ts';
import * as actors from '../../support/fidelity/actors.ts';
import type { Scene, Worker } from '../../support/fidelity/scene.ts';
import { type Case, ENDED_BY_KILL, ENDED_BY_TERM, worker } from './case.ts';

/** Whatever was signalled before has been dealt with by whoever signals, as far as anybody can tell. */
async function roundTrip({ start }: Scene): Promise<void> {
  await (await start(actors.exits(0))).exited();
}
const PASSER_BY = worker(['exited with 0, tree empty']);

async function stop({ kernel, stage, until, note }: Scene, { pid }: Worker): Promise<void> {
  note('SIGSTOP', kernel.signal(pid, 'SIGSTOP'));
  await until('it is stopped', () => stage.isStopped(pid));
}

export const ENDS: readonly Case[] = [
  {
    name: 'one that obeys ends by SIGTERM',
    async scenario({ start, note, kinOf, isAlive }) {
      const obedient = await start(actors.obeys);
      note('kin', await kinOf(obedient));
      note('alive', await isAlive(obedient.pid));
      obedient.signal('SIGTERM');
      await obedient.treeEmpty();
      note('kin', await kinOf(obedient));
      note('alive', await isAlive(obedient.pid));
    },
    seen: {
      notes: [
        'kin: {"inGroup":1,"unmarkedInGroup":0,"markedElsewhere":0}',
        'alive: true',
        'kin: {"inGroup":0,"unmarkedInGroup":0,"markedElsewhere":0}',
        'alive: false',
      ],
      workers: [ENDED_BY_TERM],
    },
  },
  {
    name: 'one that ignores SIGTERM ends by SIGKILL',
    async scenario({ start, note, isAlive }) {
      const stubborn = await start(actors.ignoresTerm);
      stubborn.signal('SIGTERM');
      stubborn.signal('SIGUSR1');
      await stubborn.says('still here');
      note('alive', await isAlive(stubborn.pid));
      stubborn.signal('SIGKILL');
      await stubborn.treeEmpty();
    },
    seen: {
      notes: ['alive: true'],
      workers: [worker(['exited by SIGKILL', 'tree empty'], 'up\nstill here\n')],
    },
  },
  {
    name: 'one that takes its time to stop exits by itself',
    async scenario({ start }) {
      const slow = await start(actors.slowToStop);
      slow.signal('SIGTERM');
      await slow.treeEmpty();
    },
    seen: { workers: [worker(['exited with 0', 'tree empty'])] },
  },
  ...[0, 3].map(
    (code): Case => ({
      name: `one that exits by itself with ${code}`,
      scenario: async ({ start }) => (await start(actors.exits(code))).exited(),
      seen: { workers: [worker([`exited with ${code}, tree empty`])] },
    }),
  ),
  {
    name: 'one that lives for a while, and exits with 3',
    scenario: async ({ start }) => (await start(actors.exitsAfter(50, 3))).exited(),
    seen: { workers: [worker(['exited with 3, tree empty'])] },
  },
  ...(['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR1', 'SIGALRM', 'SIGSEGV', 'SIGPIPE'] as const).map(
    (signal): Case => ({
      name: `${signal} ends what does not mind it`,
      async scenario({ start, note, kernel }) {
        const obedient = await start(actors.obeys);
        note(signal, kernel.signal(obedient.pid, signal));
        await obedient.exited();
      },
      seen: { notes: [`${signal}: "sent"`], workers: [worker([`exited by ${signal}, tree empty`])] },
    }),
  ),
  {
    name: 'signals that do nothing by themselves, in a session without a terminal those that stop among them',
    async scenario(scene) {
      const { start, note, kernel, isAlive } = scene;
      const calm = await start(actors.obeys);
      const harmless: readonly Signal[] = [
        ...(['SIGCHLD', 'SIGCONT', 'SIGURG', 'SIGWINCH'] as const),
        ...(['SIGTSTP', 'SIGTTIN', 'SIGTTOU'] as const),
      ];
      for (const signal of harmless) note(signal, kernel.signal(calm.pid, signal));
      await roundTrip(scene);
      note('alive', await isAlive(calm.pid));
      note('stopped', scene.stage.isStopped(calm.pid));
      calm.signal('SIGTERM');
      await calm.treeEmpty();
    },
    seen: {
      notes: [
        ...['SIGCHLD', 'SIGCONT', 'SIGURG', 'SIGWINCH', 'SIGTSTP', 'SIGTTIN', 'SIGTTOU'].map(
          (signal) => `${signal}: "sent"`,
        ),
        'alive: true',
        'stopped: false',
      ],
      workers: [ENDED_BY_TERM, PASSER_BY],
    },
  },
  {
    name: 'what is stopped says nothing until it goes on',
    async scenario(scene) {
      const { start, note, kernel } = scene;
      const held = await start(actors.echoes, { stdin: 'pipe' });
      const other = await start(actors.echoes, { stdin: 'pipe' });
      note('SIGSTOP', kernel.signal(-held.pid, 'SIGSTOP'));
      await scene.until('it is stopped', () => scene.stage.isStopped(held.pid));
      await held.stdin.write('hello\n');
      await other.stdin.write('hello\n');
      await other.says('hello');
      note('said while it is stopped', held.wrote());
      note('SIGCONT', kernel.signal(-held.pid, 'SIGCONT'));
      await held.says('hello');
      for (const one of [held, other]) one.stdin.end();
      for (const one of [held, other]) await one.exited();
    },
    seen: {
      notes: ['SIGSTOP: "sent"', 'said while it is stopped: "up\\n"', 'SIGCONT: "sent"'],
      workers: [0, 1].map(() => worker(['exited with 0, tree empty'], 'up\nhello\nover\n')),
    },
  },
  {
    name: 'SIGTERM waits for one that is stopped, and ends it before it goes on',
    async scenario(scene) {
      const { start, note, kernel, isAlive } = scene;
      const held = await start(actors.obeys);
      await stop(scene, held);
      note('SIGTERM', kernel.signal(held.pid, 'SIGTERM'));
      await roundTrip(scene);
      note('alive', await isAlive(held.pid));
      note('SIGCONT', kernel.signal(held.pid, 'SIGCONT'));
      await held.exited();
    },
    seen: {
      notes: ['SIGSTOP: "sent"', 'SIGTERM: "sent"', 'alive: true', 'SIGCONT: "sent"'],
      workers: [worker(['exited by SIGTERM, tree empty']), PASSER_BY],
    },
  },
  {
    name: 'a signal that comes twice while one is stopped is one signal',
    async scenario(scene) {
      const { start, kernel } = scene;
      const held = await start(actors.countsTerms);
      await stop(scene, held);
      for (const signal of ['SIGTERM', 'SIGTERM'] as const) kernel.signal(held.pid, signal);
      await roundTrip(scene);
      kernel.signal(held.pid, 'SIGCONT');
      await held.says('term');
      await roundTrip(scene);
      held.signal('SIGKILL');
      await held.treeEmpty();
    },
    seen: {
      notes: ['SIGSTOP: "sent"'],
      workers: [worker(['exited by SIGKILL', 'tree empty'], 'up\nterm\n'), PASSER_BY, PASSER_BY],
    },
  },
  {
    name: 'SIGKILL does not wait for one that is stopped',
    async scenario(scene) {
      const held = await scene.start(actors.obeys);
      await stop(scene, held);
      held.signal('SIGKILL');
      await held.treeEmpty();
    },
    seen: { notes: ['SIGSTOP: "sent"'], workers: [ENDED_BY_KILL] },
  },
  {
    name: 'one that stops itself hears nothing of SIGTERM, and ends by SIGKILL',
    async scenario(scene) {
      const hung = await scene.start(actors.hangs);
      await scene.until('it is stopped', () => scene.stage.isStopped(hung.pid));
      hung.signal('SIGTERM');
      await roundTrip(scene);
      scene.note('alive', await scene.isAlive(hung.pid));
      hung.signal('SIGKILL');
      await hung.treeEmpty();
    },
    seen: { notes: ['alive: true'], workers: [ENDED_BY_KILL, PASSER_BY] },
  },
  {
    name: 'one that stops itself goes on by SIGCONT, and obeys again',
    async scenario({ start, stage, until, note, kernel }) {
      const hung = await start(actors.hangs);
      await until('it is stopped', () => stage.isStopped(hung.pid));
      note('SIGCONT', kernel.signal(hung.pid, 'SIGCONT'));
      await until('it goes on', () => !stage.isStopped(hung.pid));
      hung.signal('SIGTERM');
      await hung.treeEmpty();
    },
    seen: { notes: ['SIGCONT: "sent"'], workers: [ENDED_BY_TERM] },
  },
];
