/** What is written down of a task, beside its output. */
import { messageOf } from '../../errors.ts';
import { CATEGORIES, type FailureCategory } from '../failure-category.ts';
import { STATUSES, type TaskResult, type TaskStatus } from '../result.ts';
import type { TaskSpec } from '../task-spec.ts';

export interface TaskRecord {
  /** Names it among all tasks of all runs. */
  readonly recordId: string;
  /** The run of the host that has run it. */
  readonly runId: string;
  readonly id: string;
  readonly index: number;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string | null;
  readonly key: string | null;
  readonly adhoc: boolean;
  /** Where its `stdout.log` and `stderr.log` are. */
  readonly directory: string;
  /** `lost`: its host died, and with it whoever knew what became of it. */
  readonly status: 'running' | 'lost' | TaskStatus;
  /** When its first attempt began, ms since 1970. */
  readonly startedAt: number;
  /** Undefined while it runs, and when it is lost. */
  readonly endedAt: number | undefined;
  readonly durationMs: number;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly attempts: number;
  readonly category: FailureCategory | undefined;
  /** Why it is not ok. */
  readonly error: string | undefined;
  /** A fallback has stood in for it. */
  readonly isFallback: boolean;
  /** Bytes that it has written, of which the logs may have fewer. */
  readonly written: { readonly stdout: number; readonly stderr: number };
  /** Why a log has less than was written: it is full, or the disk is. */
  readonly cut: string | undefined;
}

/** What of it is known from the beginning. */
export type TaskBeginning = Pick<
  TaskRecord,
  | 'recordId'
  | 'runId'
  | 'id'
  | 'index'
  | 'command'
  | 'args'
  | 'cwd'
  | 'key'
  | 'adhoc'
  | 'directory'
  | 'startedAt'
>;

export type TaskEnding = Omit<TaskRecord, keyof TaskBeginning | 'written' | 'cut'>;

const VERSION = 1;

export const beginningOf = (
  { id, index, worker, key, adhoc }: TaskSpec,
  where: Pick<TaskRecord, 'recordId' | 'runId' | 'directory' | 'startedAt'>,
): TaskBeginning => ({
  ...where,
  id,
  index,
  command: worker.command,
  args: worker.args,
  cwd: worker.cwd ?? null,
  key: key ?? null,
  adhoc,
});

/** As long as nothing else is known. */
export const NOT_OVER: TaskEnding = {
  status: 'running',
  endedAt: undefined,
  durationMs: 0,
  exitCode: null,
  signal: null,
  attempts: 0,
  category: undefined,
  error: undefined,
  isFallback: false,
};

export const endingOf = (result: TaskResult, endedAt: number): TaskEnding => ({
  status: result.status,
  endedAt,
  durationMs: result.durationMs,
  exitCode: result.exitCode,
  signal: result.signal,
  attempts: result.attempts,
  category: result.category,
  error: result.error === undefined ? undefined : messageOf(result.error),
  isFallback: result.fallbackOf !== undefined,
});

export const textOf = (record: TaskRecord): string =>
  `${JSON.stringify({ version: VERSION, ...record }, null, 2)}\n`;

/** Undefined when it is damaged; `'other-version'` when it may be well, and is not ours to judge. */
export function parseRecord(text: string): TaskRecord | 'other-version' | undefined {
  let value: Partial<Record<keyof TaskRecord | 'version', unknown>>;
  try {
    value = Object(JSON.parse(text));
  } catch {
    return undefined;
  }
  const { version, ...record } = value;
  if (typeof version === 'number' && version !== VERSION) return 'other-version';
  const isWhole =
    version === VERSION &&
    [record.recordId, record.runId, record.id, record.command, record.directory].every(isString) &&
    [record.index, record.startedAt, record.durationMs, record.attempts].every(Number.isFinite) &&
    Array.isArray(record.args) &&
    record.args.every(isString) &&
    [...STATUSES, 'running'].some((status) => status === record.status) &&
    (record.endedAt === undefined || Number.isFinite(record.endedAt)) &&
    (record.category === undefined || CATEGORIES.some((category) => category === record.category)) &&
    areCounts(record.written);
  return isWhole ? ({ ...EMPTY, ...record } as TaskRecord) : undefined;
}

/** JSON leaves out what is undefined. */
const EMPTY = { endedAt: undefined, category: undefined, error: undefined, cut: undefined };

const isString = (value: unknown): value is string => typeof value === 'string';

function areCounts(value: unknown): boolean {
  const { stdout, stderr } = Object(value) as Partial<TaskRecord['written']>;
  return Number.isFinite(stdout) && Number.isFinite(stderr);
}
