/** What happens to a run when its process is asked to end, or just ends. */
import type { Lifetime, Signal } from '../os/os.ts';

export interface ExitHookActions {
  /** Stop everything in order. */
  readonly stop: (why: string) => Promise<void>;
  /** No time is left: only what can be done at once. */
  readonly abandon: () => void;
}

/**
 * On a signal: stops in order, then lets the signal do what it does to a process without us. A second signal ends the
 * process at once, and the forker clears up. Returns how to take the hooks away.
 */
export function installExitHooks(lifetime: Lifetime, actions: ExitHookActions, signals: boolean): () => void {
  let asked = false;
  const onSignal = (signal: Signal): void => {
    if (asked) {
      actions.abandon();
      remove();
      lifetime.endBy(signal);
      return;
    }
    asked = true;
    void actions.stop(signal).finally(() => {
      remove();
      lifetime.endBy(signal);
    });
  };
  const hooks = [lifetime.atExit(actions.abandon)];
  if (signals) hooks.push(lifetime.onSignal(onSignal));
  const remove = (): void => {
    for (const takeBack of hooks) takeBack();
  };
  return remove;
}
