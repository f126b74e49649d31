/** Lives a plan: generation after generation on one disk and one table of processes, and judges it to the end. */
import type { SimProcess } from '../os/sim/process.ts';
import type { Program } from '../os/sim/running.ts';
import type { SweepReport } from '../registry/sweep.ts';
import type { SupervisorOptions } from '../supervisor/supervisor-spec.ts';
import { type Application, ApplicationRun } from './application.ts';
import { Coverage } from './coverage.ts';
import { act } from './deeds.ts';
import { arm, letImpostorsIn, NO_IMPOSTORS, watchOrphans } from './faults.ts';
import { beBounded, beHealthy, beRecorded, Start, wasPeaceful, watchReadiness } from './health.ts';
import type { Violation } from './invariants.ts';
import { readWorlds } from './options.ts';
import { CAST, type Deed, type GenerationPlan, type LifetimePlan, OBEDIENT, withoutWants } from './plan.ts';
import { plannedTree } from './planned-tree.ts';
import { readPlan } from './read-plan.ts';
import { type SimHost, Simulation, SimulationStuck } from './simulation.ts';
import { type WorkerInTree, workersIn } from './tree.ts';

export interface LifetimeReport {
  readonly violations: readonly Violation[];
  readonly coverage: Coverage;
  /** How many things happened. */
  readonly steps: number;
  /** Of all that happened: the same for the same plan, unless a world gives names by chance. */
  readonly hash: string;
  /** The end of it, a line each. */
  readonly trace: readonly string[];
}

/** Milliseconds in which a host is stopped whose workers all obey. */
const OBEYED_WITHIN_MS = 1_000;
/** How often a host of the cast stops in order at SIGTERM and its like; others just die of them. */
const HEEDS_SIGNALS = 0.3;
/** Between two times that root helps, milliseconds. */
const ROOT_HELPS_EVERY_MS = 1_000;

interface Inhabited {
  /** What the first host of each generation supervises, in place of what its plan says. */
  readonly tree?: SupervisorOptions;
  /** What it does, beside that. */
  readonly application?: Application;
  /** By command: what is started by it. */
  readonly programs: Readonly<Record<string, Program>>;
}

/**
 * Whose lives are lived: by default those of a cast of programs that misbehave in every way we know. A world has a tree,
 * or an application, or both.
 */
export type World = Inhabited &
  (Required<Pick<Inhabited, 'tree'>> | Required<Pick<Inhabited, 'application'>>);

/** What its generations have in common. */
interface Life {
  readonly simulation: Simulation;
  readonly coverage: Coverage;
  readonly userId: number;
  readonly world: World | undefined;
  /** Of each generation one, if the world has an application. */
  readonly runs: ApplicationRun[];
}

/** Rejects with an `OptionsError` for a plan or a world that cannot be meant, and with a `SimulationError` as `campaign` does. */
export async function live(plan: LifetimePlan, world?: World | (() => World)): Promise<LifetimeReport> {
  return await liveIn(readPlan(plan), readWorlds(world)());
}

/** A report, and when all of it happened. */
export interface Lived extends LifetimeReport {
  readonly rhythm: string;
}

/** The same, of what was looked at before. */
export async function liveIn(plan: LifetimePlan, world: World | undefined): Promise<Lived> {
  const { seed, pidMax, tick, userId } = plan;
  const simulation = new Simulation({ seed, pidMax, tick, programs: world?.programs ?? CAST });
  const coverage = new Coverage();
  coverage.watch(simulation.machine);
  const life: Life = { simulation, coverage, userId, world, runs: [] };
  try {
    for (const generation of plan.generations) await liveThrough(life, generation);
    await settle(life);
  } catch (error) {
    if (!(error instanceof SimulationStuck)) throw error;
    simulation.oracle.fail('quiet-means-healthy', error.message);
  } finally {
    for (const run of life.runs) run.leave();
  }
  return {
    violations: simulation.oracle.violations,
    coverage,
    steps: simulation.machine.timeline.steps,
    hash: simulation.trace.hash,
    rhythm: simulation.trace.rhythm,
    trace: simulation.trace.lines(),
  };
}

async function liveThrough(life: Life, planned: GenerationPlan): Promise<void> {
  const { simulation, coverage, userId, world } = life;
  const isCast = world === undefined;
  const generation = isCast ? planned : withoutWants(planned);
  const tree = isCast ? plannedTree(generation) : world.tree;
  const bootAnother = () => boot(life, generation);
  const strike = (host: SimHost | undefined, deed: Deed): void =>
    act(simulation, coverage, host, deed, bootAnother);
  const disarm = arm(simulation, coverage, generation, strike);
  const impostors = generation.impostors ? letImpostorsIn(simulation, coverage, userId) : NO_IMPOSTORS;
  const host = bootAnother();
  const start = host === undefined || tree === undefined ? undefined : new Start(host, tree);
  const { application } = world ?? {};
  const run =
    host === undefined || application === undefined
      ? undefined
      : new ApplicationRun(simulation, host, application);
  if (run !== undefined) life.runs.push(run);
  if (host !== undefined && isCast) watchReadiness(simulation, host, generation.children);
  for (const { after, deed } of generation.steps) {
    await simulation.pass(after);
    strike(host, deed);
  }
  await simulation.pass(simulation.machine.prng.pick([0, 20, 300, 3_000]));
  impostors.spare();
  await makeWell(simulation);
  const rootHelps = simulation.hosts.some(({ alive }) => alive) ? letRootHelp(life) : () => {};
  for (const one of [...simulation.hosts]) {
    const isInPeace = one === host && !isCast && wasPeaceful(simulation, generation);
    if (isInPeace) await simulation.run(one.started); // or there was nothing to be seen of it yet
    await beHealthy(simulation, one, isCast);
    if (isInPeace) {
      await start?.comeUp(simulation);
      await run?.beAtWork();
    }
    await beRecorded(simulation, one);
    beBounded(simulation, one);
    await stop(life, one, one === host ? run : undefined);
  }
  start?.beAccepted();
  impostors.leave();
  disarm();
  rootHelps();
}

