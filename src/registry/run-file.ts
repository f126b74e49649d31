/** What a run's file says: who the host is, who its forker, and which workers it started. */
import type { ProcessIdentity } from '../os/identity.ts';
import { isRunId } from './run-id.ts';

export const RUN_FILE_VERSION = 1;

/** Promised a process that is not known yet; only its mark could find it. */
export interface ReservedRecord {
  readonly state: 'reserved';
  readonly workerId: string;
  readonly id: string;
  readonly path: string;
  readonly command: string;
}

/** Written when the fork is known. */
export interface ActiveRecord extends Omit<ReservedRecord, 'state'> {
  readonly state: 'active';
  readonly process: ProcessIdentity;
  /** Of its own, both: the worker's pid. */
  readonly session: number;
  readonly group: number;
  /** The worker's state when last written. */
  readonly lifecycle: 'spawning' | 'running' | 'stopping';
  /**
   * It was seen alive when no more process could be born with its start time: no other process ever had this pid and
   * this start time, and the two prove its identity without its mark.
   */
  readonly settled: boolean;
}

export type WorkerRecord = ReservedRecord | ActiveRecord;

export interface HostRecord extends ProcessIdentity {
  readonly userId: number;
  /** Tells machines apart that share a state directory. */
  readonly machine: string;
}

export interface RunFile {
  readonly version: typeof RUN_FILE_VERSION;
  readonly runId: string;
  readonly name: string;
  readonly host: HostRecord;
  readonly forker: ProcessIdentity | null;
  /** Milliseconds that the forker gives what outlives the host. */
  readonly orphanGrace: number;
  /** How many processes this file answers for: none is forked beyond this number, recorded below yet or not. */
  readonly births: number;
  /** By worker ID. */
  readonly workers: Readonly<Record<string, WorkerRecord>>;
}

export type ParsedRunFile =
  | { readonly kind: 'valid'; readonly file: RunFile }
  /** Written by another version: its own business, and not ours to judge. */
  | { readonly kind: 'other-version'; readonly version: unknown }
  | { readonly kind: 'damaged'; readonly complaint: string };

/** Takes nothing on trust: a file may be torn, edited, or not ours at all. */
export function parseRunFile(text: string, runId: string): ParsedRunFile {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    return { kind: 'damaged', complaint: String(error) };
  }
  if (!isObject(data)) return { kind: 'damaged', complaint: 'not an object' };
  if (typeof data['version'] === 'number' && data['version'] !== RUN_FILE_VERSION) {
    return { kind: 'other-version', version: data['version'] };
  }
  const complaint = complaintAbout(data, runId);
  return complaint === undefined
    ? { kind: 'valid', file: data as unknown as RunFile }
    : { kind: 'damaged', complaint };
}

function complaintAbout(data: Record<string, unknown>, runId: string): string | undefined {
  const { version, host, forker, workers } = data;
  if (version !== RUN_FILE_VERSION) return 'no version';
  if (data['runId'] !== runId || !isRunId(runId)) return 'not the run that its name says';
  if (typeof data['name'] !== 'string') return 'no name';
  if (!isIdentity(host) || !isCount(host['userId']) || typeof host['machine'] !== 'string') return 'no host';
  if (forker !== null && !isIdentity(forker)) return 'no forker';
  if (!isCount(data['orphanGrace'])) return 'no grace';
  if (!isCount(data['births'])) return 'no births';
  if (!isObject(workers)) return 'no workers';
  const bad = Object.entries(workers).find(([workerId, record]) => !isWorkerRecord(record, workerId));
  return bad === undefined ? undefined : `worker '${bad[0]}' makes no sense`;
}

function isWorkerRecord(record: unknown, workerId: string): boolean {
  if (!isObject(record) || record['workerId'] !== workerId) return false;
  if (![record['id'], record['path'], record['command']].every((field) => typeof field === 'string'))
    return false;
  if (record['state'] === 'reserved') return true;
  return (
    record['state'] === 'active' &&
    isIdentity(record['process']) &&
    isCount(record['session']) &&
    isCount(record['group']) &&
    typeof record['settled'] === 'boolean' &&
    ['spawning', 'running', 'stopping'].includes(record['lifecycle'] as string)
  );
}

function isIdentity(value: unknown): value is Record<string, unknown> {
  return (
    isObject(value) &&
    typeof value['bootId'] === 'string' &&
    typeof value['pidNamespace'] === 'string' &&
    isCount(value['pid']) &&
    (value['pid'] as number) > 0 &&
    isCount(value['startTime'])
  );
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
