/** Everything that can happen in a run, as one union, and the bounded bus that tells it. */
import type { SpawnError } from './errors.ts';

/** Why a worker's process is no more. */
export type ExitReason =
  /** It ended by itself with code 0. */
  | { readonly kind: 'normal' }
  /** It ended after we asked it to. `forced` when it took SIGKILL. */
  | {
      readonly kind: 'shutdown';
      readonly code: number | null;
      readonly signal: string | null;
      readonly forced: boolean;
    }
  /** Somebody else killed it with SIGKILL: the out-of-memory killer, an administrator. */
  | { readonly kind: 'killed' }
  /** It ended by itself with another code, or by another signal. */
  | { readonly kind: 'crashed'; readonly code: number | null; readonly signal: string | null }
  /** There never was a process. */
  | { readonly kind: 'spawn-failed'; readonly error: SpawnError }
  /** It died or timed out before it was ready. */
  | {
      readonly kind: 'not-ready';
      readonly detail: string;
      readonly code: number | null;
      readonly signal: string | null;
    }
  /** The process that forked it died, and what it had forked was ended. */
  | { readonly kind: 'forker-lost' }
  /** Its start function said that it is not needed. */
  | { readonly kind: 'ignored' }
  /** Its start function threw, or answered what cannot be meant. */
  | { readonly kind: 'start-refused'; readonly error: Error }
  /** A supervisor, of which a child did not start. */
  | { readonly kind: 'start-failed'; readonly path: string; readonly reason: ExitReason }
  /** A supervisor that gave up: its children had to be restarted too often. In OTP's words, `shutdown`. */
  | { readonly kind: 'intensity-exceeded'; readonly path: string; readonly reason: ExitReason }
  /** A supervisor of which significant children had done their work. In OTP's words, `shutdown`. */
  | { readonly kind: 'auto-shutdown'; readonly path: string; readonly reason: ExitReason };

/** Why a supervisor stops or starts a child. */
export type Cause =
  /** The end of a child: itself, or a sibling by whose strategy it is concerned. */
  | {
      readonly by: 'exit';
      readonly path: string;
      readonly workerId: string;
      readonly reason: ExitReason;
    }
  /** Somebody called this, as `terminateChild`. */
  | { readonly by: 'call'; readonly call: string }
  /** Its supervisor, or one above it, which has this path, is being stopped. */
  | { readonly by: 'stop'; readonly path: string; readonly because?: Cause };

/** What a supervisor makes of a child's end. */
export type Decision =
  | 'restart'
  /** It stays down, and may be restarted by a call. */
  | 'leave'
  /** It is temporary, or its supervisor is dynamic: nothing is kept of it. */
  | 'forget'
  /** A significant child is done, and so is the supervisor. */
  | 'shut-down'
  /** One restart too many. */
  | 'give-up';

/** The four states of a worker; `running` means ready. */
export type WorkerState = 'spawning' | 'running' | 'stopping' | 'exited';

/** What happened. `at` is added by the bus: milliseconds since 1970. */
export type ReeveEvent =
  | PoolEvent
  | { readonly type: 'host.started'; readonly runId: string }
  /** A callback of whoever runs tasks threw, their source could not be closed, or they cannot be written down. */
  | { readonly type: 'tasks.warning'; readonly message: string }
  | { readonly type: 'host.stopping'; readonly why: string }
  | { readonly type: 'host.stopped'; readonly nothingLeft: boolean }
  /** Something of the run may be alive still: these, or it is not known what. The run's file stays, for a sweep. */
  | { readonly type: 'host.left-behind'; readonly pids: readonly number[]; readonly message: string }
  /** `killed`: orphans that were ended; `left`: those that would not die, or were not ours to signal. */
  | { readonly type: 'sweep.finished'; readonly runs: number; readonly killed: number; readonly left: number }
  | { readonly type: 'forker.started'; readonly pid: number; readonly ms: number }
  | { readonly type: 'forker.lost'; readonly pid: number; readonly workers: number; readonly cause: string }
  | { readonly type: 'registry.warning'; readonly code: string; readonly message: string }
  | {
      readonly type: 'worker.state';
      readonly path: string;
      readonly workerId: string;
      readonly state: WorkerState;
      readonly pid: number | undefined;
    }
  | {
      readonly type: 'worker.exited';
      readonly path: string;
      readonly workerId: string;
      readonly pid: number | undefined;
      readonly reason: ExitReason;
    }
  | { readonly type: 'worker.lingers'; readonly path: string; readonly pid: number }
  /** A child of a supervisor is ready. */
  | {
      readonly type: 'child.started';
      readonly path: string;
      readonly workerId: string;
      readonly child: 'worker' | 'supervisor';
      /** None when it is the supervisor's first start of it. */
      readonly because: Cause | undefined;
    }
  /** A supervisor asks a child to end. */
  | {
      readonly type: 'child.stopping';
      readonly path: string;
      readonly workerId: string;
      readonly because: Cause | undefined;
    }
  /** A supervisor is no more; `reason` says which child made it. */
  | {
      readonly type: 'supervisor.exited';
      readonly path: string;
      readonly workerId: string;
      readonly reason: ExitReason;
    }
  | {
      readonly type: 'supervisor.decided';
      /** The child's. */
      readonly path: string;
      readonly workerId: string;
      readonly decision: Decision;
      readonly reason: ExitReason;
      /** How many restarts count within its supervisor's period, with this one. */
      readonly restarts: number;
      /** Milliseconds that its backoff makes it wait. */
      readonly delay: number;
    }
  /** A group's restart was given up by a `terminateChild` of the child that did not start: these stay down, as in OTP. */
  | { readonly type: 'supervisor.half-started'; readonly path: string; readonly down: readonly string[] }
  /** A child that has ended is started again. */
  | {
      readonly type: 'supervisor.restarting';
      readonly path: string;
      readonly reason: ExitReason;
      readonly restarts: number;
    }
  | {
      readonly type: 'supervisor.gave-up';
      readonly path: string;
      readonly because: string;
      readonly reason: ExitReason;
    };

