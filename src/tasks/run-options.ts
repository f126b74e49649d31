/** What may be said of a run of many tasks, and its complete form. */

import { OptionsError } from '../errors.ts';
import { LONGEST_TIMER_MS } from '../os/longest-timer.ts';
import { OptionReader, show } from '../worker/option-reader.ts';
import type { OutputStream } from '../worker/worker-output.ts';
import type { TaskResult, TaskStatus } from './result.ts';
import { DEFAULT_KEYS, type TaskDefaults } from './task-spec.ts';

/** What is told while tasks run. */
export interface TaskProgress {
  readonly index: number;
  /** How many there are; undefined while that is not known. */
  readonly total: number | undefined;
  readonly id: string;
  /** It begins an attempt, waits to be tried again, gives way to its fallback, or is over. */
  readonly status: 'running' | 'retrying' | 'fallback' | TaskStatus;
  /** How many tasks are over. */
  readonly done: number;
  /** When it is over. */
  readonly result: TaskResult | undefined;
}

/** What a task has written. */
export interface TaskOutput {
  readonly index: number;
  readonly id: string;
  readonly stream: OutputStream;
  readonly bytes: Uint8Array;
}

export interface RunOptions extends TaskDefaults {
  /** Tasks in progress at a time, and so processes; default 5. `Infinity`: as many as the host's `maxProcesses` allows. */
  readonly concurrency?: number;
  /** Milliseconds between the starts of two; default 0. */
  readonly stagger?: number;
  /**
   * Milliseconds for all: those that run then are ended, and the others skipped. `'auto'`: one and a half times what the
   * time limits of all come to, which needs an array of tasks and a `timeout`. Default: no limit.
   */
  readonly totalTimeout?: number | 'auto';
  /** Whether the circuit breakers of the keys are asked; default true. */
  readonly breaker?: boolean;
  /** Told of each start, retry, fallback and end. What it throws becomes an event `tasks.warning`. */
  readonly onProgress?: (progress: TaskProgress) => void;
  /**
   * Told of all that tasks write, as it comes, whichever attempt it is; a task whose bytes it returns a promise for is not
   * read until that is resolved. What it throws, or rejects with, becomes an event `tasks.warning`.
   */
  readonly onOutput?: (output: TaskOutput) => void | Promise<void>;
  /** When it is aborted, what runs is ended, and what has not begun is cancelled. */
  readonly signal?: AbortSignal;
}

export interface RunPlan {
  readonly concurrency: number;
  readonly stagger: number;
  /** Infinite when there is no limit. */
  readonly totalTimeout: number | 'auto';
  readonly breaker: boolean;
  readonly onProgress: RunOptions['onProgress'];
  readonly onOutput: RunOptions['onOutput'];
  readonly signal: AbortSignal | undefined;
  readonly defaults: TaskDefaults;
}

const OWN_KEYS = [
  'concurrency',
  'stagger',
  'totalTimeout',
  'breaker',
  'onProgress',
  'onOutput',
  'signal',
] as const;
const DEFAULT_CONCURRENCY = 5;
const MOST_CONCURRENCY = 100_000;
const NEVER = Number.POSITIVE_INFINITY;

/** Throws an `OptionsError`, and a `RangeError` for a concurrency that starts nothing. */
export function parseRunOptions(options: RunOptions): RunPlan {
  const reader = new OptionReader(options, '', [...OWN_KEYS, ...DEFAULT_KEYS]);
  const { concurrency = DEFAULT_CONCURRENCY, onProgress, onOutput, signal, totalTimeout } = options;
  requireConcurrency(concurrency);
  for (const [name, listener] of Object.entries({ onProgress, onOutput })) {
    if (listener !== undefined && typeof listener !== 'function')
      reader.fail(name, `expected a function, got ${show(listener)}`);
  }
  if (signal !== undefined && !(signal instanceof AbortSignal))
    reader.fail('signal', `expected an AbortSignal, got ${show(signal)}`);
  const isTotalGiven = totalTimeout !== undefined && totalTimeout !== 'auto' && totalTimeout !== NEVER;
  return {
    concurrency,
    stagger: reader.milliseconds('stagger', 0),
    totalTimeout: isTotalGiven
      ? reader.integer('totalTimeout', 0, 1, LONGEST_TIMER_MS)
      : (totalTimeout ?? NEVER),
    breaker: reader.boolean('breaker', true),
    onProgress,
    onOutput,
    signal,
    defaults: reader.only(DEFAULT_KEYS) as TaskDefaults,
  };
}

function requireConcurrency(value: unknown): asserts value is number {
  if (value === NEVER) return;
  if (typeof value !== 'number' || !Number.isInteger(value))
    throw new OptionsError('concurrency', `expected a whole number, or Infinity, got ${show(value)}`);
  if (value < 1 || value > MOST_CONCURRENCY)
    throw new RangeError(`concurrency: expected 1 to ${MOST_CONCURRENCY}, or Infinity, got ${value}`);
}
