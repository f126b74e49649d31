/** What a task is: options as people write them, and the complete form. */

import { OptionsError } from '../errors.ts';
import { LONGEST_TIMER_MS } from '../os/longest-timer.ts';
import { type Backoff, parseBackoff } from '../supervisor/backoff.ts';
import { parseChildSpec, type WorkerChildSpec } from '../supervisor/supervisor-spec.ts';
import { OptionReader, show } from '../worker/option-reader.ts';
import { TAIL_BYTES } from '../worker/output.ts';
import type { Shutdown } from '../worker/stop-plan.ts';
import { type Detection, type DetectOptions, parseDetect } from './early-detection.ts';
import { CATEGORIES, type FailureCategory, HEALING } from './failure-category.ts';
import type { TaskResult } from './result.ts';
import type { TaskInput } from './task-input.ts';

/** Instead of a number: more for a task that is at work. */
export interface ProgressiveTimeout {
  /** Milliseconds without output that it may take, and its first allowance. */
  readonly idle: number;
  /** Milliseconds that it may take in all, however much it writes. */
  readonly max: number;
}

export interface RetryOptions {
  /** How often it is tried again; default 2. */
  readonly retries?: number;
  /** Milliseconds before the first retry; default 1,000. */
  readonly initial?: number;
  /** Milliseconds that no wait exceeds; default 30,000. */
  readonly max?: number;
  /** How much longer each wait is than the one before; default 2. */
  readonly factor?: number;
  /** The share of a wait that is left to chance, 0 to 1; default 0.2. A wait is shortened by it, never prolonged. */
  readonly jitter?: number;
  /** The kinds of failure that are tried again; default: those that can heal, which are all but auth, out of memory, spawn and permanent. */
  readonly on?: readonly FailureCategory[];
}

/** A task to run instead, what it would have written, or nothing. */
export type Fallback =
  | TaskOptions
  | ((failed: TaskResult) => TaskOptions | string | undefined | Promise<TaskOptions | string | undefined>);

/** What may be said of one task, or of all of a run; a task's own word counts. */
export interface TaskDefaults {
  /** Milliseconds for each attempt; default: no limit. */
  readonly timeout?: number | ProgressiveTimeout;
  /** How often a failure that can heal is tried again; default 0. */
  readonly retries?: number | RetryOptions;
  /** What stands in for a task that is not ok in the end, or is blocked. */
  readonly fallback?: Fallback;
  /** Ends early what has no hope; default false. */
  readonly detect?: DetectOptions | boolean;
  /** How a task is ended; default: SIGTERM, 2 s, SIGKILL. */
  readonly shutdown?: Shutdown;
  /** What becomes of its output beside `onOutput` and `lines()`. */
  readonly output?: OutputOptions;
}

export interface OutputOptions {
  /** Bytes kept in memory of the end of each stream, for the result; default 65,536. */
  readonly tail?: number;
  /**
   * Each task gets a directory in this one, called by its id, with all that it writes in `stdout.log` and `stderr.log`,
   * and how far it is in `meta.json`, which is replaced whole. Of another task's of that id they take the place.
   * Default: none.
   */
  readonly directory?: string;
}

export interface TaskOptions extends TaskDefaults {
  /** Default: its place among the tasks, from 0. Unique among them. */
  readonly id?: string;
  readonly command: string;
  readonly args?: readonly string[];
  /** What it reads. A stream is read once, so that there is no second attempt. Default: nothing. */
  readonly stdin?: TaskInput;
  /** Default: the host's. */
  readonly cwd?: string;
  /** Added to the host's environment; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Whose circuit breaker it asks first, such as an agent's name; default: nobody's. */
  readonly key?: string;
  /** It is an experiment, whose key may fail more often; default: whether its key's name says so. */
  readonly adhoc?: boolean;
  /** The ids of tasks that have to be ok before it is begun. */
  readonly dependsOn?: readonly string[];
}

export interface RetryPlan {
  readonly retries: number;
  readonly backoff: Backoff;
  readonly on: ReadonlySet<FailureCategory>;
}

export interface TaskSpec {
  readonly id: string;
  readonly index: number;
  readonly worker: WorkerChildSpec;
  readonly stdin: TaskInput | undefined;
  readonly timeout: number;
  readonly longestTimeout: number;
  readonly retry: RetryPlan;
  readonly fallback: Fallback | undefined;
  readonly detection: Detection | undefined;
  readonly tail: number;
  readonly directory: string | undefined;
  readonly key: string | undefined;
  readonly adhoc: boolean;
  readonly dependsOn: readonly string[];
}

const DEFAULT_KEYS = ['timeout', 'retries', 'fallback', 'detect', 'shutdown', 'output'] as const;
const OWN_KEYS = ['id', 'command', 'args', 'stdin', 'cwd', 'env', 'key', 'adhoc', 'dependsOn'] as const;
export const TASK_KEYS = [...OWN_KEYS, ...DEFAULT_KEYS] as const;
export { DEFAULT_KEYS };

/** Milliseconds between SIGTERM and SIGKILL: the time of a task that is to end is over already. */
const DEFAULT_SHUTDOWN = 2_000;
const NEVER = Number.POSITIVE_INFINITY;
const MOST_TAIL = 64 * 1_024 * 1_024;
const RETRY_KEYS = ['retries', 'initial', 'max', 'factor', 'jitter', 'on'] as const;

export interface TaskPlace {
  readonly index: number;
  /** Of the run; each task's own options come before them. */
  readonly defaults: TaskDefaults;
  /** Whether a key is an experiment's by its name. */
  readonly isAdhocKey: (key: string) => boolean;
  /** Where it stands in what was given, for complaints. */
  readonly path: string;
}

