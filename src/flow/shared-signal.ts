/** One listener for all that wait for the same signal: Node would take the eleventh for a leak, and warn of it. */

interface Watch {
  readonly acts: Set<() => void>;
  readonly listener: () => void;
}

const watches = new WeakMap<AbortSignal, Watch>();

/** Has this called when the signal is aborted, unless `forgetAbort` comes first. */
export function onAbort(signal: AbortSignal, act: () => void): void {
  let watch = watches.get(signal);
  if (watch === undefined) {
    const acts = new Set<() => void>();
    const listener = () => {
      for (const one of [...acts]) if (acts.has(one)) one(); // one may be the end of another
    };
    watch = { acts, listener };
    watches.set(signal, watch);
    signal.addEventListener('abort', listener);
  }
  watch.acts.add(act);
}

/** Nothing is left on the signal when nobody waits for it any more. */
export function forgetAbort(signal: AbortSignal, act: () => void): void {
  const watch = watches.get(signal);
  if (watch === undefined || !watch.acts.delete(act) || watch.acts.size > 0) return;
  watches.delete(signal);
  signal.removeEventListener('abort', watch.listener);
}