function boot(
  { simulation, coverage, userId, world }: Life,
  { spawner }: GenerationPlan,
): SimHost | undefined {
  try {
    const signals = world === undefined && simulation.machine.prng.chance(HEEDS_SIGNALS);
    const host = simulation.boot({ spawner, userId, signals });
    watchOrphans(simulation, host);
    void host.started.then(
      ({ events, sweepReport }) => {
        coverage.swept(sweepReport);
        simulation.oracle.swept(host.process, clearedBy(sweepReport));
        events.on((event) => coverage.heard(event));
      },
      () => {},
    );
    return host;
  } catch {
    return undefined; // there is no pid left for it
  }
}

/** Nothing is wrong from now on: what was broken is mended, and what was stopped goes on. */
async function makeWell(simulation: Simulation): Promise<void> {
  const { machine } = simulation;
  await simulation.pass(machine.latency); // whatever is on its way arrives
  machine.disk.fault = undefined;
  machine.disk.failures.length = 0;
  machine.forkFailures.length = 0;
  // A forker that stays stopped is the host's to notice.
  const continues = machine.prng.chance(0.7);
  for (const process of machine.processes()) {
    if (continues && process.stopped && process.isForker) machine.send(process, 'SIGCONT');
  }
}

/**
 * What its user may not signal, root ends now and then: else the host that has it would never be stopped. Returns how
 * to have root leave it alone.
 */
function letRootHelp({ simulation: { machine }, userId }: Life): () => void {
  let over = false;
  const help = (): void => {
    if (over) return;
    for (const process of machine.processes()) {
      if (process.origin !== undefined && process.userId !== userId) machine.send(process, 'SIGKILL');
    }
    machine.timeline.add(ROOT_HELPS_EVERY_MS, help);
  };
  help();
  return () => {
    over = true;
  };
}

async function stop(
  { simulation, coverage, world }: Life,
  one: SimHost,
  run?: ApplicationRun,
): Promise<void> {
  if (!one.alive) return;
  const begun =
    one.host === undefined || one.stopping ? Number.POSITIVE_INFINITY : simulation.machine.timeline.now;
  const { forker } = one;
  const failed = one.started.then(never, () => false);
  const stopped = one.stop().then(() => true);
  const inOrder = await simulation.run(Promise.race([failed, stopped.catch(never), death(one.process)]));
  const took = simulation.machine.timeline.now - begun;
  const isHarmed = forker?.stopped === true; // before, or amid it
  const obeys = ({ options }: WorkerInTree) => world === undefined && OBEDIENT.has(options.command);
  const allObey =
    run === undefined && !one.wasCalled && one.supervisors.every((tree) => workersIn(tree).every(obeys));
  if (inOrder && allObey && !isHarmed && !simulation.oracle.hadTwins && took > OBEYED_WITHIN_MS) {
    simulation.oracle.fail('stops-in-time', `those who obey took ${took} ms to be stopped`);
  }
  if (inOrder && one.callsOpen > 0) {
    simulation.oracle.fail(
      'every-request-settles-once',
      `${one.callsOpen} calls are not answered at its end`,
    );
  }
  if (inOrder) {
    coverage.saw('stop in order');
    await run?.beOver();
  }
  one.leave();
}

const clearedBy = ({ runs }: SweepReport): readonly string[] =>
  runs.filter(({ outcome }) => outcome === 'cleared').map(({ runId }) => runId);

const never = (): Promise<never> => new Promise(() => {});
const death = (process: SimProcess): Promise<false> =>
  new Promise((resolve) => {
    if (process.alive) process.atDeath.add(() => resolve(false));
    else resolve(false);
  });

/** A last host sweeps, undisturbed, and ends: then nothing may be left of any. */
async function settle(life: Life): Promise<void> {
  const { simulation, coverage, userId } = life;
  await makeWell(simulation);
  await simulation.pass(simulation.machine.prng.pick([10, 50, 5_000]));
  const last = simulation.boot({ userId, signals: false });
  const host = await simulation.run(last.started);
  const rootHelps = letRootHelp(life);
  coverage.swept(host.sweepReport);
  simulation.oracle.swept(last.process, clearedBy(host.sweepReport));
  await stop(life, last);
  rootHelps();
  simulation.oracle.allOver();
}
