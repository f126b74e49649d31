/** Faults that lie in wait: for the so many-th effect of a host, for a pid that becomes free, for the death of a host. */
import { cookieVariables } from '../os/cookie.ts';
import type { SimProcess } from '../os/sim/process.ts';
import { both, exitsAfter } from '../os/sim/programs.ts';
import { type Program, Running } from '../os/sim/running.ts';
import type { Coverage, Sometimes } from './coverage.ts';
import type { Fault, GenerationPlan } from './plan.ts';
import type { SimHost, Simulation } from './simulation.ts';

/** Milliseconds after the death of its host: the grace of 2 s, and what a look at all processes takes. */
const ORPHANS_GONE_WITHIN_MS = 2_500;

/** What is seen when each has struck: not that it was tried, but what came of it. */
export const STRUCK: Readonly<Record<Fault, Sometimes>> = {
  'kill-host': 'host killed between two effects',
  'kill-both': 'host killed between two effects',
  'kill-forker': 'forker killed between two effects',
  'stop-forker': 'forker stopped',
  'cut-line': 'line cut',
  'forks-fail': 'a fork failed',
  'disk-hiccups': 'one disk operation failed, and no other',
  'disk-full': 'a disk operation failed',
  'disk-fails': 'a disk operation failed',
  reboot: 'machine started anew',
};

const KILLS_THE_HOST: ReadonlySet<Fault> = new Set(['kill-host', 'kill-both']);

/** Lies in wait for the so many-th effect of this generation's host, or of its forker; then `strike` does what is planned. */
export function arm(
  { machine, hosts }: Simulation,
  coverage: Coverage,
  { fault }: GenerationPlan,
  strike: (host: SimHost, deed: Fault) => void,
): () => void {
  if (fault === undefined) return () => {};
  const { deed, of, at } = fault;
  const first = hosts.length;
  let left = at;
  const onlooker = {
    onBoundary: (process: SimProcess) => {
      const host = hosts[first];
      if (host === undefined || !process.alive) return;
      if (!(of === 'forker' ? host.hasForked(process) : process === host.process)) return;
      left -= 1;
      if (left === 0) struck(coverage, host, deed, () => strike(host, deed));
    },
    onDeath: (dead: SimProcess) => {
      const host = hosts[first];
      if (host?.alive === true && dead.parent === host.process && host.host === undefined) {
        coverage.saw('forker dies during a sweep');
      }
    },
  };
  return machine.watch(onlooker);
}

/** Of deaths is told here, because they are amid something; of all else where it happens. */
function struck(coverage: Coverage, host: SimHost, deed: Fault, strike: () => void): void {
  const { forker, host: started } = host;
  strike();
  if (KILLS_THE_HOST.has(deed) && !host.alive) {
    coverage.saw(STRUCK[deed]);
    if (started === undefined) coverage.saw('host killed before it had started');
  }
  if (deed === 'kill-forker' && forker?.alive === false) coverage.saw(STRUCK[deed]);
}

/** Milliseconds in which a host has written what it last heard; the second, in which it takes its workers for settled. */
const LONG_ENOUGH_TO_BE_WRITTEN_MS = [100, 400] as const;
/** At most so many at a time, some with a child: pids are few. */
const MOST_IMPOSTORS = 4;
/** So many of the last pids are for their children. */
const FAR_OFF = 8;
/** The marks of a run that keeps its records where nobody here looks. */
const ELSEWHERE = cookieVariables({ runId: '1767225600000000_elsewhere0', workerId: 'api:1' }, []);
/**
 * How often an impostor is another run's, has a child in its group, belongs to the hosts' user; how often host and forker die as one comes in a worker's own tick; and how
 * often a worker dies as it was just looked at, so that somebody else is what was seen.
 */
const CHANCES = { anotherRuns: 0.3, withChild: 0.3, sameUsers: 0.7, deadly: 0.3, diesAsSeen: 0.03 };

export interface Impostors {
  /** From now on they leave host and forker alone. */
  readonly spare: () => void;
  /** No more of them come. */
  readonly leave: () => void;
}

export const NO_IMPOSTORS: Impostors = { spare: () => {}, leave: () => {} };

/** Whoever is reaped has its pid taken at once: by a stranger, or by what another run's worker has just started. */
export function letImpostorsIn(simulation: Simulation, coverage: Coverage, userId: number): Impostors {
  const { machine, hosts } = simulation;
  const { prng } = machine;
  const living = new Set<SimProcess>();
  let deadly = true;
  /** Whoever takes a picture of all, one pid after the other, comes to the child after its parent. */
  const forksFarOff: Program = (self) => {
    machine.nextPidIs(machine.pidMax - prng.below(FAR_OFF));
    self.fork(exitsAfter(100, 0));
  };
  const takeOver = (dead: SimProcess, hangs: boolean): SimProcess | undefined => {
    const ends = exitsAfter(prng.pick([5, 50, 5_000]), 0);
    // Whoever hangs between the reaping of a leader and the news of it cannot know who was born in its session since.
    const lives = !hangs && prng.chance(CHANCES.withChild) ? both(forksFarOff, ends) : ends;
    const others = machine
      .processes()
      .filter(({ alive, isWorkers, origin }) => alive && isWorkers && origin?.runId !== dead.origin?.runId);
    const isAnotherRuns = prng.chance(CHANCES.anotherRuns);
    if (!isAnotherRuns || others.length === 0) {
      const stranger = simulation.stranger(lives, dead.commandLine, isAnotherRuns ? ELSEWHERE : {});
      if (stranger !== undefined && prng.chance(CHANCES.sameUsers)) stranger.userId = userId;
      return stranger;
    }
    const parent = new Running(machine, prng.pick(others));
    return parent.fork(lives, { newSession: true, commandLine: dead.commandLine });
  };
  const leave = machine.watch({
    onLook: (observer, seen) => {
      if (!deadly || !seen.isWorkers || !seen.alive || seen === observer) return;
      if (prng.chance(CHANCES.diesAsSeen)) machine.timeline.add(0, () => machine.exit(seen, null, 'SIGKILL'));
    },
    onDeath: (dead) => living.delete(dead),
    onReap: (dead) => {
      if (dead.origin === undefined || living.size >= MOST_IMPOSTORS) return;
      machine.nextPidIs(dead.pid);
      const host = hosts.find(({ process }) => process === dead.parent?.parent && process.alive);
      const hangs = deadly && host !== undefined && prng.chance(CHANCES.deadly);
      const impostor = takeOver(dead, hangs);
      if (impostor === undefined) return;
      living.add(impostor);
      if (impostor.startTime !== dead.startTime || !hangs) return;
      // The worst moment to hang: what has died is recorded as alive, and nobody tells.
      if (host.forker !== undefined) machine.stop(host.forker);
      machine.timeline.add(prng.pick(LONG_ENOUGH_TO_BE_WRITTEN_MS), () => {
        if (!deadly) return;
        coverage.saw('host and forker killed together');
        host.killForker();
        host.kill();
      });
    },
  });
  const spare = (): void => {
    deadly = false;
  };
  return { spare, leave };
}

/** A forker outlives its host to end what is left of its run, and not for long. */
export function watchOrphans({ machine, oracle }: Simulation, host: SimHost): void {
  host.process.atDeath.add(() => {
    const { forker } = host;
    if (forker !== undefined) {
      machine.timeline.add(ORPHANS_GONE_WITHIN_MS, () => oracle.orphaned(host.process, forker));
    }
  });
}
