/** What makes a process itself and not its pid's next owner. */

/** A pid names a slot; boot, namespace and start time narrow it down to a process (almost: see `Cookie`). */
export interface ProcessIdentity {
  /** Names one boot of one machine. */
  readonly bootId: string;
  /** Names the pid namespace in which `pid` counts. */
  readonly pidNamespace: string;
  readonly pid: number;
  /** When it started, in the kernel's own unit: clock ticks since boot on Linux, seconds since 1970 elsewhere. */
  readonly startTime: number;
}

/**
 * True when both name one process, as far as the kernel's clock can tell. Two processes that followed each other on
 * one pid within one tick (10 ms on Linux) look the same here: ask their cookies too before you act on it.
 */
export function sameProcess(a: ProcessIdentity, b: ProcessIdentity): boolean {
  return (
    a.pid === b.pid &&
    a.startTime === b.startTime &&
    a.bootId === b.bootId &&
    a.pidNamespace === b.pidNamespace
  );
}

/** Just the four fields of an identity, out of something that has more. */
export function identityOf(process: ProcessIdentity): ProcessIdentity {
  const { bootId, pidNamespace, pid, startTime } = process;
  return { bootId, pidNamespace, pid, startTime };
}
