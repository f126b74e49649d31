/** Tells from an error of spawn(2)'s many parts which of them failed. */
import { closeSync, openSync, statSync } from 'node:fs';
import { codeOf, messageOf, type SpawnFailure, type SpawnPhase } from '../../errors.ts';

/** Too few processes, descriptors or too little memory: the program was never reached. */
const FORK_CODES = new Set(['EAGAIN', 'ENOMEM', 'EMFILE', 'ENFILE', 'ENOSYS']);

/** Linux reports a missing directory and a missing program alike: only a look at the directory tells. */
export function spawnFailure(error: unknown, cwd: string | undefined): SpawnFailure {
  const code = codeOf(error);
  if (FORK_CODES.has(code)) return failure('fork', error);
  if (cwd !== undefined) {
    const complaint = complaintAbout(cwd);
    if (complaint !== undefined) return { ...failure('cwd', complaint), message: messageOf(complaint) };
  }
  return failure('exec', error);
}

export function failure(phase: SpawnPhase, error: unknown): SpawnFailure {
  const errno = (error as { errno?: unknown } | undefined)?.errno;
  return {
    phase,
    code: codeOf(error),
    errno: typeof errno === 'number' ? errno : undefined,
    message: messageOf(error),
  };
}

/** Why we cannot take in streams, if we cannot: who connects to one without descriptors sees a broken pipe only. */
export function ownLack(): SpawnFailure | undefined {
  try {
    closeSync(openSync('/dev/null', 'r'));
    return undefined;
  } catch (error) {
    return failure('streams', error);
  }
}

function complaintAbout(directory: string): unknown {
  try {
    if (statSync(directory).isDirectory()) return undefined;
    return Object.assign(new Error(`ENOTDIR: not a directory, '${directory}'`), {
      code: 'ENOTDIR',
      errno: -20,
    });
  } catch (error) {
    return error;
  }
}

export const CLOSED: SpawnFailure = {
  phase: 'forker',
  code: 'EFORKERCLOSED',
  errno: undefined,
  message: 'the run is closing',
};

export const FORKER_LOST: SpawnFailure = {
  phase: 'forker',
  code: 'EFORKERLOST',
  errno: undefined,
  message: 'the forker died while it started this process',
};
