/** One process of a task, from the wish for it until nothing is left of it. Ended by itself, or by one of our reasons. */
import { errorOf, type ReeveError, SpawnError } from '../errors.ts';
import type { ByteSink, Clock, Timer } from '../os/os.ts';
import type { Attendant } from '../worker/attendant.ts';
import { Tail } from '../worker/output.ts';
import type { OutputStream } from '../worker/worker-output.ts';
import { type Detection, Detector } from './early-detection.ts';
import { categoryOf, type FailedEnd, type FailureCategory, type FailurePattern } from './failure-category.ts';
import {
  TaskCancelledError,
  TaskFailedError,
  TaskHopelessError,
  TaskInputError,
  TaskTimeoutError,
} from './task-errors.ts';
import { feed, type TaskInput } from './task-input.ts';

export interface AttemptPlan {
  readonly id: string;
  readonly stdin: TaskInput | undefined;
  /** Milliseconds; infinite when there is no limit. */
  readonly timeout: number;
  /** While it writes its time is extended, up to this; the same as `timeout` when it is not. */
  readonly longestTimeout: number;
  readonly detection: Detection | undefined;
  readonly patterns: readonly FailurePattern[];
  /** Bytes kept of each stream. */
  readonly tail: number;
}

export interface AttemptEnd {
  readonly status: 'ok' | 'failed' | 'timed-out' | 'cancelled' | 'terminated-early';
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly category: FailureCategory | undefined;
  readonly error: Error | undefined;
  /** There was a process. */
  readonly wasBorn: boolean;
}

/** How an attempt gets its process. */
export interface Processes {
  /** Begins one that this follows: once it `begins`, it is told when it is `over`. Rejects when it does not start. */
  start(attendant: Attendant): Promise<unknown>;
  /** By its stop plan, with all that it has forked. */
  stop(path: string): void;
}

type Reason = Pick<AttemptEnd, 'status' | 'category'> & { readonly error: ReeveError };

export class Attempt implements Attendant {
  readonly #plan: AttemptPlan;
  readonly #processes: Processes;
  readonly #clock: Clock;
  readonly #onOutput: (stream: OutputStream, bytes: Uint8Array) => Promise<void> | undefined;
  readonly #tails: Readonly<Record<OutputStream, Tail>>;
  readonly #resolve: (end: AttemptEnd) => void;
  readonly ended: Promise<AttemptEnd>;
  pid: number | undefined;
  #path: string | undefined;
  /** Why we end it, when it is us. */
  #reason: Reason | undefined;
  #exit: Parameters<Attendant['exited']>[0] | undefined;
  #detector: Detector | undefined;
  #begunAt = 0;
  #deadline: Timer | undefined;
  #wroteAt = 0;
  #stopFeeding: () => void = () => {};
  #isOver = false;

  constructor(
    plan: AttemptPlan,
    processes: Processes,
    clock: Clock,
    onOutput: (stream: OutputStream, bytes: Uint8Array) => Promise<void> | undefined,
  ) {
    this.#plan = plan;
    this.#processes = processes;
    this.#clock = clock;
    this.#onOutput = onOutput;
    this.#tails = { stdout: new Tail(plan.tail), stderr: new Tail(plan.tail) };
    const { promise, resolve } = withResolvers<AttemptEnd>();
    this.ended = promise;
    this.#resolve = resolve;
  }

  get stdout(): string {
    return this.#tails.stdout.text();
  }

  get stderr(): string {
    return this.#tails.stderr.text();
  }