/** Throws an `OptionsError`. */
export function parseTask(value: unknown, { index, defaults, isAdhocKey, path }: TaskPlace): TaskSpec {
  const own = new OptionReader(value, path, TASK_KEYS);
  const reader = new OptionReader({ ...defaults, ...own.only(TASK_KEYS) }, path, TASK_KEYS);
  const stdin = parseInput(reader);
  const worker = { ...reader.only(['command', 'args', 'cwd', 'env']), id: 'task', restart: 'temporary' };
  const key = reader.has('key') ? reader.string('key') : undefined;
  const { timeout, longestTimeout } = parseTimeout(reader);
  return {
    id: reader.has('id') ? reader.string('id') : String(index),
    index,
    worker: parseChildSpec(
      {
        ...worker,
        shutdown: reader.get('shutdown') ?? DEFAULT_SHUTDOWN,
        stdin: stdin === undefined ? 'ignore' : 'pipe',
      },
      path,
      'dynamic',
      'never',
    ) as WorkerChildSpec,
    stdin,
    timeout,
    longestTimeout,
    retry: parseRetries(reader.get('retries'), reader.at('retries')),
    fallback: parseFallback(reader),
    detection: parseDetect(reader.get('detect'), reader.at('detect')),
    ...parseOutput([own.get('output'), defaults.output], own.at('output')),
    key,
    adhoc: reader.boolean('adhoc', key !== undefined && isAdhocKey(key)),
    dependsOn: reader.strings('dependsOn', []),
  };
}

function parseInput(reader: OptionReader): TaskInput | undefined {
  const value = reader.get('stdin');
  if (value === undefined || typeof value === 'string' || value instanceof Uint8Array) return value;
  if (typeof (value as Partial<AsyncIterable<string>>)[Symbol.asyncIterator] === 'function')
    return value as AsyncIterable<string>;
  return reader.fail('stdin', `expected a string, bytes or a stream, got ${show(value)}`);
}

/** @param said of the task, and of the run: what the one leaves out the other may say */
function parseOutput(said: readonly unknown[], path: string): Pick<TaskSpec, 'tail' | 'directory'> {
  const readers = said
    .filter((value) => value !== undefined)
    .map((value) => new OptionReader(value, path, ['tail', 'directory']));
  const whoHas = (key: string) => readers.find((reader) => reader.has(key));
  return {
    tail: whoHas('tail')?.integer('tail', 0, 0, MOST_TAIL) ?? TAIL_BYTES,
    directory: whoHas('directory')?.string('directory'),
  };
}

function parseTimeout(reader: OptionReader): { timeout: number; longestTimeout: number } {
  const value = reader.get('timeout') ?? NEVER;
  if (typeof value !== 'object') {
    const timeout = value === NEVER ? NEVER : reader.integer('timeout', 0, 1, LONGEST_TIMER_MS);
    return { timeout, longestTimeout: timeout };
  }
  const progressive = new OptionReader(value, reader.at('timeout'), ['idle', 'max']);
  const timeout = progressive.integer('idle', 0, 1, LONGEST_TIMER_MS);
  const longestTimeout = progressive.integer('max', 0, 1, LONGEST_TIMER_MS);
  if (longestTimeout < timeout)
    progressive.fail('max', `${longestTimeout} is less than idle, which is ${timeout}`);
  return { timeout, longestTimeout };
}

/** Throws an `OptionsError`. */
export function parseRetries(value: unknown, path: string): RetryPlan {
  if (value === undefined || typeof value === 'number') {
    const retries = new OptionReader({ retries: value ?? 0 }, '', ['retries']);
    if (typeof value === 'number' && !(Number.isInteger(value) && value >= 0 && value <= MOST_RETRIES))
      throw new OptionsError(path, `expected a whole number from 0 to ${MOST_RETRIES}, got ${value}`);
    return { retries: retries.integer('retries', 0, 0, MOST_RETRIES), backoff: RETRY_BACKOFF, on: HEALING };
  }
  const reader = new OptionReader(value, path, RETRY_KEYS);
  const backoff = { ...RETRY_BACKOFF, ...reader.only(['initial', 'max', 'factor', 'jitter']) };
  const initial = Math.min(backoff.initial as number, backoff.max as number);
  return {
    retries: reader.integer('retries', DEFAULT_RETRIES, 0, MOST_RETRIES),
    backoff: parseBackoff(reader.has('initial') ? backoff : { ...backoff, initial }, path),
    on: parseCategories(reader),
  };
}

const MOST_RETRIES = 1_000;
/** Of a task that says how it is tried again, but not how often. */
export const DEFAULT_RETRIES = 2;
const RETRY_BACKOFF: Backoff = { initial: 1_000, max: 30_000, factor: 2, jitter: 0.2, resetAfter: 30_000 };

function parseCategories(reader: OptionReader): ReadonlySet<FailureCategory> {
  if (!reader.has('on')) return HEALING;
  const names = reader.strings('on', []);
  for (const [index, name] of names.entries()) {
    if (!CATEGORIES.some((category) => category === name))
      reader.fail(`on[${index}]`, `'${name}' is not one of ${CATEGORIES.join(', ')}`);
  }
  return new Set(names as readonly FailureCategory[]);
}

function parseFallback(reader: OptionReader): Fallback | undefined {
  const value = reader.get('fallback');
  if (value === undefined || typeof value === 'function') return value as Fallback | undefined;
  if (typeof value === 'object' && !Array.isArray(value)) return value as TaskOptions; // it is read when it is needed
  return reader.fail('fallback', `expected a task or a function, got ${show(value)}`);
}
