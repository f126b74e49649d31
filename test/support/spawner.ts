/** A run on the real operating system: spawns, keeps what it hears, and sees to it that nothing is left. */
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import type { SpawnFailure } from '../../src/errors.ts';
import type { ProcessIdentity } from '../../src/os/identity.ts';
import type { KernelName } from '../../src/os/kernels.ts';
import { nodeOs } from '../../src/os/node-os.ts';
import type {
  ForkerEvent,
  OsProcess,
  OsProcessEvent,
  Spawner,
  SpawnRequest,
  Streams,
} from '../../src/os/os.ts';
import { processesOfRun, until } from './processes.ts';
import { temporaryDirectory } from './temporary.ts';

export type SpawnerKind = 'forker' | 'direct';

type Heard<T extends OsProcessEvent['type']> = Extract<OsProcessEvent, { type: T }>;

export interface TestRun {
  readonly runId: string;
  readonly directory: string;
  readonly spawner: Spawner;
  readonly forkerEvents: readonly ForkerEvent[];
  /** The latest forker's. */
  readonly forkerPid: () => number;
  readonly spawn: (command: string, args?: readonly string[], rest?: Partial<SpawnRequest>) => TestProcess;
  /** Runs a shell script; resolves when it is born. */
  readonly sh: (script: string, rest?: Partial<SpawnRequest>) => Promise<BornProcess>;
}

export interface TestProcess {
  readonly process: OsProcess;
  readonly events: readonly OsProcessEvent[];
  readonly born: () => Promise<BornProcess>;
  readonly failed: () => Promise<SpawnFailure>;
}

export interface BornProcess {
  readonly pid: number;
  readonly identity: ProcessIdentity;
  readonly streams: Streams;
  readonly process: OsProcess;
  readonly events: readonly OsProcessEvent[];
  /** What it has written until now. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly fd3: () => string;
  readonly stdoutEnded: () => boolean;
  readonly exited: () => Promise<Heard<'os.exited'>>;
  /** Its exit was told, and that nothing is left of it: with its exit, or afterwards. */
  readonly treeEmpty: () => Promise<void>;
  /** Waits for a line and gives what matched. */
  readonly line: (pattern: RegExp) => Promise<string>;
  /** Waits for a line that is nothing but a pid. */
  readonly printedPid: () => Promise<number>;
}

let runs = 0;

/** Call it inside a test: at its end the run is closed, and the test fails if a process of it is left. */
export async function openRun(
  kind: SpawnerKind,
  { kernel, orphanGrace = 300 }: { readonly kernel?: KernelName; readonly orphanGrace?: number } = {},
): Promise<TestRun> {
  const directory = temporaryDirectory();
  runs += 1;
  const runId = `${Date.now()}${runs}_${process.pid.toString(36)}`;
  const forkerEvents: ForkerEvent[] = [];
  const spawner = await nodeOs(kernel).processes.openSpawner({
    kind,
    runId,
    socketPath: join(directory, 'run.sock'),
    fifoDirectory: join(directory, 'run.fifos'),
    runFile: join(directory, 'run.json'),
    orphanGrace,
    onForker: (event) => forkerEvents.push(event),
  });
  onTestFinished(async () => {
    await spawner.close();
    expect(processesOfRun(runId)).toEqual([]);
  });
  let lastWorker = 0;
  const spawn: TestRun['spawn'] = (command, args = [], rest = {}) => {
    lastWorker += 1;
    return startIn(spawner, { ...SILENT, workerId: `w${lastWorker}`, command, args, ...rest });
  };
  return {
    runId,
    directory,
    spawner,
    forkerEvents,
    forkerPid: () => forkerEvents.findLast((event) => event.type === 'started')!.identity.pid,
    spawn,
    sh: (script, rest) =>
      spawn('/bin/sh', ['-c', script], { stdout: 'pipe', stderr: 'pipe', ...rest }).born(),
  };
}

const SILENT: Omit<SpawnRequest, 'workerId' | 'command' | 'args'> = {
  cwd: undefined,
  env: {},
  stdin: 'ignore',
  stdout: 'ignore',
  stderr: 'ignore',
  fd3: 'ignore',
};

function startIn(spawner: Spawner, request: SpawnRequest): TestProcess {
  const events: OsProcessEvent[] = [];
  const output = { stdout: '', stderr: '', fd3: '', ended: false };
  const process = spawner.spawn(request, (event) => {
    if (event.type === 'os.settled') return; // it comes when the time has come, whatever a test is about
    events.push(event);
    if (event.type !== 'os.spawned') return;
    const keep = (name: 'stdout' | 'stderr' | 'fd3') => (bytes: Uint8Array) => {
      output[name] += Buffer.from(bytes);
    };
    event.streams.stdout?.listen(keep('stdout'), () => {
      output.ended = true;
    });
    event.streams.stderr?.listen(keep('stderr'), () => {});
    event.streams.fd3?.listen(keep('fd3'), () => {});
  });
  const heard = <T extends OsProcessEvent['type']>(type: T) =>
    until(
      `${request.command} is told of as '${type}' (stderr: ${output.stderr})`,
      () => events.find((event): event is Heard<T> => event.type === type),
      20_000,
    );
  const line = (pattern: RegExp) =>
    until(`it prints ${pattern}`, () => pattern.exec(output.stdout)?.[0], 20_000);
  return {
    process,
    events,
    failed: async () => (await heard('os.spawnFailed')).failure,
    async born() {
      await until('it is born or not', () => events.length > 0, 20_000);
      if (events[0]?.type === 'os.spawnFailed') throw new Error(JSON.stringify(events[0].failure));
      const { identity, streams } = await heard('os.spawned');
      return {
        pid: identity.pid,
        identity,
        streams,
        process,
        events,
        stdout: () => output.stdout,
        stderr: () => output.stderr,
        fd3: () => output.fd3,
        stdoutEnded: () => output.ended,
        exited: () => heard('os.exited'),
        async treeEmpty() {
          if (!(await heard('os.exited')).treeEmpty) await heard('os.treeEmpty');
        },
        line,
        printedPid: async () => Number(await line(/^\d+(?=\n)/m)),
      };
    },
  };
}
