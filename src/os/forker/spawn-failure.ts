/** Why a process was not born, as plain data. */
import { codeOf, messageOf, type SpawnFailure, type SpawnPhase } from '../../errors.ts';

export function failure(phase: SpawnPhase, error: unknown): SpawnFailure {
  const errno = (error as { errno?: unknown } | undefined)?.errno;
  return {
    phase,
    code: codeOf(error),
    errno: typeof errno === 'number' ? errno : undefined,
    message: messageOf(error),
  };
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
