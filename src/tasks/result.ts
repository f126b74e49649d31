/** What became of a task, and of many. */
import type { FailureCategory } from './failure-category.ts';

/**
 * `ok`: it exited with 0 · `failed`: it could not start, exited with another code, or was killed · `timed-out`: we ended
 * it because its time was over · `terminated-early`: we ended it because there was no hope · `cancelled`: somebody wanted
 * it no more · `blocked`: the circuit breaker of its key is open · `skipped`: it was not begun, as a task that it depends
 * on was not ok, or the time for all was over.
 */
export type TaskStatus = (typeof STATUSES)[number];
export const STATUSES = [
  'ok',
  'failed',
  'timed-out',
  'cancelled',
  'blocked',
  'skipped',
  'terminated-early',
] as const;

/** For these a fallback stands in. */
export const NEEDS_HELP: ReadonlySet<TaskStatus> = new Set([
  'failed',
  'timed-out',
  'terminated-early',
  'blocked',
]);

export interface TaskResult {
  readonly id: string;
  /** Its place among the tasks that were given. */
  readonly index: number;
  readonly status: TaskStatus;
  /** Null when it did not exit by itself, or never ran. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** The end of what its last attempt wrote, 64 KiB of each stream unless `output.tail` says otherwise. */
  readonly stdout: string;
  readonly stderr: string;
  /** Milliseconds from the start of its first attempt to the end of the last, waits and fallback included. */
  readonly durationMs: number;
  /** When its first attempt began, ms since 1970; undefined when there was none. */
  readonly startedAt: number | undefined;
  /** Processes that were started for it: a fallback's, when there is `fallbackOf`, which counts its own. */
  readonly attempts: number;
  /** What kind of failure; undefined when it was none. */
  readonly category: FailureCategory | undefined;
  /** Why it is not ok. */
  readonly error: Error | undefined;
  /** What this stands in for: the task's own end, when this is its fallback's. */
  readonly fallbackOf: TaskResult | undefined;
  /** Whether its thresholds were those of experiments. */
  readonly adhoc: boolean;
  readonly key: string | undefined;
  /** Where its `stdout.log`, `stderr.log` and `meta.json` are, when it is written down: see `output.directory`. */
  readonly directory: string | undefined;
  /** Names it in the host's history, when that is kept. */
  readonly recordId: string | undefined;
}

/** The result of one that had no turn. */
export function unbegun({
  id,
  index,
  key,
  adhoc,
}: Pick<TaskResult, 'id' | 'index' | 'key' | 'adhoc'>): TaskResult {
  return {
    id,
    index,
    status: 'skipped',
    exitCode: null,
    signal: null,
    stdout: '',
    stderr: '',
    durationMs: 0,
    startedAt: undefined,
    attempts: 0,
    category: undefined,
    error: undefined,
    fallbackOf: undefined,
    adhoc,
    key,
    directory: undefined,
    recordId: undefined,
  };
}

export interface TaskSummary {
  readonly total: number;
  readonly ok: number;
  /** `failed` and `timed-out`, no fallback having helped. */
  readonly failed: number;
  readonly cancelled: number;
  readonly skipped: number;
  /** Of all: those that took more than one attempt. */
  readonly retried: number;
  /** Of all: those for which a fallback stood in, whatever became of it. */
  readonly fallbacks: number;
  /** The ids of ad-hoc tasks that had a process. */
  readonly adhoc: readonly string[];
  readonly blocked: readonly { readonly id: string; readonly index: number; readonly reason: string }[];
  readonly terminatedEarly: readonly { readonly id: string; readonly reason: string; readonly ms: number }[];
  /** What it would have taken one after the other, through what it took; 1 when nothing ran. */
  readonly speedup: number;
}

/** Adds up: total = ok + failed + cancelled + skipped + blocked + terminated early. */
export function summarize(results: Iterable<TaskResult>): TaskSummary {
  const all = [...results];
  const count = (...statuses: readonly TaskStatus[]): number =>
    all.filter(({ status }) => statuses.includes(status)).length;
  const reason = ({ error }: TaskResult): string => error?.message ?? '';
  return {
    total: all.length,
    ok: count('ok'),
    failed: count('failed', 'timed-out'),
    cancelled: count('cancelled'),
    skipped: count('skipped'),
    retried: all.filter(wasRetried).length,
    fallbacks: all.filter(({ fallbackOf }) => fallbackOf !== undefined).length,
    adhoc: all.filter(({ adhoc, attempts }) => adhoc && attempts > 0).map(({ id }) => id),
    blocked: all
      .filter(({ status }) => status === 'blocked')
      .map((result) => ({ id: result.id, index: result.index, reason: reason(result) })),
    terminatedEarly: all
      .filter(({ status }) => status === 'terminated-early')
      .map((result) => ({ id: result.id, reason: reason(result), ms: result.durationMs })),
    speedup: speedupOf(all),
  };
}

/** It took more than one attempt, whatever a fallback took. */
export const wasRetried = ({ attempts, fallbackOf }: TaskResult): boolean =>
  (fallbackOf?.attempts ?? attempts) > 1;

function speedupOf(all: readonly TaskResult[]): number {
  let serial = 0;
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const { startedAt, durationMs } of all) {
    if (startedAt === undefined) continue;
    serial += durationMs;
    first = Math.min(first, startedAt);
    last = Math.max(last, startedAt + durationMs);
  }
  return last > first ? serial / (last - first) : 1;
}
