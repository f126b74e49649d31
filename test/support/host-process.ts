/** A host in a process of its own, so that a test can kill it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { ChildInfo, HostOptions, SupervisorOptions, SweepReport, TimedEvent } from '../../src/index.ts';
import { proc, processesOfRun, until } from './processes.ts';

interface Started {
  readonly runId: string;
  readonly pid: number;
  readonly sweepReport: SweepReport;
}

export interface HostProcess extends Started {
  readonly process: ChildProcess;
  readonly children: readonly ChildInfo[];
  readonly events: readonly TimedEvent[];
  readonly forkerPid: () => number;
  /** Waits until an event satisfies `test`. */
  event<T extends TimedEvent['type']>(
    type: T,
    test?: (event: Extract<TimedEvent, { type: T }>) => boolean,
  ): Promise<Extract<TimedEvent, { type: T }>>;
  send(command: 'stop' | 'throw' | 'exit' | 'end'): void;
  readonly exited: Promise<{ code: number | null; signal: string | null }>;
  readonly stderr: () => string;
}

const FIXTURE = fileURLToPath(new URL('../fixtures/host.mjs', import.meta.url));

/** Resolves when all its children are ready. Whatever is left of its run when the test is over is killed. */
export async function startHostProcess(
  options: HostOptions,
  supervisors: readonly SupervisorOptions[] = [],
  wrapper: readonly string[] = [],
): Promise<HostProcess> {
  const [command, ...args] = [
    ...wrapper,
    process.execPath,
    FIXTURE,
    JSON.stringify({ options, supervisors }),
  ];
  const child = spawn(command!, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const exited = new Promise<{ code: number | null; signal: string | null }>((resolve) =>
    child.once('exit', (code, signal) => resolve({ code, signal })),
  );
  const events: TimedEvent[] = [];
  let started: Started | undefined;
  let children: readonly ChildInfo[] | undefined;
  let stderr = '';
  child.stderr.on('data', (bytes) => {
    stderr += bytes;
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    const message = JSON.parse(line);
    if (message.tell === 'event') events.push(message.event);
    if (message.tell === 'started') started = message;
    if (message.tell === 'ready') children = message.children;
  });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exited;
    for (const pid of started === undefined ? [] : processesOfRun(started.runId)) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // it went by itself
      }
    }
  });
  let over = false;
  void exited.then(() => {
    over = true;
  });
  await until(
    'the host is ready',
    () => {
      if (over && children === undefined) throw new Error(`the host ended: ${stderr}`);
      return children !== undefined;
    },
    30_000,
  );
  return {
    ...started!,
    process: child,
    children: children!,
    events,
    exited,
    stderr: () => stderr,
    forkerPid: () =>
      events.findLast((event) => event.type === 'forker.started')?.pid ?? forkerOf(started!.runId),
    event: (type, test = () => true) =>
      until(
        `an event '${type}'`,
        () => events.find((event) => event.type === type && test(event as never)) as never,
        15_000,
      ),
    send: (text) => void child.stdin.write(`${text}\n`),
  };
}

/** The process that carries the run's mark and no worker's. */
function forkerOf(runId: string): number {
  const pids = processesOfRun(runId);
  const pid = pids.find((candidate) => isForker(candidate));
  if (pid === undefined) throw new Error('no forker is alive');
  return pid;
}

const isForker = (pid: number): boolean =>
  (proc(pid, 'environ') ?? '').split('\0').includes('REEVE_WORKER_ID=');
