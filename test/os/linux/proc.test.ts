/** What /proc says about real processes: huge environments, strange names, the dead and the vanished. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { linuxKernel } from '../../../src/os/linux/linux-kernel.ts';
import {
  parseCookies,
  parseStat,
  readCommandLine,
  readLastPid,
  readProcessCookies,
  readStat,
  readUserId,
} from '../../../src/os/linux/proc.ts';
import { until } from '../../support/processes.ts';
import { temporaryDirectory } from '../../support/temporary.ts';

/** Larger than any pid: /proc/sys/kernel/pid_max is 2^22 at most. */
const NO_PID = 2 ** 22 + 1;

/** Started in a group of its own, which ends with the test. */
function start(command: string, args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'ignore'], detached: true });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  onTestFinished(async () => {
    process.kill(-child.pid!, 'SIGKILL');
    await exited;
  });
  return child;
}

const sleeping = (env: Record<string, string>) => start('/bin/sleep', ['1000'], env).pid!;

describe('parseStat', () => {
  test.each([
    ['a space', 'tmux: server'],
    ['a closing parenthesis', 'a) Z 1 2 3'],
    ['a newline', 'a\n)b'],
    ['nothing', ''],
  ])('reads a name with %s', (_, name) => {
    const text = `7 (${name}) S 10 11 12 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4242 9 9 9\n`;
    expect(parseStat(text)).toEqual({
      ...{ zombie: false, dying: false, exiting: false, kernelThread: false },
      ...{ parent: 10, group: 11, session: 12, startTime: 4242 },
    });
  });

  test.each([
    ['R', true],
    ['D', true],
    ['Z', false],
  ])('state %s amid its end', (state, exiting) => {
    expect(parseStat(`7 (a) ${state} 10 11 12 0 -1 4194564 1 2 3 4 5 6 7 8 20 0 1 0 4242 9`)).toMatchObject({
      exiting,
    });
  });

  test.each([
    ['Z', true],
    ['X', true],
    ['S', false],
    ['T', false],
    ['D', false],
  ])('state %s', (state, zombie) => {
    const withThreads = (count: number) =>
      parseStat(`7 (a) ${state} 10 11 12 0 -1 0 1 2 3 4 5 6 7 8 20 0 ${count} 0 4242 9`);
    expect(withThreads(1)).toMatchObject({ zombie, dying: false });
    expect(withThreads(2)).toMatchObject({ zombie: false, dying: zombie });
  });
});

describe('parseCookies', () => {
  const cookiesIn = (...lines: readonly string[]) =>
    parseCookies(Buffer.from(lines.map((line) => `${line}\0`).join('')));

  test('finds the mark of run and worker', () => {
    expect(cookiesIn('A=b', 'REEVE_WORKER_ID=w', 'REEVE_RUN_ID=1_a')).toEqual([
      { runId: '1_a', workerId: 'w' },
    ]);
  });

  test('takes an equals sign for part of the value', () => {
    expect(cookiesIn('REEVE_RUN_ID=1_a', 'REEVE_WORKER_ID=a=b')).toEqual([{ runId: '1_a', workerId: 'a=b' }]);
  });

  test('finds the marks of the runs around it', () => {
    const marks = cookiesIn('REEVE_RUN_ID=2_b', 'REEVE_WORKER_ID=x', 'REEVE_OUTER_IDS=1_a/s/w 0_z/');
    expect(marks).toEqual([
      { runId: '2_b', workerId: 'x' },
      { runId: '1_a', workerId: 's/w' },
      { runId: '0_z', workerId: '' },
    ]);
  });

  test('is not taken in by names that only end or begin like ours', () => {
    expect(cookiesIn('MY_REEVE_RUN_ID=1_a', 'REEVE_RUN_IDS=1_a', 'A=\nREEVE_RUN_ID=1_a')).toEqual([]);
  });

  test('takes an empty run ID for none', () => {
    expect(cookiesIn('REEVE_RUN_ID=', 'REEVE_WORKER_ID=w')).toEqual([]);
  });

  test('finds none in an empty environment', () => {
    expect(parseCookies(Buffer.alloc(0))).toEqual([]);
  });
});

