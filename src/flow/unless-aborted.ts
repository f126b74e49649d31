/** Work that nobody waits for any more once it is not wanted. */
import { forgetAbort, onAbort } from './shared-signal.ts';

/** What comes of the work; undefined when the signal is aborted before, and whatever comes of it then is nobody's. */
export function unlessAborted<T>(work: T | Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  if (signal.aborted) return Promise.resolve(undefined);
  return new Promise((resolve, reject) => {
    const giveUp = (): void => resolve(undefined);
    onAbort(signal, giveUp);
    void Promise.resolve(work)
      .then(resolve, reject)
      .then(() => forgetAbort(signal, giveUp));
  });
}
