/** What a caller may say about one call, and its complete form. */

import type { ItemStream } from '../flow/item-stream.ts';
import { LONGEST_TIMER_MS } from '../os/longest-timer.ts';
import { OptionReader, show } from '../worker/option-reader.ts';
import type { CallPlan } from './call.ts';
import { PRIORITIES } from './wait-queue.ts';

export interface CallOptions {
  /** The call is given up when it is aborted, and rejected with its reason. */
  readonly signal?: AbortSignal;
  /** Milliseconds from the call to its answer, waiting included; default: the pool's, which has none. */
  readonly timeout?: number;
  /** Milliseconds that it may wait for a worker; default: the pool's, which has none. */
  readonly queueTimeout?: number;
  /** -10 to 10, default 0; higher goes first. */
  readonly priority?: number;
  /** It goes to the worker that had this session's calls before, and waits for it: affinity that is required. */
  readonly session?: string;
  /**
   * It goes to the worker that had calls with this key before if that has room now, and to any other if not: affinity
   * that is preferred, for what a worker keeps warm and others can get. Of 10,000 keys it is known where they went.
   */
  readonly prefer?: string;
  /** It may be done twice: when its worker dies it is given to another. Default false. */
  readonly idempotent?: boolean;
  /** Called with what the worker tells while it works. */
  readonly onProgress?: (value: unknown) => void;
}

export interface CallDefaults {
  readonly timeout: number;
  readonly queueTimeout: number;
}

const KEYS = [
  'signal',
  'timeout',
  'queueTimeout',
  'priority',
  'session',
  'prefer',
  'idempotent',
  'onProgress',
] as const;
const NEVER = Number.POSITIVE_INFINITY;

/** Throws an `OptionsError`. */
export function planOf(
  method: string,
  params: unknown,
  options: CallOptions | undefined,
  defaults: CallDefaults,
  items?: ItemStream,
): CallPlan & { readonly session: string | undefined } {
  if (options === undefined) return plainPlan(method, params, defaults, items);
  const reader = new OptionReader(options, '', KEYS);
  const { signal, onProgress, session } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal))
    reader.fail('signal', `expected an AbortSignal, got ${show(signal)}`);
  if (session !== undefined && options.prefer !== undefined)
    reader.fail('prefer', 'a session has its worker already: give one of the two');
  if (onProgress !== undefined && typeof onProgress !== 'function')
    reader.fail('onProgress', `expected a function, got ${show(onProgress)}`);
  return {
    method,
    params,
    priority: reader.integer('priority', 0, PRIORITIES.lowest, PRIORITIES.highest),
    timeout: reader.has('timeout') ? limit(reader, 'timeout') : defaults.timeout,
    queueTimeout: reader.has('queueTimeout') ? limit(reader, 'queueTimeout') : defaults.queueTimeout,
    idempotent: reader.boolean('idempotent', false),
    session: session === undefined ? undefined : reader.string('session'),
    prefer: reader.has('prefer') ? reader.string('prefer') : undefined,
    signal,
    onProgress,
    items,
  };
}

function plainPlan(
  method: string,
  params: unknown,
  { timeout, queueTimeout }: CallDefaults,
  items: ItemStream | undefined,
) {
  return {
    method,
    params,
    priority: 0,
    timeout,
    queueTimeout,
    idempotent: false,
    session: undefined,
    prefer: undefined,
    signal: undefined,
    onProgress: undefined,
    items,
  };
}

/** Milliseconds, at least 1, or `Infinity`. */
export function limit(reader: OptionReader, key: string): number {
  return reader.get(key) === NEVER ? NEVER : reader.integer(key, 0, 1, LONGEST_TIMER_MS);
}
