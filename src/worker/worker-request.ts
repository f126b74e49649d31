/** What a worker's spec comes to: what is asked of the system, and what is written of it. */
import type { SpawnRequest } from '../os/os.ts';
import type { WorkerSpec } from './worker-spec.ts';

/** Streams of what nobody listens to. */
export const SILENT = { stdin: 'ignore', stdout: 'ignore', stderr: 'ignore', fd3: 'ignore' } as const;

export const commandOf = ({ command, args }: Pick<SpawnRequest, 'command' | 'args'>): string =>
  [command, ...args].join(' ').slice(0, COMMAND_KEPT);
/** As much of a command line as the registry keeps. */
const COMMAND_KEPT = 1_024;

export function requestOf(spec: WorkerSpec, workerId: string): SpawnRequest {
  const { command, args, cwd, env, stdin, stdout, stderr, ready, wire } = spec;
  return {
    workerId,
    command,
    args,
    cwd,
    env,
    stdin,
    stdout,
    stderr,
    fd3: ready.kind === 'notify' || wire?.over === 'fd3' ? 'pipe' : 'ignore',
  };
}
