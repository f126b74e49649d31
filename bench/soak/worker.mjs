// A worker of the soak, for Node: the same methods as worker.py; its sessions are handed on when it is recycled.
import { setTimeout } from 'node:timers/promises';
import { serve } from 'reeve/worker';

const tallies = new Map();

serve(
  {
    echo: (params) => params,
    fill: (length) => 'x'.repeat(length),
    fail(message) {
      throw new RangeError(message);
    },
    *count(to, { progress }) {
      for (let number = 0; number < to; number += 1) {
        progress(number);
        yield number;
      }
    },
    tally(_, { session }) {
      tallies.set(session, (tallies.get(session) ?? 0) + 1);
      return tallies.get(session);
    },
    wait: (ms, { signal }) => setTimeout(ms, undefined, { signal }),
    /** Does not look whether it is wanted any more. */
    ignore: (ms) => setTimeout(ms),
    crash: () => process.exit(3),
  },
  {
    sessions: {
      save(session) {
        const saved = tallies.get(session);
        tallies.delete(session);
        return saved;
      },
      load: (session, saved) => void tallies.set(session, saved),
    },
  },
);
