/** What the registry says of all runs, checked against what lives: for people who look. */
import { sameProcess } from '../os/identity.ts';
import type { Os } from '../os/os.ts';
import { judgeHost } from './judge-host.ts';
import { parseRunFile, type RunFile, type WorkerRecord } from './run-file.ts';
import { parseRunName, runFilePath, runsDirectory } from './run-paths.ts';
import type { HostVerdict } from './verdict.ts';

export interface ListedWorker {
  readonly id: string;
  readonly path: string;
  readonly pid: number | null;
  /** `gone`: recorded, but no such process is there. */
  readonly state: 'spawning' | 'running' | 'stopping' | 'gone';
  readonly command: string;
}

export interface ListedRun {
  readonly runId: string;
  readonly name: string;
  readonly host: { readonly pid: number; readonly alive: boolean };
  readonly verdict: HostVerdict;
  readonly workers: readonly ListedWorker[];
}

export interface RunList {
  readonly runs: readonly ListedRun[];
  /** Files that could not be understood. */
  readonly unreadable: readonly string[];
}

export async function listRuns(os: Os, stateDirectory: string): Promise<RunList> {
  const names = await os.files.list(runsDirectory(stateDirectory));
  const unreadable: string[] = [];
  const runs: ListedRun[] = [];
  for (const found of names.map(parseRunName)) {
    if (found?.kind !== 'file') continue;
    const path = runFilePath(stateDirectory, found.runId);
    const text = await os.files.read(path);
    if (text === undefined) continue; // it ended while we looked
    const parsed = parseRunFile(text, found.runId);
    if (parsed.kind === 'valid') runs.push(await listRun(os, stateDirectory, parsed.file));
    else unreadable.push(path);
  }
  return { runs, unreadable };
}

/**
 * Nothing more of it is to come: its host is dead, or it has ended and has no record. Of a host on another machine, or in
 * another pid namespace, nobody here can say so.
 */
export async function isRunOver(os: Os, stateDirectory: string, runId: string): Promise<boolean> {
  const text = await os.files.read(runFilePath(stateDirectory, runId));
  if (text === undefined) return true;
  const parsed = parseRunFile(text, runId);
  return parsed.kind === 'valid' && (await judgeHost(os, stateDirectory, parsed.file)) === 'dead';
}

async function listRun(os: Os, stateDirectory: string, file: RunFile): Promise<ListedRun> {
  const verdict = await judgeHost(os, stateDirectory, file);
  const workers = await Promise.all(Object.values(file.workers).map((record) => listWorker(os, record)));
  const host = { pid: file.host.pid, alive: verdict === 'alive' };
  return { runId: file.runId, name: file.name, host, verdict, workers };
}

async function listWorker(os: Os, record: WorkerRecord): Promise<ListedWorker> {
  const { id, path, command } = record;
  if (record.state === 'reserved') return { id, path, command, pid: null, state: 'spawning' };
  const seen = await os.processes.sight(record.process.pid);
  const alive = seen !== undefined && !seen.zombie && sameProcess(seen, record.process);
  return { id, path, command, pid: record.process.pid, state: alive ? record.lifecycle : 'gone' };
}
