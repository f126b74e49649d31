/** Starts that fail, one after the other: how long it is waited until the next, and what callers are told meanwhile. */
import { NoWorkerError } from '../call-errors.ts';
import { SpawnError, StartError } from '../errors.ts';
import type { Clock, Timer } from '../os/os.ts';
import { type Backoff, restartDelay } from '../supervisor/backoff.ts';

export interface StartFailuresOptions {
  readonly pool: string;
  readonly clock: Clock;
  /** From 0 to 1, without 1. */
  readonly chance: () => number;
  readonly backoff: Backoff;
  /** It may be tried again. */
  readonly onRetry: () => void;
}

/** A start that fails for one of these may succeed next time: the system is short of something. */
const PASSING = new Set(['EAGAIN', 'ENOMEM', 'EMFILE', 'ENFILE']);
/** How often in a row such a start is tried while callers wait. */
const PASSING_FAILURES = 5;

export class StartFailures {
  readonly #options: StartFailuresOptions;
  #inARow = 0;
  #last: { readonly error: Error; readonly until: number } | undefined;
  #retry: Timer | undefined;

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

  /** @returns milliseconds until the next try, and what those who wait fail with, if it is of no use to wait for that */
  failed(error: Error): { readonly delay: number; readonly refusal: NoWorkerError | undefined } {
    this.#inARow += 1;
    const delay = this.#wait(error, this.#inARow);
    const mayPass = isPassing(error) && this.#inARow < PASSING_FAILURES;
    return { delay, refusal: mayPass ? undefined : new NoWorkerError(this.#options.pool, delay, error) };
  }

  /** One that was ready ended without having answered a call. The first is replaced at once; if that goes on, it is no use. */
  endedUnused(error: Error): void {
    this.#inARow += 1;
    if (this.#inARow > 1) this.#wait(error, this.#inARow - 1);
  }

  /** One is ready. */
  started(): void {
    this.#last = undefined;
  }

  /** One has worked. */
  worked(): void {
    this.#inARow = 0;
  }

  /** Why it is of no use to wait just now. */
  refusal(): NoWorkerError | undefined {
    if (this.#last === undefined) return undefined;
    const retryIn = Math.ceil(this.#last.until - this.#options.clock.monotonic());
    return retryIn <= 0 ? undefined : new NoWorkerError(this.#options.pool, retryIn, this.#last.error);
  }

  close(): void {
    if (this.#retry !== undefined) this.#options.clock.clearTimeout(this.#retry);
  }

  #wait(error: Error, failures: number): number {
    const { clock, backoff, chance, onRetry } = this.#options;
    const delay = restartDelay(backoff, failures, chance());
    this.#last = { error, until: clock.monotonic() + delay };
    this.close();
    this.#retry = clock.setTimeout(() => {
      this.#retry = undefined;
      onRetry();
    }, delay);
    return delay;
  }
}

const isPassing = (error: unknown): boolean => {
  const cause = error instanceof StartError ? error.cause : error;
  return cause instanceof SpawnError && PASSING.has(cause.code);
};