/** What happens to pools. Calls are no events: see the channels `tracing:reeve:call:*`. */
export type PoolEvent =
  | { readonly type: 'pool.phase'; readonly pool: string; readonly phase: string }
  /** It can be given calls. `ms`: since it was started. */
  | {
      readonly type: 'pool.worker-ready';
      readonly pool: string;
      readonly path: string;
      readonly pid: number;
      readonly ms: number;
    }
  | {
      readonly type: 'pool.worker-gone';
      readonly pool: string;
      readonly path: string;
      readonly pid: number;
      readonly why: string;
    }
  /** It is tried again after this many milliseconds. */
  | {
      readonly type: 'pool.start-failed';
      readonly pool: string;
      readonly message: string;
      readonly retryIn: number;
    }
  | {
      readonly type: 'pool.recycling';
      readonly pool: string;
      readonly path: string;
      readonly because: string;
    }
  /** Another has taken its place, and it is gone. */
  | { readonly type: 'pool.recycled'; readonly pool: string; readonly path: string }
  /** Half of the places in the queue are taken: callers should wait. */
  | { readonly type: 'pool.saturated'; readonly pool: string; readonly queued: number }
  | { readonly type: 'pool.relieved'; readonly pool: string; readonly queued: number }
  | {
      readonly type: 'pool.sessions-nearly-full';
      readonly pool: string;
      readonly count: number;
      readonly most: number;
    }
  /** A worker has something to say. */
  | {
      readonly type: 'pool.log';
      readonly pool: string;
      readonly path: string;
      readonly level: string;
      readonly message: string;
      readonly data: unknown;
    }
  | { readonly type: 'pool.warning'; readonly pool: string; readonly message: string };

export type TimedEvent = ReeveEvent & { readonly at: number };
export type EventListener = (event: TimedEvent) => void;

/** How many events the bus keeps, unless told otherwise. */
export const DEFAULT_EVENTS_KEPT = 1_000;

/** Tells listeners what happens, in order, and remembers the last events. */
export class EventBus {
  readonly #now: () => number;
  readonly #kept: number;
  readonly #recent: TimedEvent[] = [];
  readonly #listeners = new Set<EventListener>();
  #dropped = 0;

  /** @param now milliseconds since 1970 @param kept how many events `recent()` remembers */
  constructor(now: () => number, kept = DEFAULT_EVENTS_KEPT) {
    this.#now = now;
    this.#kept = kept;
  }

  /** Calls `listener` for each event from now on; returns the function that ends it. */
  on(listener: EventListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** The last events, oldest first. */
  recent(): readonly TimedEvent[] {
    return [...this.#recent];
  }

  /** How many events are no longer remembered. */
  get dropped(): number {
    return this.#dropped;
  }

  /** A listener that throws does not disturb the run: the error is raised on its own, outside. */
  emit(event: ReeveEvent): void {
    const timed: TimedEvent = { ...event, at: this.#now() };
    this.#recent.push(timed);
    if (this.#recent.length > this.#kept) {
      this.#recent.shift();
      this.#dropped += 1;
    }
    for (const listener of [...this.#listeners]) {
      try {
        listener(timed);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