describe('a living process', () => {
  test('is read', async () => {
    const pid = sleeping({ REEVE_RUN_ID: '1_a', REEVE_WORKER_ID: 'w' });
    await until('it has executed', () => readCommandLine(pid) === '/bin/sleep 1000');
    expect(readStat(pid)).toMatchObject({ zombie: false, parent: process.pid });
    expect(readProcessCookies(pid)).toEqual([{ runId: '1_a', workerId: 'w' }]);
    expect(readUserId(pid)).toBe(process.geteuid!());
  });

  test('is read though its name looks like fields', async () => {
    const name = 'x) Z 1 1 (';
    const rename =
      'import sys,time; open("/proc/self/comm","w").write(sys.argv[1]); print(1,flush=True); time.sleep(1000)';
    const child = start('python3', ['-c', rename, name], { PATH: process.env.PATH! });
    await new Promise((resolve) => child.stdout!.once('data', resolve));
    expect(readFileSync(`/proc/${child.pid}/comm`, 'utf8')).toBe(`${name}\n`);
    expect(readStat(child.pid!)).toMatchObject({ zombie: false, parent: process.pid });
  });

  test.each([4_096, 64 * 1_024 - 20, 64 * 1_024, 100_000])(
    'is known by a mark behind %i bytes of environment',
    async (size) => {
      const pid = sleeping({ FILLING: 'x'.repeat(size), REEVE_RUN_ID: '1_a', REEVE_WORKER_ID: 'w' });
      await until('it is marked', () => (readProcessCookies(pid) ?? []).length > 0);
      expect(readProcessCookies(pid)).toEqual([{ runId: '1_a', workerId: 'w' }]);
    },
  );

  test('is known by a mark behind a megabyte, and the next one by its own', async () => {
    const filling = Object.fromEntries(Array.from({ length: 11 }, (_, n) => [`F${n}`, 'x'.repeat(100_000)]));
    const large = sleeping({ ...filling, REEVE_RUN_ID: '1_a', REEVE_WORKER_ID: 'w' });
    const small = sleeping({ A: 'b' });
    await until('it is marked', () => (readProcessCookies(large) ?? []).length > 0);
    await until('it has executed', () => readCommandLine(small) === '/bin/sleep 1000');
    expect(readProcessCookies(large)).toEqual([{ runId: '1_a', workerId: 'w' }]);
    expect(readProcessCookies(small)).toEqual([]);
  });

  test('has a command line of at most 4,096 characters', async () => {
    const pid = start('/bin/sh', ['-c', 'sleep 1000; :', 'x'.repeat(10_000)]).pid!;
    await until('it has executed', () => readCommandLine(pid).startsWith('/bin/sh'));
    expect(readCommandLine(pid)).toHaveLength(4_096);
  });
});

test('a zombie is one, and has no environment', async () => {
  // The shell becomes a sleep, which does not reap the child that the shell had; the shell would have.
  const child = start('/bin/sh', ['-c', 'sleep 1000 & echo $!; exec sleep 2000'], {
    PATH: process.env.PATH!,
  });
  const printed = await new Promise((resolve) => child.stdout!.once('data', resolve));
  const pid = Number(String(printed));
  await until('the shell is a sleep', () => readCommandLine(child.pid!) === 'sleep 2000');
  process.kill(pid, 'SIGKILL');
  await until('it is dead', () => readStat(pid)?.zombie === true);
  expect(readStat(pid)).toMatchObject({ parent: child.pid });
  expect(readProcessCookies(pid) ?? []).toEqual([]);
  expect(await linuxKernel().sight(pid)).toMatchObject({ pid, zombie: true });
});

