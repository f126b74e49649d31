/** Where the records of all runs of a state directory lie, and how they are found again. */
import type { Os } from '../../os/os.ts';
import { isRunOver } from '../../registry/list-runs.ts';
import { isRunId } from '../../registry/run-id.ts';
import { metaPath } from './task-files.ts';
import { parseRecord, type TaskRecord } from './task-record.ts';

/** Files that are read at a time. */
const AT_A_TIME = 16;

export const historyDirectory = (stateDirectory: string): string => `${stateDirectory}/tasks`;

export const recordDirectory = (stateDirectory: string, recordId: string): string =>
  `${historyDirectory(stateDirectory)}/${recordId}`;

export const newRecordId = (runId: string, number: number): string => `${runId}-${number}`;

/** In the order in which they were begun, as far as their names tell. */
export const byRecordId = (a: Pick<TaskRecord, 'recordId'>, b: Pick<TaskRecord, 'recordId'>): number =>
  a.recordId.localeCompare(b.recordId, 'en', { numeric: true });

/** Undefined when it names no record. */
export function runOf(recordId: string): string | undefined {
  const match = /^([^-]+)-\d{1,15}$/.exec(recordId);
  return match !== null && isRunId(match[1]!) ? match[1] : undefined;
}

export interface StoredRecord {
  readonly recordId: string;
  readonly runId: string;
  /** Undefined when it cannot be read, as when its host died while it was about to write it. */
  readonly record: TaskRecord | 'other-version' | undefined;
}

const OTHER = 'other-version' as const;

/** All that there are, in the order of their names. What is no record is left alone. */
export async function readRecords(os: Os, stateDirectory: string): Promise<readonly StoredRecord[]> {
  const names = (await os.files.list(historyDirectory(stateDirectory))).filter(
    (name) => runOf(name) !== undefined,
  );
  const records: StoredRecord[] = [];
  const isOver = knownOnce((runId) => isRunOver(os, stateDirectory, runId));
  for (let at = 0; at < names.length; at += AT_A_TIME) {
    const some = names.slice(at, at + AT_A_TIME).map(async (recordId) => {
      // What cannot be read, or is no directory, is nothing that we have written.
      const record = await readRecord(os, stateDirectory, recordId, isOver).catch(() => OTHER);
      return { recordId, runId: runOf(recordId)!, record };
    });
    records.push(...(await Promise.all(some)));
  }
  return records;
}

/** As it is to be seen: one that runs, of a run that is over, is lost. */
export async function readRecord(
  os: Os,
  stateDirectory: string,
  recordId: string,
  isOver: (runId: string) => Promise<boolean> = (runId) => isRunOver(os, stateDirectory, runId),
): Promise<StoredRecord['record']> {
  const path = metaPath(recordDirectory(stateDirectory, recordId));
  const read = async (): Promise<StoredRecord['record']> => {
    const text = await os.files.read(path);
    return text === undefined ? undefined : parseRecord(text);
  };
  const record = await read();
  if (!isRunning(record) || !(await isOver(record.runId))) return record;
  const last = await read(); // its host may have ended in order meanwhile
  return isRunning(last) ? { ...last, status: 'lost' } : last;
}

const isRunning = (record: StoredRecord['record']): record is TaskRecord =>
  typeof record === 'object' && record.status === 'running';

function knownOnce<T>(ask: (name: string) => Promise<T>): (name: string) => Promise<T> {
  const known = new Map<string, Promise<T>>();
  return (name) => {
    const answer = known.get(name) ?? ask(name);
    known.set(name, answer);
    return answer;
  };
}
