/** What becomes of a call whose worker is gone. */
import { PoisonCallError } from '../call-errors.ts';
import type { Call } from './call.ts';

/** `errors`: of the workers that have had it, this one's too. `final`: what it fails with; undefined if it is tried again. */
export interface Verdict {
  readonly errors: Error[];
  readonly final: Error | undefined;
}

/** @param attempts how many workers a call that may be done twice is given to */
export function afterLoss(call: Call, error: Error, attempts: number): Verdict {
  const errors = [...(call.errors ?? []), error];
  const { idempotent, method, items } = call.plan;
  const isBound = items !== undefined || call.session !== undefined || call.isLeased;
  if (!idempotent || isBound) return { errors, final: error };
  if (errors.length < attempts) return { errors, final: undefined };
  return { errors, final: errors.length === 1 ? error : new PoisonCallError(method, errors) };
}
