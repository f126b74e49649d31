/** Writing to a worker's standard input. */
import { expect, test } from 'vitest';
import { OptionsError } from '../../src/index.ts';
import { openHost, shell, sleeper } from '../support/host.ts';

test('what is written reaches it, and it can be told that nothing more comes', async () => {
  const host = await openHost();
  const supervisor = await host.supervise([
    { ...shell('w', 'cat; echo over; exit 6'), stdin: 'pipe', restart: 'temporary' },
  ]);
  await supervisor.write('w', 'one\n');
  await host.line('one');
  await supervisor.write('w', new TextEncoder().encode('two\n'));
  supervisor.endInput('w');
  expect(await host.exitOf('s/w')).toEqual({ kind: 'crashed', code: 6, signal: null });
  expect(supervisor.tail('w')).toBe('one\ntwo\nover\n');
});

test('a worker without such an input cannot be written to, nor can one that is dead', async () => {
  const host = await openHost();
  const supervisor = await host.supervise([
    sleeper('deaf'),
    { ...shell('dead', 'read line'), stdin: 'pipe', restart: 'temporary' },
  ]);
  await expect(supervisor.write('deaf', 'x')).rejects.toBeInstanceOf(OptionsError);
  await expect(supervisor.write('nobody', 'x')).rejects.toBeInstanceOf(OptionsError);
  await supervisor.write('dead', 'x\n');
  await host.exitOf('s/dead');
  await expect(supervisor.write('dead', 'y\n')).rejects.toBeInstanceOf(Error);
});

test('a worker whose input nobody ends keeps reading until it is stopped', async () => {
  const host = await openHost();
  const supervisor = await host.supervise([
    { ...shell('w', 'echo up; exec cat'), stdin: 'pipe', ready: { log: 'up' } },
  ]);
  await supervisor.stop();
  expect(await host.exitOf('s/w')).toEqual({
    kind: 'shutdown',
    code: null,
    signal: 'SIGTERM',
    forced: false,
  });
});
