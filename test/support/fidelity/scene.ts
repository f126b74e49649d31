/** Plays a scenario on a stage, through the port alone, and keeps what is seen: no pids, and no times. */
import type { Kernel, Sighting, Signal, SpawnRequest, Streams } from '../../../src/os/os.ts';
import { Recorder } from './recorder.ts';
import type { Actor, Kind, Stage } from './stage.ts';

/** What a scenario was seen to do. The same on every kernel, or one of them is wrong. */
export interface Observation {
  /** What the scenario noted, in its order. */
  readonly notes: readonly string[];
  readonly workers: readonly WorkerSeen[];
  /** What the forker's host was told. */
  readonly forker: readonly string[];
  /** How many processes `close()` could not end, and how many were alive when it had ended. */
  readonly left: readonly [number, number];
}

export interface WorkerSeen {
  readonly events: readonly string[];
  /** What it wrote, until the end of each stream. */
  readonly wrote: Readonly<Record<string, string>>;
}

export interface Worker {
  readonly pid: number;
  readonly startTime: number;
  readonly stdin: NonNullable<Streams['stdin']>;
  readonly streams: Streams;
  wrote(stream?: Output): string;
  ended(stream?: Output): boolean;
  /** What it has written by the end is kept in these words. */
  abridge(inWords: (written: string) => string): void;
  /** Through the spawner: to the whole tree. */
  signal(signal: Signal | undefined): void;
  /** Resolves when it has written this line. */
  says(line: string): Promise<void>;
  exited(): Promise<void>;
  treeEmpty(): Promise<void>;
}

/** How many processes of a worker live, by what ties them to it. */
export interface Kin {
  readonly inGroup: number;
  readonly unmarkedInGroup: number;
  readonly markedElsewhere: number;
}

export interface Scene {
  readonly kind: Kind;
  readonly stage: Stage;
  readonly kernel: Kernel;
  note(what: string, value: unknown): void;
  /** Resolves when it is born and has said `up`. */
  start(actor: Actor, streams?: Partial<SpawnRequest>): Promise<Worker>;
  /** Resolves when the first event has come, whatever it is. */
  spawn(actor: Actor | string, streams?: Partial<SpawnRequest>): Promise<Worker>;
  until<T>(what: string, condition: () => T | false | undefined | Promise<T | false | undefined>): Promise<T>;
  kinOf(worker: Worker): Promise<Kin>;
  isAlive(pid: number): Promise<boolean>;
  forkerPid(): number;
  /** What workers tell while all is being ended is not listened to: whether it is heard is a matter of moments. */
  close(): Promise<readonly number[]>;
  abandon(): void;
}

export type Scenario = (scene: Scene) => Promise<void>;
export type Output = 'stdout' | 'stderr' | 'fd3';

/** Milliseconds between two looks at what is waited for, and how long it is waited for. */
const LOOK_EVERY_MS = 5;
const PATIENCE_MS = 15_000;
const ORPHAN_GRACE_MS = 300;

const DEFAULTS: Omit<SpawnRequest, 'workerId' | 'command' | 'args'> = {
  cwd: undefined,
  env: {},
  stdin: 'ignore',
  stdout: 'pipe',
  stderr: 'ignore',
  fd3: 'ignore',
};

export async function play(stage: Stage, kind: Kind, scenario: Scenario): Promise<Observation> {
  const { os, runId, places, forkerEvents } = stage;
  const kernel = os.processes;
  const spawner = await kernel.openSpawner({
    ...places,
    kind,
    runId,
    orphanGrace: ORPHAN_GRACE_MS,
    onForker: (event) => forkerEvents.push(event),
  });
  const notes: string[] = [];
  const workers: Recorder[] = [];
  const until = waitingOn(stage);
  const spawn: Scene['spawn'] = async (actor, streams = {}) => {
    const program = typeof actor === 'string' ? { command: actor, args: [] } : stage.cast(actor);
    const worker = new Recorder(until);
    workers.push(worker);
    worker.begin(spawner, { ...DEFAULTS, ...streams, ...program, workerId: `w${workers.length}` });
    await until('it is born or not', () => worker.events.length > 0);
    return worker;
  };
  const living = async () => (await kernel.census()).filter(({ zombie }) => !zombie);
  const scene: Scene = {
    kind,
    stage,
    kernel,
    note: (what, value) => notes.push(`${what}: ${JSON.stringify(value) ?? 'undefined'}`),
    async start(actor, streams) {
      const worker = await spawn(actor, streams);
      await worker.says('up');
      return worker;
    },
    spawn,
    until,
    async kinOf(worker) {
      return kin(await living(), runId, worker.pid, `w${workers.indexOf(worker as Recorder) + 1}`);
    },
    async isAlive(pid) {
      return (await kernel.sight(pid))?.zombie === false;
    },
    forkerPid: () => forkerEvents.findLast((event) => event.type === 'started')!.identity.pid,
    close() {
      for (const worker of workers) worker.hush();
      return spawner.close();
    },
    abandon() {
      for (const worker of workers) worker.isAsked();
      spawner.abandon();
    },
  };
  let left: readonly number[];
  try {
    await scenario(scene);
  } finally {
    left = await spawner.close();
  }
  await until('all streams have ended', () => workers.every((worker) => worker.allEnded()));
  const alive = (await living()).filter(({ cookies }) => cookies?.some((mark) => mark.runId === runId));
  return {
    notes,
    workers: workers.map((worker) => worker.seen()),
    forker: forkerEvents.map(({ type }) => type),
    left: [left.length, alive.length],
  };
}

function waitingOn({ os: { clock } }: Stage): Scene['until'] {
  return async (what, condition) => {
    const deadline = clock.monotonic() + PATIENCE_MS;
    for (;;) {
      const value = await condition();
      if (value !== false && value !== undefined) return value;
      if (clock.monotonic() > deadline) throw new Error(`waited ${PATIENCE_MS} ms in vain until ${what}`);
      await new Promise<void>((resolve) => void clock.setTimeout(resolve, LOOK_EVERY_MS));
    }
  };
}

function kin(living: readonly Sighting[], runId: string, pid: number, workerId: string): Kin {
  const isMarked = ({ cookies }: Sighting) =>
    cookies?.some((mark) => mark.runId === runId && mark.workerId === workerId) === true;
  const group = living.filter((process) => process.group === pid);
  return {
    inGroup: group.length,
    unmarkedInGroup: group.filter((process) => !isMarked(process)).length,
    markedElsewhere: living.filter((process) => process.group !== pid && isMarked(process)).length,
  };
}
