/** What a host says of all its tasks. */
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
}

export interface TasksSettings {
  readonly maxProcesses: number;
  readonly breaker: BreakerSettings;
  readonly isAdhocKey: (key: string) => boolean;
  readonly patterns: readonly FailurePattern[];
}

const DEFAULT_MAX_PROCESSES = 64;
const ADHOC_KEYS: readonly RegExp[] = [/^(ad-?hoc|temp|tmp)([-_:./]|$)/i];
const LONGEST_MS = 2 ** 31 - 1;

/** Throws an `OptionsError`. */
export function parseTasksOptions(value: unknown, path: string): TasksSettings {
  const reader = new OptionReader(value ?? {}, path, ['maxProcesses', 'breaker', 'adhocKeys', 'patterns']);
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
    resetAfter: limits.integer('resetAfter', defaults.resetAfter, 1, LONGEST_MS),
  };
}

function parseFastFail(limits: OptionReader, defaults: NonNullable<BreakerLimits['fastFail']>) {
  const reader = new OptionReader(limits.get('fastFail') ?? {}, limits.at('fastFail'), [
    'failures',
    'within',
  ]);
  return {
    failures: reader.integer('failures', defaults.failures, 1, 1_000),
    within: reader.integer('within', defaults.within, 1, LONGEST_MS),
  };
}

function parseNames(reader: OptionReader): readonly RegExp[] {
  const names = reader.get('adhocKeys') ?? ADHOC_KEYS;
  if (!Array.isArray(names) || !names.every((name) => name instanceof RegExp))
    reader.fail('adhocKeys', `expected an array of regular expressions, got ${show(names)}`);
  return names as readonly RegExp[];
}
