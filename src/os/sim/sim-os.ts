/** The outside world of one simulated host: everything above this floor runs on it unchanged. */
import type { Lifetime, Os } from '../os.ts';
import type { SimProcess } from './process.ts';
import { simClock } from './sim-clock.ts';
import { simFiles } from './sim-files.ts';
import type { Installed } from './sim-fork.ts';
import { simKernel } from './sim-kernel.ts';
import { simLogs } from './sim-logs.ts';
import { simNetwork } from './sim-network.ts';
import { openSimSpawner } from './sim-spawner.ts';

/** Of a simulated machine, as far as anybody asks. */
const PROCESSORS = 4;

export function simOs(installed: Installed, self: SimProcess): Os {
  const { machine } = installed;
  const kernel = simKernel(machine, self);
  const clock = simClock(machine, self);
  const chance = machine.prng.split();
  return {
    processes: {
      ...kernel,
      parallelism: PROCESSORS,
      async usage(pid) {
        const process = machine.find(pid);
        return process === undefined ? undefined : { memory: process.memory, stopped: process.stopped };
      },
      openSpawner: (options) => openSimSpawner(installed, self, { kernel, clock }, options),
    },
    files: simFiles(machine, self),
    logs: simLogs(machine, self),
    network: simNetwork(machine, self),
    clock,
    random: { bytes: (count) => chance.bytes(count) },
    lifetime: simLifetime(installed, self),
    programs: {
      helpers: '/reeve',
      runModule: () => {
        throw new Error('no Node is simulated: give a command that is among the programs');
      },
    },
  };
}

function simLifetime({ machine }: Installed, self: SimProcess): Lifetime {
  return {
    atExit(action) {
      self.atExit.add(action);
      return () => void self.atExit.delete(action);
    },
    onSignal(listener) {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
        machine.handle(self, signal, () => machine.later(self, 0, () => listener(signal)));
      }
      return () => {
        for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) self.handlers.delete(signal);
      };
    },
    endBy: (signal) => machine.exit(self, null, signal),
  };
}
