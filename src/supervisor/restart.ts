/** OTP's restart types and auto-shutdown: what the end of a child calls for. */
import type { ExitReason } from '../events.ts';

/** `permanent`: always started again · `transient`: only after an abnormal end · `temporary`: never. */
export type Restart = 'permanent' | 'transient' | 'temporary';

/** Which ends of significant children end their supervisor. */
export type AutoShutdown = 'never' | 'any_significant' | 'all_significant';

/** OTP's `normal`, `shutdown` and `{shutdown, Term}`; everything else is abnormal. */
export function isClean({ kind }: ExitReason): boolean {
  return ['normal', 'shutdown', 'intensity-exceeded', 'auto-shutdown'].includes(kind);
}

export function mustRestart(restart: Restart, reason: ExitReason): boolean {
  if (restart === 'permanent') return true;
  if (restart === 'temporary') return false;
  return !isClean(reason);
}

/**
 * Whether the supervisor's work is done when this child has ended, and is not started again.
 * @param othersLeft whether another significant child lives, or is about to
 */
export function mustShutDown(
  autoShutdown: AutoShutdown,
  significant: boolean,
  othersLeft: () => boolean,
): boolean {
  if (!significant || autoShutdown === 'never') return false;
  return autoShutdown === 'any_significant' || !othersLeft();
}
