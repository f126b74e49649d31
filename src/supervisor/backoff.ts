/** How long a child that keeps failing has to wait before it is started again: exponential, with jitter inside the cap. */
import { LONGEST_TIMER_MS } from '../os/longest-timer.ts';
import { OptionReader } from '../worker/option-reader.ts';

export interface BackoffOptions {
  /** Milliseconds before the first restart; default 100. */
  readonly initial?: number;
  /** Milliseconds that no wait exceeds; default 30,000. */
  readonly max?: number;
  /** How much longer each wait is than the one before; default 2. */
  readonly factor?: number;
  /** The share of a wait that is left to chance, from 0 to 1; default 0.2. A wait is shortened by it, never prolonged. */
  readonly jitter?: number;
  /** Milliseconds that a child has to stay ready for its failures to be forgotten; default: `max`. */
  readonly resetAfter?: number;
}

export type Backoff = Required<BackoffOptions>;

export const DEFAULT_BACKOFF: Omit<Backoff, 'resetAfter'> = {
  initial: 100,
  max: 30_000,
  factor: 2,
  jitter: 0.2,
};

/**
 * Milliseconds until the next start.
 * @param failures how often it has failed since it was last stable, this time included: 1 or more
 * @param chance from 0 to 1, without 1
 */
export function restartDelay(backoff: Backoff, failures: number, chance: number): number {
  const { initial, max, factor, jitter } = backoff;
  const full = initial === 0 ? 0 : Math.min(max, initial * factor ** (failures - 1)); // the power may be infinite
  return Math.round(full * (1 - jitter * chance));
}

/** Its failures in a row, with this one. @param readyFor milliseconds that it was ready before it failed */
export function countFailure(backoff: Backoff, failures: number, readyFor: number): number {
  return readyFor >= backoff.resetAfter ? 1 : failures + 1;
}

/** Throws an `OptionsError`. Nothing given: the defaults. */
export function parseBackoff(value: unknown, path: string): Backoff {
  const reader = new OptionReader(value ?? {}, path, ['initial', 'max', 'factor', 'jitter', 'resetAfter']);
  const max = reader.integer('max', DEFAULT_BACKOFF.max, 1, LONGEST_TIMER_MS);
  const initial = reader.integer('initial', Math.min(DEFAULT_BACKOFF.initial, max), 0, LONGEST_TIMER_MS);
  if (initial > max) reader.fail('initial', `${initial} is more than max, which is ${max}`);
  return {
    initial,
    max,
    factor: reader.number('factor', DEFAULT_BACKOFF.factor, 1, 100),
    jitter: reader.number('jitter', DEFAULT_BACKOFF.jitter, 0, 1),
    resetAfter: reader.integer('resetAfter', max, 1, LONGEST_TIMER_MS),
  };
}
