/** What the Linux kernel says about processes, through /proc. */
import { hostname, uptime } from 'node:os';
import { readCookies } from '../cookie.ts';
import type { Kernel } from '../os.ts';
import { groupExists, sendSignal } from '../posix-signal.ts';
import { eyes } from './eyes.ts';
import { readBootId, readLastPid, readPidNamespace, readStat } from './proc.ts';

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
    ...eyes(bootId, pidNamespace),
    signal: sendSignal,
    groupExists,
  };
}
