/** Time as the machine keeps it. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from './os.ts';

/** Node fires longer timers at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimeout: (action, ms) => setTimeout(action, Math.min(ms, LONGEST_TIMER)),
  clearTimeout: (timer) => clearTimeout(timer as NodeJS.Timeout),
  soon: (action) => process.nextTick(action), // after the microtasks, when one of those calls it
  turn: () => nextTurn(),
};
