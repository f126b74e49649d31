/** OTP's restart types: which ends of a child call for a new one. */
import type { ExitReason } from '../events.ts';

/** `permanent`: always · `transient`: only after an abnormal end · `temporary`: never. */
export type Restart = 'permanent' | 'transient' | 'temporary';

export function mustRestart(restart: Restart, reason: ExitReason): boolean {
  if (restart === 'permanent') return true;
  if (restart === 'temporary') return false;
  return reason.kind !== 'normal' && reason.kind !== 'shutdown';
}
