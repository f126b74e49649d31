/** What happens to a run when its process is asked to end, or just ends. */

/** As Ctrl-C, a service manager and a closing terminal ask. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
type ExitSignal = (typeof SIGNALS)[number];

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
export function installExitHooks(actions: ExitHookActions, signals: boolean): () => void {
  let asked = false;
  const onSignal = (signal: ExitSignal): void => {
    if (asked) {
      actions.abandon();
      remove();
      endBy(signal);
      return;
    }
    asked = true;
    void actions.stop(signal).finally(() => {
      remove();
      endBy(signal);
    });
  };
  const remove = (): void => {
    for (const signal of SIGNALS) process.off(signal, onSignal);
    process.off('exit', actions.abandon);
  };
  // Also reached by an uncaught exception and by process.exit(); by then nothing may wait.
  process.on('exit', actions.abandon);
  if (signals) for (const signal of SIGNALS) process.on(signal, onSignal);
  return remove;
}

/** With handlers of the application's own still there, ending is the application's decision. */
function endBy(signal: ExitSignal): void {
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
}
