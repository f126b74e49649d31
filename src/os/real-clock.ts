/** Time as the machine keeps it. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { LONGEST_TIMER_MS } from './longest-timer.ts';
import type { Clock } from './os.ts';

export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout: (action, ms) => setTimeout(action, Math.min(ms, LONGEST_TIMER_MS)),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
  soon: (action) => process.nextTick(action), // after the microtasks, when one of those calls it
  turn: () => nextTurn(),
};
