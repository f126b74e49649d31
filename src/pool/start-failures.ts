/** Starts that fail, one after the other: how long it is waited until the next, and what callers are told meanwhile. */
import { NoWorkerError } from '../call-errors.ts';
import { ForkerError, SpawnError, StartError } from '../errors.ts';
import type { Clock, Timer } from '../os/os.ts';
import { type Backoff, restartDelay } from '../supervisor/backoff.ts';

export interface StartFailuresOptions {
  readonly pool: string;
  readonly clock: Clock;
  /** From 0 to 1, without 1. */
  readonly chance: () => number;
  readonly backoff: Backoff;
  /** Those that live. */
  readonly members: () => readonly Life[];
  /** It may be tried again. */
  readonly onRetry: () => void;
}

/** What is looked at of a worker's life. */
export interface Life {
  /** On the clock that never jumps; 0 before it was ready. */
  readonly readyAt: number;
  /** Answered since. */
  readonly calls: number;
}

/** A start that fails for one of these may succeed next time: the system is short of something. */
const PASSING = new Set(['EAGAIN', 'ENOMEM', 'EMFILE', 'ENFILE']);
/** How often in a row such a start is tried while callers wait. */
const PASSING_FAILURES = 5;

export class StartFailures {
  readonly #options: StartFailuresOptions;
  #inARow = 0;
  /** When the last of them was counted. */
  #countedAt = 0;
  #last: { readonly error: Error; readonly mayPass: boolean } | undefined;
  /** When it is tried again. */
  #until = 0;
  #retry: Timer | undefined;

  /** By path, what those are ended for whose starts have not failed yet. */
  readonly #faults = new Map<string, Error>();

  constructor(options: StartFailuresOptions) {
    this.#options = options;
  }

  /** Why the last start failed; undefined when one has succeeded since. */
  get last(): Error | undefined {
    return this.#last?.error;
  }

  /** Whether it is a bad time to start another. */
  get isWaiting(): boolean {
    return this.#retry !== undefined;
  }

  /** One that was starting is ended for this. */
  broke(path: string, fault: Error): void {
    this.#faults.set(path, fault);
  }

  /** Why a start has failed: with what the worker did, when it was killed for that. */
  explained(error: Error): Error {
    if (!(error instanceof StartError)) return error;
    const { path, stderrTail } = error;
    const fault = this.#faults.get(path);
    this.#faults.delete(path);
    return fault === undefined ? error : new StartError(path, fault.message, stderrTail, { cause: fault });
  }

  /** @returns milliseconds until the next try, and what those who wait fail with, if it is of no use to wait for that */
  failed(error: Error): { readonly delay: number; readonly refusal: NoWorkerError | undefined } {
    // Those that fail side by side are one failure.
    if (!this.isWaiting) {
      this.#count();
      this.#wait(this.#inARow);
    }
    const mayPass = isPassing(error) && this.#inARow < PASSING_FAILURES;
    this.#last = { error, mayPass };
    const delay = this.#retryIn();
    return { delay, refusal: mayPass ? undefined : new NoWorkerError(this.#options.pool, delay, error) };
  }

  /** One that was ready ended without having answered a call. The first is replaced at once; if that goes on, it is no use. */
  endedUnused(error: Error): void {
    this.#count();
    if (this.#inARow === 1) return;
    this.#wait(this.#inARow - 1);
    this.#last = { error, mayPass: false };
  }

  /** One is ready. */
  started(): void {
    this.#last = undefined;
  }

  /** It has answered a call, or was ready for so long that its end is another story. */
  isProven({ readyAt, calls }: Life): boolean {
    const { clock, backoff } = this.#options;
    return readyAt > 0 && (calls > 0 || clock.monotonic() - readyAt >= backoff.resetAfter);
  }

  /** One that was proven is gone. */
  worked(): void {
    this.#inARow = 0;
  }

  /** Why it is of no use to wait for the next try. */
  refusal(): NoWorkerError | undefined {
    const retryIn = this.#retryIn();
    if (this.#last === undefined || this.#last.mayPass || retryIn === 0) return undefined;
    return new NoWorkerError(this.#options.pool, retryIn, this.#last.error);
  }

  close(): void {
    if (this.#retry !== undefined) this.#options.clock.clearTimeout(this.#retry);
  }

  /** One more in a row; the first of a new one when one that came after the last is proven. */
  #count(): void {
    const { clock, members } = this.#options;
    const isNew = members().some((life) => life.readyAt > this.#countedAt && this.isProven(life));
    this.#inARow = isNew ? 1 : this.#inARow + 1;
    this.#countedAt = clock.monotonic();
  }

  #retryIn(): number {
    return Math.max(0, Math.ceil(this.#until - this.#options.clock.monotonic()));
  }

  #wait(failures: number): void {
    const { clock, backoff, chance, onRetry } = this.#options;
    const delay = restartDelay(backoff, failures, chance());
    this.#until = clock.monotonic() + delay;
    this.close();
    this.#retry = clock.setTimeout(() => {
      this.#retry = undefined;
      onRetry();
    }, delay);
  }
}

const isPassing = (error: unknown): boolean => {
  const cause = error instanceof StartError ? error.cause : error;
  if (cause instanceof ForkerError) return true; // it was lost, and there is another soon
  return cause instanceof SpawnError && (cause.phase === 'forker' || PASSING.has(cause.code));
};
