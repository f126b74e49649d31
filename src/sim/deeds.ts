/** What can go wrong from outside, each as one deed. */
import { Prng } from '../os/sim/prng.ts';
import type { SimProcess } from '../os/sim/process.ts';
import { exitsAfter } from '../os/sim/programs.ts';
import { callsToSupervisors } from './call-deeds.ts';
import type { Coverage } from './coverage.ts';
import type { Deed } from './plan.ts';
import type { SimHost, Simulation } from './simulation.ts';

/** From the state `spawning` to the fork, at most. */
const BIRTH_TAKES_MS = 6;

/** A death is under way so long until the host hears of it: a stop may come before, meanwhile, or after. */
const DEATH_IS_TOLD_MS = [0, 1, 2, 4, 8] as const;

/** How often whoever clears up after a host that is killed is killed, too, or stopped; and how long after, in milliseconds. */
const GUARDIAN_IS_HARMED = 0.4;
const GUARDIAN_WORKS_MS = [3, 30, 300, 2_200] as const;

const NOTHING = (): void => {};

/** Where a deed is done. */
interface Scene {
  readonly simulation: Simulation;
  readonly coverage: Coverage;
  readonly host: SimHost | undefined;
  readonly bootAnother: () => SimHost | undefined;
}

export function act(
  simulation: Simulation,
  coverage: Coverage,
  host: SimHost | undefined,
  deed: Deed,
  bootAnother: () => SimHost | undefined,
): void {
  const scene = { simulation, coverage, host, bootAnother };
  const deeds: Readonly<Record<Deed, () => void>> = {
    ...toWorkers(scene),
    ...toForkers(scene),
    ...toHosts(scene),
    ...toTheMachine(scene),
    ...callsToSupervisors(simulation, coverage, host),
  };
  deeds[deed]();
}

function toWorkers({ simulation, host }: Scene) {
  return {
    'kill-worker': () => killAWorker(simulation),
    'kill-child': () => kill(simulation, ({ isWorkers, parent }) => isWorkers && !parent?.isForker),
    'kill-and-stop': () => {
      const { prng, timeline } = simulation.machine;
      if (prng.chance(0.5)) killNewestWorker(simulation);
      else killAWorker(simulation);
      timeline.add(prng.pick(DEATH_IS_TOLD_MS), () => stop(host));
    },
    'stop-at-birth': () => {
      if (host?.alive === true) stopAtBirth(simulation, host);
    },
  };
}

/** The one that an ordered stop is likely to come to first. */
function killNewestWorker({ machine }: Simulation): void {
  const leaders = machine.processes().filter((process) => process.alive && isLeader(process));
  const newest = leaders.sort((a, b) => b.uid - a.uid)[0];
  if (newest !== undefined) machine.send(newest, 'SIGKILL');
}

function toForkers({ simulation, coverage, host }: Scene) {
  return {
    'kill-forker': () => killForker(simulation, coverage, host),
    'kill-forker-at-birth': () => {
      killAWorker(simulation); // so that there is a birth, perhaps
      if (host?.alive === true) killForkerAtBirth(simulation, host);
    },
    'stop-forker': () => stopForker(simulation, coverage, host),
    'continue-forker': () => {
      if (host?.forker !== undefined) simulation.machine.send(host.forker, 'SIGCONT');
    },
    'cut-line': () => {
      if (host?.cutLine() === true) coverage.saw('line cut');
    },
  };
}

/** Of a dead host: whoever clears up after it. */
function killForker(simulation: Simulation, coverage: Coverage, host: SimHost | undefined): void {
  if (clearsUp(simulation, host)) coverage.saw('guardian killed amid its clearing');
  host?.killForker();
}

function stopForker(simulation: Simulation, coverage: Coverage, host: SimHost | undefined): void {
  if (host?.forker === undefined) return;
  simulation.machine.stop(host.forker);
  coverage.saw('forker stopped');
}

/** A host has left something to its forker to end, which is at it. */
function clearsUp({ machine }: Simulation, host: SimHost | undefined): boolean {
  const { forker } = host ?? {};
  if (forker?.reparented !== true || forker.stopped) return false;
  const { runId } = forker.origin!;
  return machine
    .processes()
    .some(({ alive, isWorkers, origin }) => alive && isWorkers && origin?.runId === runId);
}

/** A little after the end of its host, and by a chance of its own: a life in which it is let alone is what it would have been. */
function harmGuardian(simulation: Simulation, coverage: Coverage, host: SimHost): void {
  const { prng, timeline } = simulation.machine;
  const chance = new Prng((prng.seed ^ host.process.uid) >>> 0);
  if (!host.alive || !chance.chance(GUARDIAN_IS_HARMED)) return;
  const harm = chance.chance(0.5) ? killForker : stopForker;
  const delay = chance.pick(GUARDIAN_WORKS_MS) * chance.fraction();
  host.process.atDeath.add(() => timeline.add(delay, () => harm(simulation, coverage, host)));
}

