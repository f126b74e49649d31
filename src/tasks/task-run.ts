/** One task, from its turn to its result: the breaker, attempts with waits between them, and what stands in for it. */
import { SpawnError } from '../errors.ts';
import { pause } from '../flow/pause.ts';
import { forgetAbort, onAbort } from '../flow/shared-signal.ts';
import { unlessAborted } from '../flow/unless-aborted.ts';
import type { Clock } from '../os/os.ts';
import { restartDelay } from '../supervisor/backoff.ts';
import type { OutputStream } from '../worker/worker-output.ts';
import { Attempt, type AttemptEnd, type Processes } from './attempt.ts';
import type { Breakers, Permit } from './breakers.ts';
import type { FailurePattern } from './failure-category.ts';
import { both, type KeptTask } from './history/keeper.ts';
import { TimeIsOver } from './joined-signal.ts';
import { NEEDS_HELP, type TaskResult, unbegun } from './result.ts';
import type { Slots } from './slots.ts';
import { TaskBlockedError, TaskCancelledError, TaskFallbackError, TaskSkippedError } from './task-errors.ts';
import { canBeReadAgain } from './task-input.ts';
import type { TaskOptions, TaskSpec } from './task-spec.ts';

/** What is lacking is asked for again, whatever the task's retries: no process has run. */
const LACK_RETRIES = 8;
const LACK_BACKOFF = { initial: 100, max: 5_000, factor: 2, jitter: 0.5, resetAfter: 5_000 };

export type TaskPhase = 'waiting' | 'running' | 'retrying' | 'fallback';

/** What all tasks of a host share. */
export interface TaskTools {
  readonly clock: Clock;
  readonly chance: () => number;
  readonly slots: Slots;
  readonly breakers: Breakers | undefined;
  readonly patterns: readonly FailurePattern[];
  /** Writes down what becomes of it from now on; undefined when nothing is. */
  keep(spec: TaskSpec): KeptTask | undefined;
  processes(spec: TaskSpec): Processes;
}

export interface TaskRunOptions {
  readonly tools: TaskTools;
  /** Aborted when it is wanted no more; with `TimeIsOver` when the time for all is over. */
  readonly signal: AbortSignal;
  readonly onPhase: (phase: TaskPhase) => void;
  readonly onOutput: ConstructorParameters<typeof Attempt>[3];
  /** Resolves when it may start a process: they are not to come all at once. */
  readonly turn: (signal: AbortSignal) => Promise<void>;
  /** A fallback's options, read as those of the task are. */
  readonly parse: (fallback: TaskOptions, of: TaskSpec) => TaskSpec;
}

/** What is known before there is a result. */
type Outcome = Pick<TaskResult, 'status' | 'category' | 'error'> & Partial<Omit<AttemptEnd, 'status'>>;

export class TaskRun {
  readonly spec: TaskSpec;
  readonly #options: TaskRunOptions;
  #attempt: Attempt | undefined;
  #attempts = 0;
  #startedAt: number | undefined;
  #begunAt = 0;
  #kept: KeptTask | undefined;

  constructor(spec: TaskSpec, options: TaskRunOptions) {
    this.spec = spec;
    this.#options = options;
  }

  /** The process that there is, or that there was last. */
  get attempt(): Attempt | undefined {
    return this.#attempt;
  }

  /** Never rejects. */
  async result(): Promise<TaskResult> {
    const outcome = await this.#tryAgainAndAgain();
    const own = this.#resultOf(outcome);
    const needsHelp = this.spec.fallback !== undefined && NEEDS_HELP.has(own.status);
    const result = needsHelp ? await this.#fallBack(own) : own;
    await this.#kept?.end(result);
    return result;
  }

  /** What writes it down; undefined when nothing does, or it has not begun. */
  get kept(): KeptTask | undefined {
    return this.#kept;
  }

