/** What processes write goes through FIFOs, used again and again, and never by two at a time. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { isAlive, processesOfRun, until } from '../support/processes.ts';
import { type BornProcess, openRun, type TestRun } from '../support/spawner.ts';
import { takeAway, temporaryDirectory } from '../support/temporary.ts';

const FIXTURE = fileURLToPath(new URL('../fixtures/dies-after-an-order.mjs', import.meta.url));
const directoryOf = (run: TestRun) => join(run.directory, 'run.fifos');
const stdoutOf = ({ pid }: { pid: number }) => readlinkSync(`/proc/${pid}/fd/1`);
const sleeper = (run: TestRun) => run.spawn('/bin/sleep', ['1000'], { stdout: 'pipe' }).born();

async function usedUp(run: TestRun): Promise<BornProcess> {
  const child = await run.sh('echo over');
  await child.exited();
  await until('its output has ended', () => child.stdoutEnded());
  return child;
}

test('standard output is a FIFO, for its owner alone', async () => {
  const run = await openRun('forker');
  const path = stdoutOf(await sleeper(run));
  expect(path.startsWith(`${directoryOf(run)}/`)).toBe(true);
  expect(statSync(path).isFIFO()).toBe(true);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(directoryOf(run)).mode & 0o777).toBe(0o700);
});

test('standard output can be opened by its name', async () => {
  const run = await openRun('forker');
  const child = await run.sh('echo by name > /dev/stdout');
  await child.line(/by name/);
});

test('they are used again: hundreds of births need no more than the first batch', async () => {
  const run = await openRun('forker');
  const before = readdirSync(directoryOf(run)).sort();
  for (let birth = 0; birth < 200; birth += 1) await usedUp(run);
  expect(readdirSync(directoryOf(run)).sort()).toEqual(before);
});

test('everyone hears its own process, however many come and go', { timeout: 60_000 }, async () => {
  const run = await openRun('forker');
  const lane = async (name: string) => {
    for (let round = 0; round < 10; round += 1) {
      const word = `${name}.${round}`;
      const child = await run.sh(`echo ${word}; echo ${word} >&2`);
      await child.exited();
      await until('all is heard', () => child.stdoutEnded() && child.stderr() !== '');
      expect([child.stdout(), child.stderr()]).toEqual([`${word}\n`, `${word}\n`]);
    }
  };
  await Promise.all(Array.from({ length: 50 }, (_, index) => lane(String(index))));
});

test('one that a grandchild still holds is given to nobody else', async () => {
  const run = await openRun('forker');
  const child = await run.sh('sleep 1000 & echo $!');
  const grandchild = await child.printedPid();
  const held = stdoutOf({ pid: grandchild });
  await child.exited();
  child.streams.stdout!.destroy();
  await until('it is removed', () => !existsSync(held));
  expect(isAlive(grandchild)).toBe(true);
  const others = await Promise.all(Array.from({ length: 70 }, () => sleeper(run)));
  expect(others.map(stdoutOf)).not.toContain(held);
});

test('who writes to a host that hears no more is told so, as with any pipe', async () => {
  const run = await openRun('forker');
  const child = await run.sh('while echo more; do :; done');
  await child.line(/more/);
  child.streams.stdout!.destroy();
  expect(await child.exited()).toMatchObject({ signal: 'SIGPIPE' });
});

test('the next forker uses them too', async () => {
  const run = await openRun('forker');
  process.kill(run.forkerPid(), 'SIGKILL');
  await until('another forker', () => run.forkerEvents.length === 3, 20_000);
  const children = await Promise.all(Array.from({ length: 70 }, () => sleeper(run)));
  expect(children.every((child) => stdoutOf(child).startsWith(directoryOf(run)))).toBe(true);
  expect(new Set(children.map(stdoutOf)).size).toBe(70);
});

test('they go with their run', async () => {
  const run = await openRun('forker');
  await sleeper(run);
  await run.spawner.close();
  expect(existsSync(directoryOf(run))).toBe(false);
});

test('a forker whose host died before it opened one does not wait for a reader', async () => {
  const directory = temporaryDirectory();
  const runId = `${Date.now()}_fifos`;
  const host = spawn(process.execPath, [FIXTURE, directory, runId], { stdio: ['pipe', 'pipe', 'inherit'] });
  const forker = await forkerOf(host);
  process.kill(forker, 'SIGSTOP');
  host.stdin!.write('now\n');
  expect(await once(host, 'exit')).toEqual([null, 'SIGKILL']);
  process.kill(forker, 'SIGCONT');
  await until('the forker has cleared up', () => !isAlive(forker), 20_000);
  expect(readdirSync(directory)).toEqual(['opened-after-stdout']);
  expect(processesOfRun(runId)).toEqual([]);
});

async function forkerOf(host: ChildProcess): Promise<number> {
  const [line] = await once(createInterface({ input: host.stdout! }), 'line');
  const pid = Number(line);
  onTestFinished(() => {
    host.kill('SIGKILL');
    if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  });
  return pid;
}

describe('sockets take their place', () => {
  const expectSockets = async (run: TestRun) => {
    const children = await Promise.all(Array.from({ length: 10 }, () => sleeper(run)));
    for (const child of children) expect(stdoutOf(child)).toMatch(/^socket:/);
    const child = await run.sh('echo heard; echo apart >&2');
    await child.line(/heard/);
    await until('all is heard', () => child.stderr() === 'apart\n');
  };

  const withPath = async (path: string): Promise<TestRun> => {
    vi.stubEnv('PATH', path);
    try {
      return await openRun('forker');
    } finally {
      vi.unstubAllEnvs();
    }
  };

  test('where there is no program to make them', async () => {
    await expectSockets(await withPath('/none'));
  });

  test('where that program fails', async () => {
    const programs = temporaryDirectory();
    writeFileSync(join(programs, 'mkfifo'), '#!/bin/sh\n: > 1; : > 2; exit 1\n', { mode: 0o755 });
    const run = await withPath(programs);
    await expectSockets(run);
    expect(readdirSync(directoryOf(run))).toEqual([]); // on a small disk they might be the last inodes
  });

  test('where they have been taken away', async () => {
    const run = await openRun('forker');
    takeAway(directoryOf(run));
    await expectSockets(run);
  });
});

test('a birth that fails for want of a file takes no stream from others', async () => {
  const run = await openRun('forker');
  const missing = { stdin: { file: '/none/such' }, fd3: 'pipe' } as const;
  for (let round = 0; round < 20; round += 1) {
    const failing = [1, 2, 3, 4].map(() => run.spawn('/bin/true', [], missing).failed());
    const others = [1, 2, 3, 4, 5, 6].map(() => run.spawn('/bin/true', [], { fd3: 'pipe' }).born());
    for (const failure of await Promise.all(failing)) expect(failure).toMatchObject({ code: 'ENOENT' });
    await Promise.all(others);
  }
});
