/** Waiting that can be given up. */
import type { Clock } from '../os/os.ts';
import { forgetAbort, onAbort } from './shared-signal.ts';

/** Resolves after so many milliseconds, or when `signal` is aborted. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const over = (): void => {
      clock.clearTimeout(timer);
      forgetAbort(signal, over);
      resolve();
    };
    const timer = clock.setTimeout(over, ms);
    onAbort(signal, over);
  });
}
