/** How many workers a pool should have more. */

export interface Headcount {
  readonly min: number;
  readonly max: number;
  /** Ready, and not on its way out. */
  readonly ready: number;
  readonly starting: number;
  /** Calls that wait for whichever worker comes first, and leases. */
  readonly waiting: number;
  readonly tasksPerWorker: number;
}

/** As many as are missing to the least number, and as those who wait can use, within the greatest. */
export function workersToStart({ min, max, ready, starting, waiting, tasksPerWorker }: Headcount): number {
  const wanted = Math.ceil(waiting / tasksPerWorker) - starting;
  const missing = min - ready - starting;
  return Math.max(0, Math.min(max - ready - starting, Math.max(missing, wanted)));
}

/** What is looked at of a worker. */
export interface Trimmed {
  readonly state: string;
  readonly load: number;
  readonly sessions: { readonly size: number };
}

/** Those that are more than the greatest number, who has least to do first; but who has sessions stays for their sake. */
export function workersTooMany<One extends Trimmed>(members: readonly One[], max: number): readonly One[] {
  const ready = members.filter(({ state }) => state === 'ready');
  if (ready.length <= max) return [];
  return ready
    .filter(({ sessions }) => sessions.size === 0)
    .sort((a, b) => a.load - b.load)
    .slice(0, ready.length - max);
}
