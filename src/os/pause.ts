/** Waiting on the port's clock. */
import type { Clock } from './os.ts';

export const pause = (clock: Clock, ms: number): Promise<void> =>
  new Promise((resolve) => void clock.setTimeout(resolve, ms));
