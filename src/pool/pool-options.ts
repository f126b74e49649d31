/** A pool's options as people write them, and the complete form that everything inside works with. */

import { LONGEST_MESSAGE } from '../channel/words.ts';
import { LONGEST_TIMER_MS } from '../os/longest-timer.ts';
import { type Backoff, type BackoffOptions, parseBackoff } from '../supervisor/backoff.ts';
import { OptionReader, show } from '../worker/option-reader.ts';
import { parseId, type WorkerOptions } from '../worker/worker-spec.ts';
import { limit } from './call-options.ts';
import type { RecycleLimits, RecycleOptions } from './recycle.ts';

/** Any program that speaks the channel's contract: JSON lines on its standard input and output, or on descriptor 3. */
export interface CommandWorker extends Omit<WorkerOptions, 'id' | 'stdin' | 'start'> {
  /** Default `'stdio'`. With `'fd3'` stray prints to standard output do no harm. */
  readonly channel?: 'stdio' | 'fd3';
}

/** A module for Node that calls `serve`, or exports functions. */
export interface ModuleWorker extends Omit<WorkerOptions, 'id' | 'stdin' | 'start' | 'command'> {
  /** A path, relative to the working directory, or a `file:` URL, as `new URL('./worker.js', import.meta.url)` gives. */
  readonly module: string | URL;
  /** For Node itself, such as `['--max-old-space-size=512']`. */
  readonly execArgv?: readonly string[];
}

/** What a pool tells a new worker before anybody else gets it. */
export interface NewWorker {
  readonly path: string;
  readonly pid: number;
  call(method: string, params?: unknown): Promise<unknown>;
  notify(method: string, params?: unknown): void;
}

export interface PoolOptions {
  /** Names the pool among the host's supervisors and pools. */
  readonly name: string;
  readonly worker: CommandWorker | ModuleWorker;
  /** Workers that are kept ready, default 1; 0 starts the first with the first call. */
  readonly min?: number;
  /** Workers at most, default: as many as can run at a time here, and `min` at least. */
  readonly max?: number;
  /** Calls that one worker may have at a time; default 1. */
  readonly tasksPerWorker?: number;
  /** Calls that may wait for a worker; default 1,000. One more is rejected with a `QueueFullError` at once. */
  readonly maxQueue?: number;
  /** Milliseconds from a call to its answer; default: no limit. */
  readonly timeout?: number;
  /** Milliseconds that a call may wait for a worker; default: no limit. */
  readonly queueTimeout?: number;
  /** Milliseconds that a worker has to answer a call that was cancelled, before it is killed; default 1,000. */
  readonly cancelGrace?: number;
  /** Milliseconds without work after which a worker above `min` is ended; default 60,000. */
  readonly idleTimeout?: number;
  /** Asks each worker now and then whether it lives; default every 5,000 ms, ended after 3 in vain. False: never. */
  readonly heartbeat?: { readonly interval?: number; readonly misses?: number } | false;
  /** When a worker is replaced by a fresh one; default: never. */
  readonly recycle?: RecycleOptions;
  /** How long a start that failed is waited for until the next; default from 100 ms to 30 s. */
  readonly backoff?: BackoffOptions;
  /** How many workers a call marked `idempotent` is given to, one after the other dying of it; default 3. */
  readonly attempts?: number;
  /** Sessions that may be open; default 10,000, with an event at 80 %. */
  readonly maxSessions?: number;
  /** Milliseconds without a call after which a session is forgotten; default 1,800,000 (half an hour). */
  readonly sessionTtl?: number;
  /** The longest message either way, in bytes; default 64 MiB. */
  readonly longestMessage?: number;
  /** Milliseconds that `close()` waits for the calls under way; default 30,000. */
  readonly closeTimeout?: number;
  /** Called with each new worker; it is lent when this has resolved, and ended when this rejects. */
  readonly warmUp?: (worker: NewWorker) => unknown;
}

export interface PoolSettings {
  readonly name: string;
  readonly worker: unknown;
  readonly min: number;
  readonly max: number;
  readonly tasksPerWorker: number;
  readonly maxQueue: number;
  readonly timeout: number;
  readonly queueTimeout: number;
  readonly cancelGrace: number;
  readonly idleTimeout: number;
  readonly heartbeat: { readonly interval: number; readonly misses: number } | undefined;
  readonly recycle: RecycleLimits;
  readonly backoff: Backoff;
  readonly attempts: number;
  readonly maxSessions: number;
  readonly sessionTtl: number;
  readonly longestMessage: number;
  readonly closeTimeout: number;
  readonly warmUp: ((worker: NewWorker) => unknown) | undefined;
}

