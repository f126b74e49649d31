/** Where a run's traces lie in the state directory. */
import { isRunId } from './run-id.ts';

export const runsDirectory = (stateDirectory: string): string => `${stateDirectory}/runs`;
export const runFilePath = (stateDirectory: string, runId: string): string =>
  `${runsDirectory(stateDirectory)}/${runId}.json`;
export const socketPath = (stateDirectory: string, runId: string): string =>
  `${runsDirectory(stateDirectory)}/${runId}.sock`;
export const fifoDirectory = (stateDirectory: string, runId: string): string =>
  `${runsDirectory(stateDirectory)}/${runId}.fifos`;

/** Files that could not be understood are kept here. */
export const damagedDirectory = (stateDirectory: string): string => `${stateDirectory}/damaged`;

/** The run that a name in the runs directory belongs to, and what it is of that run. */
export function parseRunName(
  name: string,
): { runId: string; kind: 'file' | 'socket' | 'fifos' | 'temporary' } | undefined {
  const match = /^(\d+_[a-z0-9]+)\.(json|sock|fifos|json\.\d+\.tmp)$/.exec(name);
  if (match === null || !isRunId(match[1]!)) return undefined;
  return { runId: match[1]!, kind: KINDS[match[2]!] ?? 'temporary' };
}

const KINDS: Readonly<Record<string, 'file' | 'socket' | 'fifos'>> = {
  json: 'file',
  sock: 'socket',
  fifos: 'fifos',
};
