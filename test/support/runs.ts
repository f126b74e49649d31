/** Dead and living runs made by hand: a state directory with run files, and real processes that carry their marks. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { onTestFinished } from 'vitest';
import type { ProcessIdentity } from '../../src/os/identity.ts';
import type { ActiveRecord, RunFile, WorkerRecord } from '../../src/registry/run-file.ts';
import { isAlive, processesOfRun, startTimeOf, until } from './processes.ts';

/** Read here, and not by the code that is tested. */
export const HERE = {
  bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
  pidNamespace: readlinkSync('/proc/self/ns/pid'),
} as const;

let lastRun = 0;

/** A run ID of a run that began a moment ago, and that no other test has. */
export function someRunId(ageMs = 0): string {
  lastRun += 1;
  return `${Date.now() * 1_000 - ageMs * 1_000}_test${process.pid}n${lastRun}`;
}

/** The identity of a process that is alive now. */
export function identityNow(pid: number): ProcessIdentity {
  const startTime = startTimeOf(pid);
  if (startTime === undefined) throw new Error(`process ${pid} is gone`);
  return { ...HERE, pid, startTime };
}

/** An identity that nobody has: our pid, at a time when we were not born yet. */
export const deadIdentity = (): ProcessIdentity => ({ ...HERE, pid: process.pid, startTime: 1 });

export interface Spawned {
  readonly pid: number;
  readonly process: ChildProcess;
  /** It is dead and reaped. */
  readonly gone: Promise<void>;
}

/** A child of the test in a session of its own; it and its like-marked kin are killed when the test is over. */
export async function spawned(
  script: string,
  mark: { runId: string; workerId: string } | undefined,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<Spawned> {
  const marks = mark === undefined ? {} : { REEVE_RUN_ID: mark.runId, REEVE_WORKER_ID: mark.workerId };
  const child = spawn('/bin/sh', ['-c', script], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...environment, ...marks },
  });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const pid = child.pid!;
  let said = '';
  child.stdout.on('data', (bytes) => {
    said += bytes;
  });
  onTestFinished(async () => {
    for (const one of mark === undefined ? [] : processesOfRun(mark.runId)) kill(one);
    child.kill('SIGKILL');
    await gone;
    child.stdout.destroy();
  });
  await until('the process says that it is up', () => said.includes('up'));
  return { pid, process: child, gone };
}

/** Not an error when it is gone already. */
export function kill(pid: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** What a worker's shell does: says that it is up, in the manner that its name tells. */
export const scripts = {
  obedient: 'echo up; exec sleep 1100',
  ignoresTerm: 'trap "" TERM; echo up; exec sleep 1101',
  withSetsidGrandchild: 'setsid sleep 1102 & echo up; exec sleep 1103',
  withDaemon: '(setsid sh -c "sleep 1104 </dev/null >/dev/null 2>&1 & exit" &) ; echo up; exec sleep 1105',
  withStubbornGrandchild:
    'setsid sh -c "trap : HUP; trap \\"\\" TERM; exec sleep 1106" & echo up; exec sleep 1107',
} as const;

export function activeRecord(workerId: string, process: ProcessIdentity, settled = false): ActiveRecord {
  return {
    state: 'active',
    workerId,
    id: workerId.replace(/:.*/, ''),
    path: `services/${workerId.replace(/:.*/, '')}`,
    command: 'sleep',
    process,
    session: process.pid,
    group: process.pid,
    lifecycle: 'running',
    settled,
  };
}

export const reservedRecord = (workerId: string): WorkerRecord => ({
  state: 'reserved',
  workerId,
  id: workerId,
  path: `services/${workerId}`,
  command: 'sleep',
});

/** The file of a run whose host and forker are dead, unless told otherwise. */
export function runFile(
  runId: string,
  workers: readonly WorkerRecord[],
  rest: Partial<RunFile> = {},
): RunFile {
  return {
    version: 1,
    runId,
    name: 'test',
    host: { ...deadIdentity(), userId: process.geteuid!(), machine: hostname() },
    forker: deadIdentity(),
    orphanGrace: 300,
    births: 64,
    workers: Object.fromEntries(workers.map((record) => [record.workerId, record])),
    ...rest,
  };
}

/** Puts a run's file where a sweep looks; returns its path. */
export function putRunFile(stateDirectory: string, runId: string, content: RunFile | string): string {
  mkdirSync(`${stateDirectory}/runs`, { recursive: true, mode: 0o700 });
  const path = `${stateDirectory}/runs/${runId}.json`;
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content), { mode: 0o600 });
  return path;
}

/** What a run's file says of its workers, by worker ID; none while there is no file. */
export function recordsOf(stateDirectory: string, runId: string): readonly WorkerRecord[] {
  try {
    const file = JSON.parse(readFileSync(`${stateDirectory}/runs/${runId}.json`, 'utf8')) as RunFile;
    return Object.values(file.workers);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** The host writes a little behind what happens: waits until so many processes are known on disk. */
export const untilRecorded = (stateDirectory: string, runId: string, count: number): Promise<true> =>
  until(`${count} processes are recorded`, () => {
    const active = recordsOf(stateDirectory, runId).filter(({ state }) => state === 'active');
    return active.length === count;
  }) as Promise<true>;

/** The names in a directory below the state directory; none when it is not there. */
export function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory).sort();
  } catch {
    return [];
  }
}

/** Freezes them first, so that none sees the other die; resolves when all are dead. */
export async function killTogether(...pids: readonly number[]): Promise<void> {
  for (const pid of pids) kill(pid, 'SIGSTOP');
  for (const pid of pids) kill(pid);
  await until('the killed are dead', () => !pids.some(isAlive));
}