  begin(): void {
    this.#begunAt = this.#clock.monotonic();
    this.#wroteAt = this.#begunAt;
    if (Number.isFinite(this.#plan.timeout)) this.#waitUntil(this.#plan.timeout);
    this.#processes.start(this).catch((error: unknown) => {
      // A start that is given up rejects at once, and there may be a process still: whoever has begun says when it is over.
      if (this.#path === undefined) this.over(errorOf(error));
    });
  }

  /** Somebody wants it no more. */
  cancel(why: unknown): void {
    const error = new TaskCancelledError(this.#plan.id, why);
    this.#end({ status: 'cancelled', category: undefined, error });
  }

  /** The time for all is over. */
  timeOut(ms: number): void {
    this.#end({ status: 'timed-out', category: 'timeout', error: new TaskTimeoutError(this.#plan.id, ms) });
  }

  begins({ path }: { readonly path: string }): void {
    this.#path = path;
    if (this.#reason !== undefined) this.#clock.soon(() => this.#processes.stop(path)); // its start has to be over
  }

  born(pid: number, stdin: ByteSink | undefined): void {
    this.pid = pid;
    const { detection, stdin: input } = this.#plan;
    if (stdin !== undefined && input !== undefined)
      this.#stopFeeding = feed(stdin, input, (error) => this.#inputFailed(error));
    if (detection === undefined) return;
    this.#detector = new Detector(detection, this.#clock, ({ reason, category }) => {
      const error = new TaskHopelessError(this.#plan.id, reason, this.#clock.monotonic() - this.#begunAt);
      this.#end({ status: 'terminated-early', category, error });
    });
  }

  wrote(stream: OutputStream, bytes: Uint8Array): Promise<void> | undefined {
    this.#wroteAt = this.#clock.monotonic();
    this.#tails[stream].add(bytes);
    this.#detector?.wrote(stream, bytes);
    return this.#onOutput(stream, bytes);
  }

  exited(how: Parameters<Attendant['exited']>[0]): void {
    this.#exit ??= how;
    this.#clearDeadline(); // what it has left is ended by its worker
  }

  over(error?: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#clearDeadline();
    this.#stopFeeding();
    this.#detector?.close();
    const { exitCode, signal } = this.#exitOf();
    this.#resolve({
      ...this.#outcome(error, exitCode, signal),
      exitCode,
      signal,
      stdout: this.stdout,
      stderr: this.stderr,
      wasBorn: this.pid !== undefined,
    });
  }

  #inputFailed(why: unknown): void {
    const error = new TaskInputError(this.#plan.id, why);
    this.#end({ status: 'failed', category: 'permanent', error });
  }

  #outcome(
    error: Error | undefined,
    exitCode: number | null,
    signal: string | null,
  ): Pick<AttemptEnd, 'status' | 'category' | 'error'> {
    if (this.#reason !== undefined) return this.#reason; // many exit with 0 when they are told to end
    if (error === undefined && exitCode === 0) return { status: 'ok', category: undefined, error: undefined };
    const { id, patterns } = this.#plan;
    const end = this.#failedEnd(error, exitCode, signal);
    const category = categoryOf(end, [this.stderr, this.stdout], patterns);
    return {
      status: 'failed',
      category,
      error: error ?? new TaskFailedError(id, { exitCode, signal }, category),
    };
  }

  #failedEnd(error: Error | undefined, exitCode: number | null, signal: string | null): FailedEnd {
    if (error instanceof SpawnError) return { by: 'spawn', error };
    if (this.#exit === 'forker-lost' || error !== undefined) return { by: 'forker' };
    return { by: 'exit', exitCode, signal };
  }

  #exitOf(): { readonly exitCode: number | null; readonly signal: string | null } {
    if (this.#exit === undefined || this.#exit === 'forker-lost') return { exitCode: null, signal: null };
    return { exitCode: this.#exit.code, signal: this.#exit.signal };
  }

  #end(reason: Reason): void {
    if (this.#isOver || this.#reason !== undefined || this.#exit !== undefined) return;
    this.#reason = reason;
    this.#clearDeadline();
    if (this.#path !== undefined) this.#processes.stop(this.#path);
  }

  #waitUntil(afterBegin: number): void {
    const left = this.#begunAt + afterBegin - this.#clock.monotonic();
    this.#deadline = this.#clock.setTimeout(() => this.#timeIsUp(), Math.max(0, Math.ceil(left)));
  }

  /** Unless it has written something lately, and may have more time for that. */
  #timeIsUp(): void {
    const { timeout, longestTimeout } = this.#plan;
    const extended = Math.min(longestTimeout, this.#wroteAt - this.#begunAt + timeout);
    if (this.#begunAt + extended > this.#clock.monotonic() + 1) this.#waitUntil(extended);
    else this.timeOut(Math.round(this.#clock.monotonic() - this.#begunAt));
  }

  #clearDeadline(): void {
    if (this.#deadline !== undefined) this.#clock.clearTimeout(this.#deadline);
    this.#deadline = undefined;
  }
}

/** Node has `Promise.withResolvers` from 22 on. */
function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
