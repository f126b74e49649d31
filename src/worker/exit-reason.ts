/** From how a process ended to why, and in words. */
import type { ExitReason } from '../events.ts';

/** Why we ended it, when it was us. */
export type Ending =
  | { readonly by: 'itself' }
  | { readonly by: 'stop'; readonly forced: boolean }
  | { readonly by: 'unready'; readonly detail: string }
  | { readonly by: 'forker-lost' };

/** @param asShutdown the exit codes that say that it ended as if it had been told to */
export function exitReason(
  ending: Ending,
  code: number | null,
  signal: string | null,
  asShutdown: readonly number[] = [],
): ExitReason {
  switch (ending.by) {
    case 'stop':
      return { kind: 'shutdown', code, signal, forced: ending.forced };
    case 'unready':
      return { kind: 'not-ready', detail: ending.detail, code, signal };
    case 'forker-lost':
      return { kind: 'forker-lost' };
    default:
      if (signal === 'SIGKILL') return { kind: 'killed' };
      if (code !== null && asShutdown.includes(code))
        return { kind: 'shutdown', code, signal, forced: false };
      return code === 0 ? { kind: 'normal' } : { kind: 'crashed', code, signal };
  }
}

export function describeExit(reason: ExitReason): string {
  switch (reason.kind) {
    case 'normal':
      return 'ended by itself with code 0';
    case 'shutdown':
      if (!reason.forced) return 'was stopped';
      // Its plan may have begun with SIGKILL: whether it would have obeyed is not said.
      return reason.signal === 'SIGKILL' ? 'was stopped by SIGKILL' : 'was stopped, what it left by SIGKILL';
    case 'killed':
      return 'was killed (SIGKILL) by somebody else';
    case 'crashed':
      return reason.signal === null ? `ended with code ${reason.code}` : `was ended by ${reason.signal}`;
    case 'spawn-failed':
      return reason.error.message;
    case 'not-ready':
      return `was not ready: ${reason.detail}`;
    case 'forker-lost':
      return 'was ended because the forker had died';
    case 'ignored':
      return 'is not needed';
    case 'start-refused':
      return `was refused by its start function: ${reason.error.message}`;
    case 'start-failed':
      return `did not start: '${reason.path}' ${describeExit(reason.reason)}`;
    case 'intensity-exceeded':
      return `gave up because of '${reason.path}', which ${describeExit(reason.reason)}`;
    case 'auto-shutdown':
      return `is done: '${reason.path}' ${describeExit(reason.reason)}`;
  }
}
