/** What one simulated process sees of the others, as /proc would show it. */
import { type Cookie, readCookies } from '../cookie.ts';
import type { Kernel, ProcessFacts, Sighting } from '../os.ts';
import { refuseTooMany } from '../posix-signal.ts';
import type { SimMachine } from './machine.ts';
import type { SimProcess } from './process.ts';

/** So many processes are looked at in one go; then others have a turn, and the picture is of more than one moment. */
const CENSUS_SLICE = 4;

export function simKernel(machine: SimMachine, self: SimProcess): Kernel {
  const { identityOf, sight, inspect } = eyesOf(machine, self);

  /** Whoever is dead goes no further: what he waits for never comes. */
  const pause = (): Promise<void> => new Promise((resolve) => machine.later(self, 0, resolve));

  return {
    self: {
      identity: identityOf(self),
      userId: self.userId,
      machine: machine.hostname,
      cookies: readCookies((name) => self.environment[name]),
    },
    settlesIn: 2 * machine.tick,
    startTimeNow: () => machine.ticks(),
    lastPid: () => machine.births, // pids are so few here that they would come round
    async startTimeOf(pid) {
      return machine.find(pid)?.startTime;
    },
    async sight(pid) {
      return sight(pid);
    },
    async inspect(pid) {
      return inspect(pid);
    },
    async census(onVanished) {
      const sightings: Sighting[] = [];
      const pids = machine.processes().map(({ pid }) => pid);
      for (const [index, pid] of pids.entries()) {
        if (index % CENSUS_SLICE === CENSUS_SLICE - 1) await pause();
        const sighting = sight(pid);
        if (sighting === undefined) onVanished?.();
        else sightings.push(sighting);
      }
      return sightings;
    },
    signal(pid, signal) {
      if (!self.alive) return 'gone';
      refuseTooMany(pid);
      machine.boundary(self, `before ${signal}`);
      if (!self.alive) return 'gone';
      const outcome = machine.kill(self, pid, signal);
      machine.boundary(self, `after ${signal}`);
      return outcome;
    },
    groupExists: (group) => machine.group(group).length > 0,
  };
}

/** What it can see of one process. */
function eyesOf(machine: SimMachine, self: SimProcess) {
  const identityOf = ({ pid, startTime }: SimProcess) => ({
    bootId: machine.bootId,
    pidNamespace: machine.pidNamespace,
    pid,
    startTime,
  });

  function cookiesOf(process: SimProcess): readonly Cookie[] | undefined {
    if (!process.alive) return undefined;
    if (self.userId !== 0 && self.userId !== process.userId) return undefined;
    return readCookies((name) => process.environment[name]);
  }

  function sight(pid: number): Sighting | undefined {
    const process = machine.find(pid);
    if (process === undefined) return undefined;
    for (const onlooker of machine.onlookers) onlooker.onLook?.(self, process);
    return {
      ...identityOf(process),
      parent: process.parent?.pid ?? 0,
      group: process.group,
      session: process.session,
      zombie: process.state === 'zombie',
      dying: process.state === 'dying',
      cookies: cookiesOf(process),
    };
  }

  function inspect(pid: number): ProcessFacts | undefined {
    const sighting = sight(pid);
    if (sighting === undefined) return undefined;
    const { userId, commandLine } = machine.find(pid)!;
    return { ...sighting, userId, commandLine: sighting.zombie ? '' : commandLine };
  }

  return { identityOf, sight, inspect };
}