const KEYS = [
  'name',
  'worker',
  'min',
  'max',
  'tasksPerWorker',
  'maxQueue',
  'timeout',
  'queueTimeout',
  'cancelGrace',
  'idleTimeout',
  'heartbeat',
  'recycle',
  'backoff',
  'attempts',
  'maxSessions',
  'sessionTtl',
  'longestMessage',
  'closeTimeout',
  'warmUp',
] as const;

const NEVER = Number.POSITIVE_INFINITY;
const MOST_WORKERS = 100_000;
const MIB = 1_024 * 1_024;
/** About as much as one string can hold, which a message is somewhere on its way. */
const LONGEST_STRING = 511 * MIB;

/** Throws an `OptionsError`. @param parallelism how many workers can run at a time */
export function parsePoolOptions(options: unknown, parallelism: number): PoolSettings {
  const reader = new OptionReader(options, '', KEYS);
  const { warmUp } = options as PoolOptions;
  if (warmUp !== undefined && typeof warmUp !== 'function')
    reader.fail('warmUp', `expected a function, got ${show(warmUp)}`);
  return {
    name: parseId(reader, 'name'),
    worker: reader.get('worker'),
    ...parseSize(reader, 1, (min) => Math.max(min, parallelism)),
    tasksPerWorker: reader.integer('tasksPerWorker', 1, 1, 1_000_000),
    maxQueue: reader.integer('maxQueue', 1_000, 0, 100_000_000),
    timeout: reader.has('timeout') ? limit(reader, 'timeout') : NEVER,
    queueTimeout: reader.has('queueTimeout') ? limit(reader, 'queueTimeout') : NEVER,
    cancelGrace: reader.integer('cancelGrace', 1_000, 0, LONGEST_TIMER_MS),
    idleTimeout: reader.has('idleTimeout') ? limit(reader, 'idleTimeout') : 60_000,
    heartbeat: parseHeartbeat(reader),
    recycle: parseRecycle(reader),
    backoff: parseBackoff(reader.get('backoff'), reader.at('backoff')),
    attempts: reader.integer('attempts', 3, 1, 1_000),
    maxSessions: reader.integer('maxSessions', 10_000, 1, 10_000_000),
    sessionTtl: reader.has('sessionTtl') ? limit(reader, 'sessionTtl') : 1_800_000,
    longestMessage: reader.integer('longestMessage', LONGEST_MESSAGE, 1_024, LONGEST_STRING),
    closeTimeout: reader.integer('closeTimeout', 30_000, 0, LONGEST_TIMER_MS),
    warmUp,
  };
}

/** Also for `resize`. @param most the default of `max` */
export function parseSize(
  reader: OptionReader,
  least: number,
  most: (min: number) => number,
): { readonly min: number; readonly max: number } {
  const min = reader.integer('min', least, 0, MOST_WORKERS);
  const max = reader.integer('max', most(min), 1, MOST_WORKERS);
  if (min > max) reader.fail('min', `${min} is more than max, which is ${max}`);
  return { min, max };
}

function parseHeartbeat(reader: OptionReader): PoolSettings['heartbeat'] {
  const value = reader.get('heartbeat');
  if (value === false) return undefined;
  const inner = new OptionReader(value ?? {}, reader.at('heartbeat'), ['interval', 'misses']);
  return {
    interval: inner.integer('interval', 5_000, 10, LONGEST_TIMER_MS),
    misses: inner.integer('misses', 3, 1, 1_000),
  };
}

function parseRecycle(reader: OptionReader): RecycleLimits {
  const inner = new OptionReader(reader.get('recycle') ?? {}, reader.at('recycle'), [
    'afterCalls',
    'afterAge',
    'afterMemory',
  ]);
  const orNever = (key: string, least: number) =>
    inner.has(key) ? inner.integer(key, 0, least, Number.MAX_SAFE_INTEGER) : NEVER;
  return {
    afterCalls: orNever('afterCalls', 1),
    afterAge: orNever('afterAge', 1_000),
    afterMemory: orNever('afterMemory', MIB),
  };
}
