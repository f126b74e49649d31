/** What the Linux kernel says about processes, through /proc. */
import { readdirSync } from 'node:fs';
import { hostname, uptime } from 'node:os';
import { setImmediate as nextTurn, setTimeout } from 'node:timers/promises';
import { readCookies } from '../cookie.ts';
import type { Kernel, ProcessFacts, Sighting } from '../os.ts';
import { groupExists, sendSignal } from '../posix-signal.ts';
import {
  hasCommandLine,
  NO_ENVIRONMENT,
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

/** Who is in the middle of an exec, which takes microseconds as a rule, is looked at so often, so far apart. */
const EXEC_LOOKS = 10;
const LOOK_AGAIN_MS = 1;

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

  function look(pid: number): Sighting | undefined {
    const stat = readStat(pid);
    if (stat === undefined) return undefined;
    const { kernelThread, ...place } = { bootId, pidNamespace, pid, ...stat };
    if (stat.zombie || kernelThread) return { ...place, cookies: undefined }; // they have no environment
    return { ...place, cookies: stat.dying ? readDyingCookies(pid) : readProcessCookies(pid) };
  }

  /** In the middle of an exec nobody has an environment: who has none is looked at again, and believed the second time. */
  async function sight(pid: number): Promise<Sighting | undefined> {
    let bare = 0;
    for (let looks = 1; ; looks += 1) {
      const seen = look(pid);
      if (seen?.cookies !== NO_ENVIRONMENT) return seen;
      // Between two looks at its environment the exec may just have ended: who has a command line is past it.
      bare = hasCommandLine(pid) && readProcessCookies(pid) === NO_ENVIRONMENT ? bare + 1 : 0;
      if (bare === 2) return seen;
      if (looks === EXEC_LOOKS) return { ...seen, cookies: undefined };
      await setTimeout(LOOK_AGAIN_MS);
    }
  }

  async function inspect(pid: number): Promise<ProcessFacts | undefined> {
    const sighting = await sight(pid);
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
    sight,
    inspect,
    async census(onVanished) {
      const sightings: Sighting[] = [];
      const bare: Promise<Sighting | undefined>[] = [];
      let sliceEnds = performance.now() + CENSUS_SLICE_MS;
      for (const name of readdirSync('/proc')) {
        const pid = Number(name);
        if (!Number.isInteger(pid)) continue;
        const sighting = look(pid);
        if (sighting === undefined) onVanished?.();
        else if (sighting.cookies === NO_ENVIRONMENT) bare.push(sight(pid));
        else sightings.push(sighting);
        if (performance.now() > sliceEnds) {
          await nextTurn();
          sliceEnds = performance.now() + CENSUS_SLICE_MS;
        }
      }
      for (const sighting of await Promise.all(bare)) {
        if (sighting === undefined) onVanished?.();
        else sightings.push(sighting);
      }
      return sightings;
    },
    signal: sendSignal,
    groupExists,
  };
}
