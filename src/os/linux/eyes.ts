/** What can be seen of other processes through /proc: one of them, one closely, or all. */
import { readdirSync } from 'node:fs';
import { setImmediate as nextTurn, setTimeout } from 'node:timers/promises';
import type { Cookie } from '../cookie.ts';
import type { Kernel, ProcessFacts, Sighting } from '../os.ts';
import {
  hasCommandLine,
  NO_ENVIRONMENT,
  readCommandLine,
  readDyingCookies,
  readProcessCookies,
  readStat,
  readUserId,
  type Stat,
} from './proc.ts';

/** How long a census may hold the event loop before it lets others have a turn. */
const CENSUS_SLICE_MS = 4;
/**
 * Who is in the middle of an exec is looked at so often, each time a millisecond later: 300 ms in all. An exec takes
 * microseconds as a rule; but on a busy machine whoever is amid one may have to wait for a processor.
 */
const EXEC_LOOKS = 25;

export function eyes(bootId: string, pidNamespace: string): Pick<Kernel, 'sight' | 'inspect' | 'census'> {
  function look(pid: number): Sighting | undefined {
    const stat = readStat(pid);
    if (stat === undefined) return undefined;
    const { kernelThread, exiting, ...place } = { bootId, pidNamespace, pid, ...stat };
    if (stat.zombie || kernelThread) return { ...place, cookies: undefined }; // they have no environment
    return { ...place, dying: stat.dying || exiting, cookies: readMarks(pid, stat) };
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
      await setTimeout(looks);
    }
  }

  async function inspect(pid: number): Promise<ProcessFacts | undefined> {
    const sighting = await sight(pid);
    const userId = readUserId(pid);
    if (sighting === undefined || userId === undefined) return undefined;
    return { ...sighting, userId, commandLine: readCommandLine(pid) };
  }

  async function census(onVanished?: () => void): Promise<readonly Sighting[]> {
    const sightings: Sighting[] = [];
    const bare: Promise<Sighting | undefined>[] = [];
    let sliceEnds = performance.now() + CENSUS_SLICE_MS;
    for (const name of readdirSync('/proc')) {
      const pid = Number(name);
      if (!Number.isInteger(pid)) continue;
      const sighting = look(pid);
      if (sighting === undefined) onVanished?.();
      else if (sighting.cookies === NO_ENVIRONMENT) {
        const again = sight(pid);
        again.catch(() => {}); // when the census fails first, nobody waits for this one any more
        bare.push(again);
      } else sightings.push(sighting);
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
  }

  return { sight, inspect, census };
}

function readMarks(pid: number, { dying, exiting }: Stat): readonly Cookie[] | undefined {
  const cookies = dying ? undefined : readProcessCookies(pid);
  // Who is amid its end has no environment any more, and a large one stays amid it for long: it is past every exec.
  const isEnding = dying || (exiting && cookies === NO_ENVIRONMENT);
  return isEnding ? readDyingCookies(pid) : cookies;
}
