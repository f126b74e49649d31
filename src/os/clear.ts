/** Ends what a claim covers, in order and in bounded time. */
import { Clearing, type ClearingOptions, type ClearingTools } from './clearing.ts';
import type { Clock, Sighting } from './os.ts';

/** What SIGKILL does not end in this many milliseconds, we cannot end: it hangs in the kernel, or is not ours to kill. */
export const KILL_PATIENCE_MS = 5_000;

/**
 * SIGTERM, and SIGKILL after `grace` milliseconds. Resolves with what is left, which is nothing unless something would
 * not die within `patience` milliseconds more; rejects when processes could not be listed by then.
 */
export function clear(
  tools: ClearingTools,
  options: ClearingOptions,
  grace: number,
  patience = KILL_PATIENCE_MS,
): Promise<readonly Sighting[]> {
  return carryOut(new Clearing(tools, options), tools.clock, grace, patience);
}

/** `clear` for a clearing that the caller keeps hold of. */
export async function carryOut(
  clearing: Clearing,
  clock: Clock,
  grace: number,
  patience: number,
): Promise<readonly Sighting[]> {
  clearing.raise('SIGTERM');
  let timer = clock.setTimeout(() => {
    clearing.raise('SIGKILL');
    timer = clock.setTimeout(() => clearing.abandon(), patience);
  }, grace);
  try {
    return await clearing.done;
  } finally {
    clock.clearTimeout(timer);
  }
}
