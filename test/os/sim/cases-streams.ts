/** What processes read and write. */
import * as actors from '../../support/fidelity/actors.ts';
import { type Case, worker } from './case.ts';

export const STREAMS: readonly Case[] = [
  {
    name: 'a line on standard output and a newline on descriptor 3 tell that it is ready',
    async scenario({ start, until }) {
      const ready = await start(actors.getsReady, { stderr: 'pipe', fd3: 'pipe' });
      await until('it has written', () => ready.wrote('fd3') === '\n' && ready.wrote('stderr') === 'but\n');
      ready.signal('SIGTERM');
      await ready.treeEmpty();
    },
    seen: {
      workers: [
        {
          events: ['spawned', 'exited by SIGTERM', 'tree empty'],
          wrote: { stdout: 'ready\nup\n', stderr: 'but\n', fd3: '\n' },
        },
      ],
    },
  },
  {
    name: 'what is not asked for is not there',
    async scenario({ spawn, note }) {
      const silent = await spawn(actors.silent, { stdout: 'ignore' });
      note('streams', Object.values(silent.streams).filter((stream) => stream !== undefined).length);
      silent.signal('SIGKILL');
      await silent.treeEmpty();
    },
    seen: {
      notes: ['streams: 0'],
      workers: [{ events: ['spawned', 'exited by SIGKILL', 'tree empty'], wrote: {} }],
    },
  },
  {
    name: 'one that closes its streams lives on',
    async scenario({ start, until, note, isAlive }) {
      const closed = await start(actors.closesItsStreams, { stdin: 'pipe', stderr: 'pipe', fd3: 'pipe' });
      await until('all have ended', () => closed.ended() && closed.ended('stderr') && closed.ended('fd3'));
      const refused = () =>
        closed.stdin.write('anybody?').then(
          () => false,
          () => true,
        );
      await until('nobody reads', refused);
      note('alive', await isAlive(closed.pid));
      closed.signal('SIGTERM');
      await closed.treeEmpty();
    },
    seen: {
      notes: ['alive: true'],
      workers: [
        {
          events: ['spawned', 'exited by SIGTERM', 'tree empty'],
          wrote: { stdout: 'up\n', stderr: '', fd3: '' },
        },
      ],
    },
  },
  {
    name: 'what is written to standard input is read in order, and its end is an end',
    async scenario({ start }) {
      const echo = await start(actors.echoes, { stdin: 'pipe' });
      for (const word of ['one\n', 'two\n', 'three\n', 'four\n']) await echo.stdin.write(word);
      await echo.stdin.write(new TextEncoder().encode('five\n'));
      echo.stdin.end();
      await echo.exited();
    },
    seen: {
      workers: [worker(['exited with 0, tree empty'], 'up\none\ntwo\nthree\nfour\nfive\nover\n')],
    },
  },
  {
    name: 'a character whose bytes come one by one is one character, and a byte order mark is no less than others',
    async scenario({ start }) {
      const echo = await start(actors.echoes, { stdin: 'pipe' });
      for (const byte of new TextEncoder().encode('\ufeffä€')) await echo.stdin.write(Uint8Array.of(byte));
      await echo.stdin.write('\ufeff\n');
      echo.stdin.end();
      await echo.exited();
    },
    seen: { workers: [worker(['exited with 0, tree empty'], 'up\n\ufeffä€\ufeff\nover\n')] },
  },
  {
    name: 'what is written before anybody reads waits for its reader',
    async scenario({ spawn }) {
      const late = await spawn(actors.readsLate, { stdin: 'pipe' });
      await late.stdin.write('this\n');
      await late.says('read this');
      late.signal('SIGTERM');
      await late.treeEmpty();
    },
    seen: { workers: [worker(['exited by SIGTERM', 'tree empty'], 'up\nread this\n')] },
  },
  {
    name: 'writing to one who is gone is an error',
    async scenario({ start, until }) {
      const gone = await start(actors.exits(0), { stdin: 'pipe' });
      await gone.exited();
      const refused = () =>
        gone.stdin.write('anybody?').then(
          () => false,
          () => true,
        );
      await until('a write fails', refused);
    },
    seen: { workers: [worker(['exited with 0, tree empty'])] },
  },
  {
    name: 'a host that forks itself closes the input of a dead worker, whoever else reads it',
    kinds: ['direct'],
    async scenario({ start, until }) {
      const leader = await start(actors.doubleForksScrubbed, { stdin: 'pipe' });
      leader.signal('SIGTERM');
      await leader.says('left alone');
      await until('its daemon has ended', () => leader.ended());
    },
    seen: { workers: [worker(['exited by SIGTERM', 'tree empty'], 'up\nleft alone\n')] },
  },
  {
    name: 'one that writes what nobody will read ends by SIGPIPE',
    async scenario({ start, until }) {
      const grumbler = await start(actors.grumbles, { stdin: 'pipe', stderr: 'pipe' });
      grumbler.streams.stderr!.destroy();
      await until('its end is told', () => grumbler.ended('stderr'));
      await grumbler.stdin.write('go\n');
      await grumbler.exited();
    },
    seen: {
      workers: [
        { events: ['spawned', 'exited by SIGPIPE, tree empty'], wrote: { stdout: 'up\n', stderr: '' } },
      ],
    },
  },
];
