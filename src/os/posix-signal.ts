/** kill(2), with its errors as answers. The only place that signals. */
import { codeOf } from '../errors.ts';
import type { Signal, SignalOutcome } from './os.ts';

/** @param pid above 1 for a process, below -1 for a group; anything else would reach far too many. */
export function sendSignal(pid: number, signal: Signal): SignalOutcome {
  return attempt(pid, signal);
}

export function groupExists(group: number): boolean {
  return attempt(-group, 0) !== 'gone';
}

/** Throws for what is no pid of one process or group: 0, 1 and -1 mean far more. */
export function refuseTooMany(pid: number): void {
  if (!Number.isSafeInteger(pid) || Math.abs(pid) <= 1) throw new RangeError(`will not signal pid ${pid}`);
}

function attempt(pid: number, signal: Signal | 0): SignalOutcome {
  refuseTooMany(pid);
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0; // that a process is gone is an everyday answer: no trace is made of it
  try {
    process.kill(pid, signal);
    return 'sent';
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return 'gone';
    if (codeOf(error) === 'EPERM') return 'denied'; // alive, and not ours to signal
    throw error;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
