/** How real workers end by themselves, fail to start, and what is kept of their output. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type ChildOptions, type ExitReason, SpawnError } from '../../src/index.ts';
import { openHost, shell, sleeper, startErrorOf } from '../support/host.ts';
import { isAlive, until } from '../support/processes.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const temporary = (child: ChildOptions): ChildOptions => ({ ...child, restart: 'temporary' });

describe('why it ended', () => {
  test.each<[string, string, ExitReason]>([
    ['with code 0', 'exit 0', { kind: 'normal' }],
    ['with another code', 'exit 41', { kind: 'crashed', code: 41, signal: null }],
    ['by a signal', 'kill -SEGV $$', { kind: 'crashed', code: null, signal: 'SIGSEGV' }],
    ['by a SIGTERM that is not ours', 'kill -TERM $$', { kind: 'crashed', code: null, signal: 'SIGTERM' }],
    ['by a SIGKILL that is not ours', 'kill -KILL $$', { kind: 'killed' }],
  ])('%s', async (_, script, reason) => {
    const host = await openHost();
    await host.supervise([temporary(shell('w', script))]);
    expect(await host.exitOf('s/w')).toEqual(reason);
    expect(host.exits()).toEqual(['s/w']);
  });
});

describe('its output', () => {
  test('is read to the last line, and its end kept', async () => {
    const host = await openHost();
    const supervisor = await host.supervise([
      temporary(shell('w', 'seq 1 20000; echo sorry >&2; printf "the end"; exit 1')),
    ]);
    await host.exitOf('s/w');
    expect(supervisor.tail('w')).toMatch(/\n19999\n20000\nthe end$/);
    expect(supervisor.tail('w').length).toBe(64 * 1_024);
    expect(supervisor.tail('w', 'stderr')).toBe('sorry\n');
    expect(host.lines.filter((line) => /^\d+$/.test(line))).toHaveLength(20_000);
    expect(host.lines).toContain('the end');
  });

  test('held open by somebody else does not hold up the news of its exit', async () => {
    const host = await openHost();
    const holder = 'setsid sh -c \'trap "" TERM; echo "holder $$"; exec sleep 1000\' &';
    const supervisor = await host.supervise([
      temporary({ ...shell('w', `${holder} echo up; exec sleep 1001`), ready: { log: 'holder' } }),
    ]);
    const holderPid = Number((await host.line('holder')).slice('holder '.length));
    await host.line('up');
    process.kill(supervisor.whichChildren()[0]!.pid!, 'SIGKILL');
    expect(await host.exitOf('s/w')).toEqual({ kind: 'killed' });
    expect(isAlive(holderPid)).toBe(true);
    expect(supervisor.tail('w')).toContain('up\n');
    await until('the holder is ended as a straggler', () => !isAlive(holderPid));
  });

  test('written right before the exit is kept, though somebody holds the stream', async () => {
    const host = await openHost();
    const supervisor = await host.supervise([
      temporary(shell('w', 'setsid sleep 1000 & echo last words; exit 3')),
    ]);
    expect(await host.exitOf('s/w')).toEqual({ kind: 'crashed', code: 3, signal: null });
    expect(supervisor.tail('w')).toBe('last words\n');
  });

  test('goes into files that are appended to, for nobody else to read; and input comes from one', async () => {
    const directory = temporaryDirectory();
    const [input, output, errors] = ['in', 'out', 'err'].map((name) => `${directory}/${name}`);
    writeFileSync(input!, 'given\n');
    writeFileSync(output!, 'before\n');
    const host = await openHost();
    const supervisor = await host.supervise([
      temporary({
        ...shell('w', 'cat; echo complaint >&2'),
        stdin: { file: input! },
        stdout: { file: output! },
        stderr: { file: errors! },
      }),
    ]);
    expect(await host.exitOf('s/w')).toEqual({ kind: 'normal' });
    expect(readFileSync(output!, 'utf8')).toBe('before\ngiven\n');
    expect(readFileSync(errors!, 'utf8')).toBe('complaint\n');
    expect(statSync(errors!).mode & 0o777).toBe(0o600);
    expect(supervisor.tail('w')).toBe('');
    expect(host.lines).toEqual([]);
  });
});

test('it gets its arguments, its directory and its variables, and loses those that are taken away', async () => {
  const directory = temporaryDirectory();
  const host = await openHost();
  await host.supervise([
    {
      id: 'w',
      command: 'sh',
      args: [
        '-c',
        'printf "%s|" "$1" "$(pwd -P)" "$GIVEN" "$(env | grep -c ^HOME=)"; echo',
        'sh',
        'two words',
      ],
      cwd: directory,
      env: { GIVEN: 'a=b', HOME: undefined },
      restart: 'temporary',
    },
  ]);
  expect(await host.line('two words')).toBe(`two words|${directory}|a=b|0|`);
});

describe('a process that cannot be started', () => {
  const directory = '/no/such/directory';

  test.each<[string, Partial<ChildOptions>, object]>([
    ['no such program', { command: '/no/such/program' }, { phase: 'exec', code: 'ENOENT' }],
    ['not a program', { command: '/etc/passwd' }, { phase: 'exec', code: 'EACCES' }],
    ['no such directory', { cwd: directory }, { phase: 'cwd', code: 'ENOENT' }],
    ['a directory that is none', { cwd: '/etc/passwd' }, { phase: 'cwd', code: 'ENOTDIR' }],
    ['no such input', { stdin: { file: `${directory}/in` } }, { phase: 'streams', code: 'ENOENT' }],
  ])('%s: the start fails with a SpawnError for its cause', async (_, more, facts) => {
    const host = await openHost();
    const child = { ...sleeper('w'), ...more };
    const error = await startErrorOf(host.supervise([child]));
    expect(error.path).toBe('s/w');
    expect(error.cause).toBeInstanceOf(SpawnError);
    expect(error.cause).toMatchObject({ ...facts, command: child.command });
    expect((error.cause as SpawnError).errno).toBeLessThan(0);
    expect(error.message).toBe(`'s/w' did not start: ${(error.cause as SpawnError).message}`);
    expect(await host.exitOf('s/w')).toEqual({ kind: 'spawn-failed', error: error.cause });
    await host.supervise([sleeper('w')]); // the host lives, and the name is free
  });
});
