/** OTP's refusals as errors. */
import { ForkerError, type ReeveError, SupervisionError, SupervisorNotRunningError } from '../errors.ts';
import type { ExitReason } from '../events.ts';
import { describeExit } from '../worker/exit-reason.ts';
import type { Answer, Refusal } from './plan.ts';

const REFUSALS: Readonly<Record<Exclude<Refusal, 'not-running'>, readonly [string, string]>> = {
  'already-started': ['ERR_REEVE_ALREADY_STARTED', 'is up already'],
  'already-present': ['ERR_REEVE_ALREADY_PRESENT', 'is there already, and not up'],
  'not-found': ['ERR_REEVE_NOT_FOUND', 'is no child'],
  running: ['ERR_REEVE_RUNNING', 'is up'],
  restarting: ['ERR_REEVE_RESTARTING', 'is on its way back'],
  'max-children': ['ERR_REEVE_MAX_CHILDREN', 'would be one child more than maxChildren'],
  dynamic: ['ERR_REEVE_DYNAMIC', 'cannot be meant for a supervisor of this strategy'],
};

export function refusal({ because, path }: Extract<Answer, { is: 'refused' }>): ReeveError {
  if (because === 'not-running') return new SupervisorNotRunningError(path);
  const [code, message] = REFUSALS[because];
  return new SupervisionError(code, path, message);
}

/** The error behind an end, as an error's `cause`. */
export function causeOf(reason: ExitReason): ErrorOptions {
  if (reason.kind === 'spawn-failed' || reason.kind === 'start-refused') return { cause: reason.error };
  if (reason.kind === 'forker-lost') return { cause: new ForkerError(describeExit(reason)) };
  return 'reason' in reason ? causeOf(reason.reason) : {};
}
