/** One simulated process: what the kernel knows of it, and what only an onlooker from outside can know. */
import type { Signal } from '../os.ts';
import type { PipeEnd } from './pipe.ts';
import type { Entry } from './timeline.ts';

/** Whose it truly is, whatever its environment says: handed down from the fork of a worker to all that comes of it. */
export interface Origin {
  readonly runId: string;
  /** Empty for the forker itself. */
  readonly workerId: string;
}

export type Handler = 'ignore' | (() => void);
export type Descriptor = 'stdin' | 'stdout' | 'stderr' | 'fd3';

export interface End {
  readonly code: number | null;
  readonly signal: Signal | null;
}

export interface Birth {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly commandLine: string;
  readonly userId: number;
  readonly group: number | undefined;
  readonly session: number | undefined;
  readonly origin: Origin | undefined;
  /** It has several threads, which do not end all at once. Default false. */
  readonly threaded?: boolean;
}

export class SimProcess {
  /** Never used twice on any machine, and never told to the code under test. */
  readonly uid: number;
  readonly pid: number;
  parent: SimProcess | undefined;
  group: number;
  session: number;
  /** Clock ticks since boot. */
  readonly startTime: number;
  userId: number;
  readonly origin: Origin | undefined;
  readonly threaded: boolean;
  environment: Readonly<Record<string, string | undefined>>;
  commandLine: string;
  /** `dying`: it does nothing any more, but not all of its threads have ended, and what it held open is open. */
  state: 'alive' | 'dying' | 'zombie' | 'reaped' = 'alive';
  end: End | undefined;
  /** Bytes. */
  memory = 1_024 * 1_024;
  /** By SIGSTOP. */
  stopped = false;
  /** It is at something, and does nothing else until this moment of virtual time. */
  busyUntil = 0;
  /** Ever. */
  wasStopped = false;
  /** Its marks were taken from it: from then on only its kin and its session tie it to its run. */
  wiped = false;
  /** It carries another run's marks in their place: what its session says of it is not believed either. */
  disguised = false;
  /** Its parent died, and pid 1 has it. */
  reparented = false;
  readonly children = new Set<SimProcess>();
  /** Those of them that are dead, and not reaped. */
  readonly zombies = new Set<SimProcess>();
  readonly handlers = new Map<Signal, Handler>();
  readonly descriptors = new Map<Descriptor, PipeEnd>();
  /** What was due while it was stopped. */
  readonly deferred: (() => void)[] = [];
  /** Signals that came while it was stopped. */
  readonly pending: Signal[] = [];
  /** Told of each child that it has reaped. Without it the dead stay zombies until it is dead itself. */
  onChildren: ((dead: SimProcess) => void) | undefined;
  /** Children are waiting to be reaped, and it was told so. */
  told = false;
  /** Those that it has set, and that have neither rung nor been cleared. */
  readonly timers = new Set<Entry>();
  /** It exits of its own will: what it does still, it does at once. */
  exiting = false;
  /** Called before it exits of its own will, as by process.exit(). */
  readonly atExit = new Set<() => void>();
  /** Called when its last thread has ended, whatever ended it. */
  readonly atDeath = new Set<() => void>();

  constructor(uid: number, pid: number, startTime: number, parent: SimProcess | undefined, birth: Birth) {
    this.uid = uid;
    this.pid = pid;
    this.startTime = startTime;
    this.parent = parent;
    this.group = birth.group ?? pid;
    this.session = birth.session ?? pid;
    this.userId = birth.userId;
    this.environment = birth.environment;
    this.commandLine = birth.commandLine;
    this.origin = birth.origin;
    this.threaded = birth.threaded ?? false;
  }

  get isForker(): boolean {
    return this.origin?.workerId === '';
  }

  /** A worker, or what came of one. */
  get isWorkers(): boolean {
    return this.origin !== undefined && !this.isForker;
  }

  get alive(): boolean {
    return this.state === 'alive';
  }
}
