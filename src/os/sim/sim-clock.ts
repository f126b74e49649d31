/** The two clocks of one simulated process, and its timers: never early, sometimes late, some of them together. */
import { LONGEST_TIMER_MS } from '../longest-timer.ts';
import type { Clock } from '../os.ts';
import type { SimMachine } from './machine.ts';
import type { SimProcess } from './process.ts';
import { doneBy } from './simulation-error.ts';
import type { Entry } from './timeline.ts';

/** 1 January 2026, on whatever day the simulation runs. */
const BUILT_AT = Date.UTC(2026, 0, 1);
/** How often a timer is late, and by how many milliseconds at most: a busy event loop. */
const LATE = { chance: 0.02, most: 40 };

export function simClock(machine: SimMachine, self: SimProcess): Clock {
  const { timeline, prng } = machine;
  return {
    now: () => Math.floor(BUILT_AT + timeline.now + machine.wallOffset),
    monotonic: () => timeline.now,
    setTimeout(action, ms) {
      // Node counts whole milliseconds, at least one, and so rings what is due in the same one together.
      const late = prng.chance(LATE.chance) ? prng.below(LATE.most) : 0;
      const due = Math.ceil(timeline.now + (ms >= 1 && ms <= LONGEST_TIMER_MS ? ms : 1) + late);
      const ring = doneBy(machine, self, action);
      const timer = timeline.add(due - timeline.now, () => {
        self.timers.delete(timer);
        machine.happen(self, ring);
      });
      self.timers.add(timer);
      return timer;
    },
    clearTimeout(timer) {
      if (timer === undefined) return;
      (timer as Entry).cancelled = true;
      self.timers.delete(timer as Entry);
    },
    soon: (action) => void Promise.resolve().then(doneBy(machine, self, action)),
    turn: () => new Promise((resolve) => timeline.add(0, () => machine.happen(self, resolve))),
  };
}