  async #tryAgainAndAgain(): Promise<Outcome> {
    let lacks = 0;
    let failures = 0;
    let last: Outcome | undefined;
    for (;;) {
      const end = await this.#tryOnce(last === undefined);
      if (end === undefined) return last ?? this.#unbegun(); // what it came to is known
      last = end;
      if (end.status !== 'failed' && end.status !== 'timed-out') return end;
      const isLack = end.category === 'resource' && end.error instanceof SpawnError;
      const { retry, stdin } = this.spec;
      let delay: number;
      if (isLack && lacks < LACK_RETRIES) {
        lacks += 1;
        delay = restartDelay(LACK_BACKOFF, lacks, this.#options.tools.chance());
      } else {
        const isUsed = end.wasBorn === true && !canBeReadAgain(stdin);
        if (failures >= retry.retries || isUsed || !retry.on.has(end.category!)) return end;
        failures += 1;
        delay = restartDelay(retry.backoff, failures, this.#options.tools.chance());
      }
      if (this.#options.signal.aborted) return end;
      this.#options.onPhase('retrying');
      await pause(this.#options.tools.clock, delay, this.#options.signal);
    }
  }

  /** Undefined when it is given up before it begins, or is not let through any more. */
  async #tryOnce(isFirst: boolean): Promise<Outcome | undefined> {
    const { tools, turn } = this.#options;
    const release = await tools.slots.take(this.#options.signal);
    if (release === undefined) return undefined;
    try {
      await turn(this.#options.signal);
      if (this.#options.signal.aborted) return undefined;
      const permit = this.#permit();
      if (permit === 'blocked') return isFirst ? this.#blocked() : undefined;
      return await this.#attemptWith(permit);
    } finally {
      release();
    }
  }

  async #attemptWith(permit: Permit | undefined): Promise<Outcome> {
    const { tools, onPhase, signal } = this.#options;
    const { clock, patterns } = tools;
    const attempt = new Attempt(
      { ...this.spec, patterns },
      tools.processes(this.spec),
      clock,
      (stream, bytes) => this.#wrote(stream, bytes),
    );
    const end = (): void => {
      const why: unknown = signal.reason;
      if (why instanceof TimeIsOver) attempt.timeOut(why.ms);
      else attempt.cancel(why);
    };
    onAbort(signal, end);
    this.#attempt = attempt;
    this.#begin();
    onPhase('running');
    attempt.begin();
    const outcome = await attempt.ended;
    forgetAbort(signal, end);
    if (outcome.wasBorn) this.#attempts += 1;
    tellPermit(permit, outcome);
    return outcome;
  }

  #begin(): void {
    if (this.#startedAt !== undefined) return;
    const { clock } = this.#options.tools;
    this.#startedAt = clock.now();
    this.#begunAt = clock.monotonic();
    this.#kept ??= this.#options.tools.keep(this.spec);
  }

  #wrote(stream: OutputStream, bytes: Uint8Array): Promise<void> | undefined {
    return both(this.#kept?.wrote(stream, bytes), this.#options.onOutput(stream, bytes));
  }

  #permit(): Permit | undefined | 'blocked' {
    const { key, adhoc } = this.spec;
    const { breakers } = this.#options.tools;
    if (key === undefined || breakers === undefined) return undefined;
    return breakers.admit(key, adhoc) ?? 'blocked';
  }

  #blocked(): Outcome {
    const { id, key } = this.spec;
    const { retryInMs } = this.#options.tools.breakers!.health(key!);
    return { status: 'blocked', category: undefined, error: new TaskBlockedError(id, key!, retryInMs) };
  }

  /** Given up before it had a process. */
  #unbegun(): Outcome {
    const { reason } = this.#options.signal;
    const { id } = this.spec;
    return reason instanceof TimeIsOver
      ? {
          status: 'skipped',
          category: undefined,
          error: new TaskSkippedError(id, 'the time for all was over'),
        }
      : { status: 'cancelled', category: undefined, error: new TaskCancelledError(id, reason) };
  }

  /** From its own beginning, if it had one, whoever else was begun for it. */
  #times(
    ofFallback: Pick<TaskResult, 'startedAt' | 'durationMs'>,
  ): Pick<TaskResult, 'startedAt' | 'durationMs'> {
    if (this.#startedAt === undefined) return ofFallback;
    const now = this.#options.tools.clock.monotonic();
    return { startedAt: this.#startedAt, durationMs: Math.round(now - this.#begunAt) };
  }

  #resultOf({ status, category, error, ...end }: Outcome): TaskResult {
    return {
      ...unbegun(this.spec),
      status,
      exitCode: end.exitCode ?? null,
      signal: end.signal ?? null,
      stdout: end.stdout ?? '',
      stderr: end.stderr ?? '',
      ...this.#times({ startedAt: undefined, durationMs: 0 }),
      attempts: this.#attempts,
      category,
      error,
      directory: this.#kept?.directory,
      recordId: this.#kept?.recordId,
    };
  }

  async #fallBack(failed: TaskResult): Promise<TaskResult> {
    if (this.#options.signal.aborted) return failed;
    const { fallback } = this.spec;
    this.#options.onPhase('fallback');
    try {
      const { signal } = this.#options;
      const instead =
        typeof fallback === 'function' ? await unlessAborted(fallback(failed), signal) : fallback;
      if (instead === undefined) return failed;
      if (typeof instead === 'string')
        return { ...failed, ...FINE, stdout: instead, stderr: '', fallbackOf: failed };
      const spec = this.#options.parse(instead, this.spec);
      this.#kept ??= this.#options.tools.keep(this.spec);
      const run = new TaskRun(
        { ...spec, id: failed.id, index: failed.index, fallback: undefined },
        {
          ...this.#options,
          tools: { ...this.#options.tools, keep: () => undefined },
          onOutput: (stream, bytes) => this.#wrote(stream, bytes),
        },
      );
      const result = await run.result();
      this.#attempt = run.attempt ?? this.#attempt;
      const isGivenUp = result.status === 'cancelled' || result.status === 'skipped';
      if (isGivenUp && result.startedAt === undefined) return failed; // what it came to is known
      const { directory, recordId } = this.#kept ?? failed;
      return { ...result, ...this.#times(result), directory, recordId, fallbackOf: failed };
    } catch (thrown) {
      const error = new TaskFallbackError(failed.id, thrown);
      return { ...failed, error, fallbackOf: failed };
    }
  }
}

const FINE = { status: 'ok', exitCode: null, signal: null, category: undefined, error: undefined } as const;

/** A process that could not start for a lack of the host's says nothing of the key. */
function tellPermit(permit: Permit | undefined, { status, category, error }: AttemptEnd): void {
  if (status === 'ok') permit?.succeeded();
  else if (status === 'cancelled' || (error instanceof SpawnError && category === 'resource')) permit?.void();
  else permit?.failed(category ?? 'unknown');
}
