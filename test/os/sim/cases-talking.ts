/** What is seen of processes that say that they are ready, and of those that say a lot. */
import * as actors from '../../support/fidelity/actors-talking.ts';
import { type Case, worker } from './case.ts';

export const TALKING: readonly Case[] = [
  {
    name: 'one that is ready late says so both ways',
    async scenario({ start, until }) {
      const late = await start(actors.getsReadyLate, { fd3: 'pipe' });
      await late.says('ready');
      await until('descriptor 3 tells it, too', () => late.wrote('fd3') !== '');
      late.signal('SIGTERM');
      await late.treeEmpty();
    },
    seen: {
      workers: [
        {
          events: ['spawned', 'exited by SIGTERM', 'tree empty'],
          wrote: { stdout: 'up\nready\n', fd3: '\n' },
        },
      ],
    },
  },
  {
    name: 'one that ends before it is ready never says that it is',
    async scenario({ start, until }) {
      const brief = await start(actors.neverGetsReady, { fd3: 'pipe' });
      await brief.exited();
      await until('it can say no more', () => brief.ended() && brief.ended('fd3'));
    },
    seen: {
      workers: [{ events: ['spawned', 'exited with 3, tree empty'], wrote: { stdout: 'up\n', fd3: '' } }],
    },
  },
  {
    name: 'one that says twice that it is ready is heard twice',
    async scenario({ start, until }) {
      const eager = await start(actors.getsReadyTwice, { fd3: 'pipe' });
      const isAllSaid = () => eager.wrote() === 'up\nready\nready\n' && eager.wrote('fd3') === '\n\n';
      await until('it has said it twice', isAllSaid);
      eager.signal('SIGTERM');
      await eager.treeEmpty();
    },
    seen: {
      workers: [
        {
          events: ['spawned', 'exited by SIGTERM', 'tree empty'],
          wrote: { stdout: 'up\nready\nready\n', fd3: '\n\n' },
        },
      ],
    },
  },
  {
    name: 'one that talks all the time is heard line by line, until it ends',
    async scenario({ start, until }) {
      const talker = await start(actors.chatty);
      talker.abridge((written) => [...new Set(written.split('\n'))].join('\n')); // how often is a matter of moments
      await until('it has said it again', () => talker.wrote().split('\n').length > 10);
      talker.signal('SIGTERM');
      await talker.treeEmpty();
    },
    seen: { workers: [worker(['exited by SIGTERM', 'tree empty'], 'up\nso I said to him, I said\n')] },
  },
  {
    name: 'all of a flood is read, in order',
    async scenario({ start }) {
      const flood = await start(actors.floods);
      flood.abridge((written) => written.replace(/x+/g, (run) => `${run.length} times x`));
      await flood.says('over');
      flood.signal('SIGTERM');
      await flood.treeEmpty();
    },
    seen: {
      workers: [worker(['exited by SIGTERM', 'tree empty'], `up\n${actors.FLOOD} times x\nover\n`)],
    },
  },
];
