/** Why a supervisor does what it does to a child: the chain from a stop or a start back to where it began. */
import type { Cause, ExitReason } from '../events.ts';
import type { Child } from './roster.ts';

export const byExit = ({ path, workerId }: Child, reason: ExitReason): Cause => ({
  by: 'exit',
  path,
  workerId,
  reason,
});

export const byCall = (call: string): Cause => ({ by: 'call', call });

/** The supervisor of this path is being stopped. */
export const byStop = (path: string, because: Cause | undefined): Cause => ({
  by: 'stop',
  path,
  ...(because === undefined ? {} : { because }),
});
