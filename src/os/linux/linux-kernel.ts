/** What the Linux kernel says about processes, through /proc. */
import { readdirSync } from 'node:fs';
import { hostname, uptime } from 'node:os';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { readCookies } from '../cookie.ts';
import type { Kernel, ProcessFacts, Sighting } from '../os.ts';
import { groupExists, sendSignal } from '../posix-signal.ts';
import {
  readBootId,
  readCommandLine,
  readDyingCookies,
  readLastPid,
  readPidNamespace,
  readProcessCookies,
  readStat,
  readUserId,
} from './proc.ts';

/** How long a census may hold the event loop before it lets others have a turn. */
const CENSUS_SLICE_MS = 4;

/** The unit of start times in /proc: USER_HZ, 100 on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;
/** Ten ticks: most workers that are to die at once have done so by then, and are not looked at. */
const SETTLES_IN_MS = 100;

/**
 * What to add to the uptime that we are shown, to be on the clock of start times, all in ticks. Nothing, as a rule. In
 * a container with an uptime of its own (lxcfs) start times are the machine's and ahead of it, and our own is the only
 * one that we can go by. It makes the present a little early, which only means that a process counts as young longer.
 */
export function uptimeLag(uptime: number, ownStart: number, ownAge: number): number {
  return uptime < ownStart ? ownStart + Math.floor(ownAge) - uptime : 0;
}

/** The uptime has two digits after the point, of which 0.29 × 100 makes 28.999…: that must not cost a tick. */
const uptimeInTicks = (): number => Math.floor(uptime() * TICKS_PER_SECOND + 0.001);

export function linuxKernel(): Kernel {
  const bootId = readBootId();
  const pidNamespace = readPidNamespace();
  const ownStart = readStat(process.pid)!.startTime;
  const lag = uptimeLag(uptimeInTicks(), ownStart, process.uptime() * TICKS_PER_SECOND);

  function sight(pid: number): Sighting | undefined {
    const stat = readStat(pid);
    if (stat === undefined) return undefined;
    const place = { bootId, pidNamespace, pid, ...stat };
    if (stat.zombie) return { ...place, cookies: undefined }; // the dead have no environment
    return { ...place, cookies: stat.dying ? readDyingCookies(pid) : readProcessCookies(pid) };
  }

  function inspect(pid: number): ProcessFacts | undefined {
    const sighting = sight(pid);
    const userId = readUserId(pid);
    if (sighting === undefined || userId === undefined) return undefined;
    return { ...sighting, userId, commandLine: readCommandLine(pid) };
  }

  return {
    self: {
      identity: { bootId, pidNamespace, pid: process.pid, startTime: ownStart },
      userId: process.geteuid!(),
      machine: hostname(),
      cookies: readCookies((name) => process.env[name]),
    },
    settlesIn: SETTLES_IN_MS,
    startTimeNow: () => uptimeInTicks() + lag,
    lastPid: readLastPid,
    async startTimeOf(pid) {
      return readStat(pid)?.startTime;
    },
    async sight(pid) {
      return sight(pid);
    },
    async inspect(pid) {
      return inspect(pid);
    },
    async census() {
      const sightings: Sighting[] = [];
      let sliceEnds = performance.now() + CENSUS_SLICE_MS;
      for (const name of readdirSync('/proc')) {
        const pid = Number(name);
        if (!Number.isInteger(pid)) continue;
        const sighting = sight(pid);
        if (sighting !== undefined) sightings.push(sighting);
        if (performance.now() > sliceEnds) {
          await nextTurn();
          sliceEnds = performance.now() + CENSUS_SLICE_MS;
        }
      }
      return sightings;
    },
    signal: sendSignal,
    groupExists,
  };
}