test('one that executes programs one after another is never seen without its marks', async () => {
  const directory = temporaryDirectory();
  writeFileSync(`${directory}/again`, '#!/bin/sh\nexec "$0"\n', { mode: 0o755 });
  const pid = start(`${directory}/again`, [], { REEVE_RUN_ID: '1_a', REEVE_WORKER_ID: 'w' }).pid!;
  const kernel = linuxKernel();
  for (let look = 0; look < 3_000; look += 1) {
    expect((await kernel.sight(pid))?.cookies).toEqual([{ runId: '1_a', workerId: 'w' }]);
  }
});

test('one whose first thread has ended lives while another does, and its marks are read', async () => {
  const leaves = [
    'import ctypes, sys, threading, time',
    'threading.Thread(target=lambda: time.sleep(1000)).start()',
    'print("up", flush=True)',
    'ctypes.CDLL(None).pthread_exit(None)',
  ];
  const env = { PATH: process.env.PATH!, REEVE_RUN_ID: '1_a', REEVE_WORKER_ID: 'w' };
  const { pid } = start('python3', ['-c', leaves.join('\n')], env);
  const kernel = linuxKernel();
  await until('its first thread has ended', async () => (await kernel.sight(pid!))?.dying);
  expect(await kernel.sight(pid!)).toMatchObject({
    zombie: false,
    cookies: [{ runId: '1_a', workerId: 'w' }],
  });
  expect(readProcessCookies(pid!) ?? []).toEqual([]); // which are not where they are looked for first
});

test('the pid that was given out last is told', () => {
  const before = readLastPid();
  const { pid } = spawnSync('/bin/true');
  expect(before).not.toBe(pid);
  expect(readLastPid()).not.toBe(before); // whose number it is nobody knows: others are born too, and pids come round
});

test('a pid that nobody has gives nothing', async () => {
  expect(readStat(NO_PID)).toBeUndefined();
  expect(readProcessCookies(NO_PID)).toBeUndefined();
  expect(readUserId(NO_PID)).toBeUndefined();
  expect(readCommandLine(NO_PID)).toBe('');
  const kernel = linuxKernel();
  expect(await kernel.sight(NO_PID)).toBeUndefined();
  expect(await kernel.inspect(NO_PID)).toBeUndefined();
  expect(await kernel.startTimeOf(NO_PID)).toBeUndefined();
  expect(kernel.signal(NO_PID, 'SIGTERM')).toBe('gone');
  expect(kernel.groupExists(NO_PID)).toBe(false);
});

test('a process that was reaped gives nothing', async () => {
  const child = spawn('/bin/true');
  const pid = child.pid!;
  await new Promise((resolve) => child.once('exit', resolve));
  expect(readStat(pid)).toBeUndefined();
});

test('pid 1, no pid and whole groups of everything are never signalled', () => {
  const kernel = linuxKernel();
  for (const pid of [1, 0, -1, Number.NaN, 1.5]) {
    expect(() => kernel.signal(pid, 'SIGCONT')).toThrow(RangeError);
  }
});

test('the start time of one born now lies between two looks at the clock', () => {
  const kernel = linuxKernel();
  const before = kernel.startTimeNow();
  const startTime = readStat(sleeping({}))!.startTime;
  const after = kernel.startTimeNow();
  expect(startTime).toBeGreaterThanOrEqual(before);
  expect(startTime).toBeLessThanOrEqual(after);
});

test('a census holds ourselves and our children', async () => {
  const pid = sleeping({});
  const pids = (await linuxKernel().census()).map((sighting) => sighting.pid);
  expect(pids).toContain(process.pid);
  expect(pids).toContain(pid);
});

test('a census that has to be broken off is a failure, and no more than that', () => {
  const fixture = fileURLToPath(new URL('../../fixtures/census-cut-short.mjs', import.meta.url));
  const args = ['--nofile=64', process.execPath, fixture];
  const { status, stdout, stderr } = spawnSync('prlimit', args, { encoding: 'utf8', timeout: 20_000 });
  expect({ status, stdout }, stderr).toEqual({ status: 0, stdout: 'EMFILE\ngoes on\n' });
});
