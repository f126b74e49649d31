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

/** How many are more than the greatest number allows. */
export const workersTooMany = (max: number, ready: number): number => Math.max(0, ready - max);
