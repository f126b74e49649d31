/** Why a process was not born, as plain data. */
import { closeSync, openSync } from 'node:fs';
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

/** Why we cannot take in streams, if we cannot: who connects to one without descriptors sees a broken pipe only. */
export function ownLack(): SpawnFailure | undefined {
  try {
    closeSync(openSync('/dev/null', 'r'));
    return undefined;
  } catch (error) {
    return failure('streams', error);
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