function toHosts({ simulation, coverage, host, bootAnother }: Scene) {
  return {
    'kill-host': () => {
      if (host !== undefined) harmGuardian(simulation, coverage, host);
      host?.kill();
    },
    'kill-both': () => {
      if (host?.alive === true && host.forker !== undefined) coverage.saw('host and forker killed together');
      host?.killForker();
      host?.kill();
    },
    'host-exits': () => host?.leave(),
    'term-host': () => {
      if (host !== undefined) simulation.machine.send(host.process, 'SIGTERM');
    },
    'stop-host': () => stop(host),
    'supervise-again': () => superviseAgain(host),
    'second-host': () => {
      if (bootAnother() !== undefined && host?.alive === true) coverage.saw('two hosts at once');
    },
  };
}

function toTheMachine({ simulation, coverage }: Scene) {
  const { machine } = simulation;
  const { prng, disk } = machine;
  return {
    strangers: () => {
      // Of the pids there must be some left.
      for (let count = prng.between(1, 8); count > 0; count -= 1) {
        simulation.stranger(exitsAfter(prng.pick([100, 2_000])), prng.pick(['obeys', 'sshd']));
      }
    },
    'forks-fail': () => {
      for (let count = prng.between(1, 4); count > 0; count -= 1) {
        machine.forkFailures.push(prng.pick(['EAGAIN', 'ENOMEM', 'EMFILE', 'EACCES']));
      }
    },
    'disk-full': () => {
      disk.fault = 'ENOSPC';
    },
    'disk-fails': () => {
      disk.fault = prng.pick(['EIO', 'EROFS', 'EACCES'] as const);
    },
    'disk-hiccups': () => {
      disk.failures.push(prng.pick(['EIO', 'ENOSPC'] as const));
    },
    'disk-heals': () => {
      disk.fault = undefined;
      disk.failures.length = 0;
    },
    'clock-jumps': () => {
      machine.wallOffset += prng.pick([-3_600_000, -5_000, 5_000, 86_400_000]);
    },
    'corrupt-file': () => corrupt(simulation),
    reboot: () => {
      machine.reboot();
      coverage.saw('machine started anew');
    },
  };
}

/** One of those living, if there is any. */
function kill({ machine }: Simulation, isVictim: (process: SimProcess) => boolean): void {
  const victims = machine.processes().filter((process) => process.alive && isVictim(process));
  if (victims.length > 0) machine.send(machine.prng.pick(victims), 'SIGKILL');
}

/** The first of a worker's processes. */
const isLeader = ({ isWorkers, parent }: SimProcess): boolean => isWorkers && parent?.isForker === true;

const killAWorker = (simulation: Simulation): void => kill(simulation, isLeader);

function stop(host: SimHost | undefined): void {
  if (host?.alive === true) void host.stop().catch(NOTHING);
}

/** A supervisor that gave up is started once more, under the same name. */
function superviseAgain(host: SimHost | undefined): void {
  const [tree] = host?.supervisors ?? [];
  if (host?.alive !== true || tree === undefined || host.stopping) return;
  if (host.host?.supervisors.every(({ path }) => path !== tree.id) === true) {
    void host.supervise(tree).catch(NOTHING);
  }
}

/** The next worker to be forked dies within its own tick, as its host begins to stop. */
function stopAtBirth({ machine }: Simulation, host: SimHost): void {
  const lookAway = machine.watch({
    onFork: (child: SimProcess) => {
      if (!child.isWorkers || child.parent?.parent !== host.process) return;
      lookAway();
      machine.timeline.add(machine.prng.between(2, 6), () => {
        machine.send(child, 'SIGKILL');
        if (host.alive) void host.stop().catch(NOTHING);
      });
    },
  });
}

/** When the next worker is about to be forked, its forker dies, a little before or after it hears of it. */
function killForkerAtBirth({ machine }: Simulation, host: SimHost): void {
  const lookAway = host.host?.events.on((event) => {
    if (event.type !== 'worker.state' || event.state !== 'spawning') return;
    lookAway?.();
    machine.timeline.add(machine.prng.pick([0, BIRTH_TAKES_MS]) * machine.prng.fraction(), () =>
      host.killForker(),
    );
  });
}

/** Some bytes of a dead run's file are not what they were; who lives of a run may count on its file. */
function corrupt({ machine, hosts }: Simulation): void {
  const isForker = ({ alive, isForker }: SimProcess) => alive && isForker;
  if (hosts.some(({ alive }) => alive) || machine.processes().some(isForker)) return;
  const files = machine.disk.paths().filter((path) => path.endsWith('.json'));
  if (files.length === 0) return;
  const path = machine.prng.pick(files);
  const text = machine.disk.peek(path)!;
  const at = machine.prng.below(text.length);
  machine.disk.tear(
    path,
    machine.prng.chance(0.5) ? text.slice(0, at) : `${text.slice(0, at)}\u0000${text.slice(at + 1)}`,
  );
}
