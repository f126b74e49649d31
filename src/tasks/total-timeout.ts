/** How long many tasks may take together, when each has a time limit. */
import { LONGEST_TIMER_MS } from '../os/longest-timer.ts';

/** Of the time that they take when each takes all of its own. */
const AUTO_TIMES = 1.5;

/** In milliseconds. @param count of tasks @param concurrency how many at a time @param timeout of each, or of the longest */
export function enoughFor(count: number, concurrency: number, timeout: number): number {
  const waves = Math.max(1, Math.ceil(count / concurrency));
  const ms = Math.ceil(AUTO_TIMES * timeout * waves);
  return Math.max(1, Math.min(LONGEST_TIMER_MS, ms));
}
