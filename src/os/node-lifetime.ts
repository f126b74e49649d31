/** How this Node process is asked to end, and ends. */
import type { Lifetime } from './os.ts';

/** As Ctrl-C, a service manager and a closing terminal ask. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export const nodeLifetime: Lifetime = {
  // Also reached by an uncaught exception and by process.exit().
  atExit(action) {
    process.on('exit', action);
    return () => void process.off('exit', action);
  },
  onSignal(listener) {
    for (const signal of SIGNALS) process.on(signal, listener);
    return () => {
      for (const signal of SIGNALS) process.off(signal, listener);
    };
  },
  // With handlers of the application's own still there, ending is the application's decision.
  endBy(signal) {
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  },
};
