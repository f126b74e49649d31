/** What a host says of all its tasks. */
import { LONGEST_TIMER_MS } from '../os/longest-timer.ts';
import { OptionReader, show } from '../worker/option-reader.ts';
import { type BreakerSettings, DEFAULT_BREAKER } from './breakers.ts';
import type { BreakerLimits } from './circuit-breaker-machine.ts';
import { parsePatterns } from './early-detection.ts';
import { type FailurePattern, KNOWN_PATTERNS } from './failure-category.ts';

export interface BreakerLimitOptions {
  /** Failures in a row that open it; default 2, and 4 for ad-hoc keys. */
  readonly failures?: number;
  /** So many failures within so many milliseconds open it too; default 2 in 10,000, and 2 in 30,000 for ad-hoc keys. */
  readonly fastFail?: { readonly failures: number; readonly within: number } | false;
  /** Milliseconds until an open one lets a probe through; default 120,000. */
  readonly resetAfter?: number;
}

export interface TasksOptions {
  /** Processes of tasks at a time, whoever runs them; default 64. */
  readonly maxProcesses?: number;
  readonly breaker?: { readonly regular?: BreakerLimitOptions; readonly adhoc?: BreakerLimitOptions };
  /** Keys whose names match are ad hoc; default: those that begin with `adhoc`, `ad-hoc`, `temp` or `tmp`. */
  readonly adhocKeys?: readonly RegExp[];
  /** What output tells of a failure's kind, looked for before the known ones. */
  readonly patterns?: readonly (FailurePattern | RegExp | string)[];
  /** Every task is written down, with its output, below the state directory, for later runs too; default false. */
  readonly history?: boolean | HistoryOptions;
}

export interface HistoryOptions {
  /** Finished tasks that are kept; default 1,000. Two hosts that share a state directory may keep twice as many. */
  readonly count?: number;
  /** Milliseconds that they are kept; default seven days. Looked at when a task ends. */
  readonly age?: number;
  /** Bytes kept of the beginning of each stream; default 16 MiB. */
  readonly logBytes?: number;
}

export type HistoryPlan = Required<HistoryOptions>;

export interface TasksSettings {
  readonly maxProcesses: number;
  readonly breaker: BreakerSettings;
  readonly isAdhocKey: (key: string) => boolean;
  readonly patterns: readonly FailurePattern[];
  /** Undefined when none is kept. */
  readonly history: HistoryPlan | undefined;
}

export const DEFAULT_MAX_PROCESSES = 64;
const ADHOC_KEYS: readonly RegExp[] = [/^(ad-?hoc|temp|tmp)([-_:./]|$)/i];
const KEYS = ['maxProcesses', 'breaker', 'adhocKeys', 'patterns', 'history'] as const;
const DEFAULT_HISTORY: HistoryPlan = {
  count: 1_000,
  age: 7 * 24 * 60 * 60 * 1_000,
  logBytes: 16 * 1_024 * 1_024,
};

/** Throws an `OptionsError`. */
export function parseTasksOptions(value: unknown, path: string): TasksSettings {
  const reader = new OptionReader(value ?? {}, path, KEYS);
  const breaker = new OptionReader(reader.get('breaker') ?? {}, reader.at('breaker'), ['regular', 'adhoc']);
  const names = parseNames(reader);
  return {
    maxProcesses: reader.integer('maxProcesses', DEFAULT_MAX_PROCESSES, 1, 100_000),
    breaker: {
      regular: parseLimits(breaker, 'regular', DEFAULT_BREAKER.regular),
      adhoc: parseLimits(breaker, 'adhoc', DEFAULT_BREAKER.adhoc),
    },
    isAdhocKey: (key) => names.some((name) => key.search(name) >= 0),
    patterns: [...parsePatterns(reader), ...KNOWN_PATTERNS],
    history: parseHistory(reader),
  };
}

function parseHistory(reader: OptionReader): HistoryPlan | undefined {
  const value = reader.get('history') ?? false;
  if (typeof value === 'boolean') return value ? DEFAULT_HISTORY : undefined;
  const history = new OptionReader(value, reader.at('history'), ['count', 'age', 'logBytes']);
  return {
    count: history.integer('count', DEFAULT_HISTORY.count, 0, 100_000),
    age: history.integer('age', DEFAULT_HISTORY.age, 0, Number.MAX_SAFE_INTEGER),
    logBytes: history.integer('logBytes', DEFAULT_HISTORY.logBytes, 0, Number.MAX_SAFE_INTEGER),
  };
}

function parseLimits(reader: OptionReader, key: string, defaults: BreakerLimits): BreakerLimits {
  const limits = new OptionReader(reader.get(key) ?? {}, reader.at(key), [
    'failures',
    'fastFail',
    'resetAfter',
  ]);
  return {
    failures: limits.integer('failures', defaults.failures, 1, 1_000_000),
    fastFail: limits.get('fastFail') === false ? undefined : parseFastFail(limits, defaults.fastFail!),
    resetAfter: limits.integer('resetAfter', defaults.resetAfter, 1, LONGEST_TIMER_MS),
  };
}

function parseFastFail(limits: OptionReader, defaults: NonNullable<BreakerLimits['fastFail']>) {
  const reader = new OptionReader(limits.get('fastFail') ?? {}, limits.at('fastFail'), [
    'failures',
    'within',
  ]);
  return {
    failures: reader.integer('failures', defaults.failures, 1, 1_000),
    within: reader.integer('within', defaults.within, 1, LONGEST_TIMER_MS),
  };
}

function parseNames(reader: OptionReader): readonly RegExp[] {
  const names = reader.get('adhocKeys') ?? ADHOC_KEYS;
  if (!Array.isArray(names) || !names.every((name) => name instanceof RegExp))
    reader.fail('adhocKeys', `expected an array of regular expressions, got ${show(names)}`);
  return names as readonly RegExp[];
}
