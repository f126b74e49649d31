/** What is asked of a host that is left in peace: that its tree comes up, is well, and is written down. */
import { messageOf, OptionsError } from '../errors.ts';
import { DEFAULT_EVENTS_KEPT } from '../events.ts';
import type { SimProcess } from '../os/sim/process.ts';
import type { Pool } from '../pool/pool.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';
import type { SupervisorOptions } from '../supervisor/supervisor-spec.ts';
import { TAIL_BYTES } from '../worker/output.ts';
import { isFirst } from './kinship.ts';
import { SETTLES_IN_TICKS } from './oracle.ts';
import type { ChildPlan, GenerationPlan } from './plan.ts';
import type { SimHost, Simulation } from './simulation.ts';
import { promisedBy, workersIn } from './tree.ts';

/** Milliseconds in which everything must be well again once nothing is wrong any more. */
const WELL_WITHIN_MS = 60_000;
/** A supervisor that has given up so often since then comes up again each time, and has no rest. */
const GIVES_UP_AGAIN = 2;
/** Milliseconds in which calls are answered then: as long as it takes to stop all children, one by one, who do not obey. */
const ANSWERED_WITHIN_MS = 300_000;
/** Between two looks whether it is. */
const LOOK_EVERY_MS = 100;
/** How often a host is left alone for a while before it is stopped. */
const IN_PEACE = 0.2;
/** Milliseconds after which what a full disk did not take has been written, and what was left behind is ended. */
const RECORDED_AFTER_MS = 5_000;
/** What `ready-late` takes to be ready, in milliseconds. */
const LATE_MS = 120;

/** Nothing has gone wrong on this machine yet, and nothing was to. */
export const wasPeaceful = ({ hosts }: Simulation, { steps, fault, impostors }: GenerationPlan): boolean =>
  hosts.length === 1 && steps.length === 0 && fault === undefined && !impostors;

/** A tree that was handed to a host, and what became of it. */
export class Start {
  readonly #tree: SupervisorOptions;
  readonly #host: SimHost;
  readonly #outcome: Promise<unknown>;
  #refusal: OptionsError | undefined;

  constructor(host: SimHost, tree: SupervisorOptions) {
    this.#host = host;
    this.#tree = tree;
    this.#outcome = host.supervise(tree).then(
      () => undefined,
      (error: unknown) => {
        if (error instanceof OptionsError) this.#refusal = error;
        return error;
      },
    );
  }

  /** Whoever hands over what cannot be meant is told so, and not that all is well. */
  beAccepted(): void {
    if (this.#refusal !== undefined) throw this.#refusal;
  }

  /** A tree that does not come up, or gives up, though nothing is wrong, would pass every other test. */
  async comeUp(simulation: Simulation): Promise<void> {
    const { oracle } = simulation;
    const error = await simulation.run(this.#outcome);
    this.beAccepted();
    const { id } = this.#tree;
    if (this.#host.stopping) return;
    const { calledFor, host } = this.#host;
    if (error !== undefined) {
      if (calledFor.wasStopped(id)) return; // its application has had enough
      oracle.fail(
        'quiet-means-healthy',
        `'${id}' did not come up, though nothing was wrong: ${messageOf(error)}`,
      );
    } else if (!calledFor.isStopped(id) && host?.supervisors.every(({ path }) => path !== id) === true) {
      oracle.fail('quiet-means-healthy', `'${id}' gave up, though nothing was wrong`);
    }
  }
}

/** @param isCast some of the cast never get ready, or never stay: such a tree has no rest */
export async function beHealthy(simulation: Simulation, one: SimHost, isCast: boolean): Promise<void> {
  const { host } = one;
  if (!one.alive || one.stopping || host === undefined) return;
  if (isCast && [...one.supervisors, ...one.calledFor.reconfigured].some(isRestless)) return;
  const { timeline } = simulation.machine;
  let limit = timeline.now + WELL_WITHIN_MS;
  // One below another is started again when it has stopped its children: if these take their time, it gives up too
  // seldom for the one above to give up in turn, and goes on like this for ever.
  const gaveUp = new Map<string, number>();
  const lookAway = host.events.on((event) => {
    if (event.type !== 'supervisor.gave-up') return;
    const times = (gaveUp.get(event.path) ?? 0) + 1;
    gaveUp.set(event.path, times);
    if (times < GIVES_UP_AGAIN) limit = timeline.now + WELL_WITHIN_MS; // it has as long to come up again
  });
  const hasNoRest = (path: string): boolean =>
    [...gaveUp].some(([above, times]) => times >= GIVES_UP_AGAIN && path.startsWith(`${above}/`));
  const isWell = (): boolean => {
    const up = new Set(host.supervisors.flatMap(workersUp));
    const living = new Set(host.supervisors.map(({ path }) => path));
    return (
      one.supervisors
        .filter(({ id }) => living.has(id))
        .flatMap((tree) => workersIn(tree))
        .every(({ path, stays }) => !stays || up.has(path) || one.wasCalledFor(path) || hasNoRest(path)) &&
      host.pools.every(isStaffed)
    );
  };
  while (!isWell() && one.alive && !one.stopping) {
    if (timeline.now > limit) {
      simulation.oracle.fail('quiet-means-healthy', 'not well after a minute');
      break;
    }
    await simulation.pass(LOOK_EVERY_MS);
  }
  lookAway();
  await beAnswered(simulation, one);
}

/** The end of a host answers every call: who calls one that is well has no need to wait for that. */
async function beAnswered(simulation: Simulation, one: SimHost): Promise<void> {
  const { timeline } = simulation.machine;
  const limit = timeline.now + ANSWERED_WITHIN_MS;
  while (one.callsOpen > 0 && one.alive && !one.stopping) {
    if (timeline.now > limit) {
      simulation.oracle.fail(
        'every-request-settles-once',
        `${one.callsOpen} calls wait, and nothing is wrong`,
      );
      return;
    }
    await simulation.pass(LOOK_EVERY_MS);
  }
}

/** One that opens is to be open by then; one that is on its way out needs nobody. */
const isStaffed = (pool: Pool): boolean =>
  !['opening', 'open'].includes(pool.phase) || (pool.phase === 'open' && pool.stats().ready >= pool.min);

const RESTLESS: ReadonlySet<string> = new Set(['ready-never', 'leaves-its-group']);
/** They come back at once, unless they have to wait, or take others along. */
const UNSTEADY: ReadonlySet<string> = new Set([
  'crashes',
  'crashes-at-once',
  'ends-well',
  'exits-before-ready',
]);

function isRestless(tree: SupervisorOptions): boolean {
  const isGroup = promisedBy(tree).some(({ strategy }) => strategy !== 'one_for_one');
  return workersIn(tree).some(
    ({ options: { command, backoff } }) =>
      RESTLESS.has(command) || (UNSTEADY.has(command) && (isGroup || backoff !== false)),
  );
}

/** The paths of those that are ready. */
function workersUp(supervisor: Supervisor): readonly string[] {
  return supervisor
    .whichChildren()
    .filter(({ state }) => state === 'running')
    .flatMap(({ id, path, type }) => (type === 'worker' ? [path] : workersUp(supervisor.supervisor(id))));
}

/** Given some peace, a host has written down of whoever lives that nobody else can be meant, and ended what was left. */
export async function beRecorded(simulation: Simulation, one: SimHost): Promise<void> {
  const { machine, oracle } = simulation;
  if (one.host === undefined || one.stopping || !machine.prng.chance(IN_PEACE)) return;
  const { runId } = one.host;
  let hadTrouble = false; // a fault may have lain in wait until now
  const lookAway = machine.watch({
    onFailure: () => {
      hadTrouble = true;
    },
  });
  await simulation.pass(SETTLES_IN_TICKS * machine.tick + RECORDED_AFTER_MS);
  lookAway();
  if (!one.alive || one.stopping || hadTrouble || one.forker?.stopped === true) return;
  oracle.allRecorded(runId);
  oracle.noStragglers(runId);
}

/** Whatever its workers write and do, what a host remembers of it has an end. */
export function beBounded({ oracle }: Simulation, { host }: SimHost): void {
  if (host === undefined) return;
  if (host.events.recent().length > DEFAULT_EVENTS_KEPT) {
    oracle.fail('bounded-everything', `${host.events.recent().length} events are remembered`);
  }
  for (const supervisor of host.supervisors) {
    for (const { id } of supervisor.whichChildren()) {
      const { length } = supervisor.tail(id);
      if (length > TAIL_BYTES) {
        oracle.fail('bounded-everything', `${length} characters of ${supervisor.path}/${id} are remembered`);
      }
    }
  }
}

/** Nobody of the cast is told ready who has not said so. */
export function watchReadiness(
  { machine, oracle }: Simulation,
  one: SimHost,
  plan: readonly ChildPlan[],
): void {
  const births = new Map<string, number>();
  machine.watch({
    onFork: (child: SimProcess) => {
      const { runId, workerId } = child.origin ?? {};
      if (isFirst(child)) births.set(`${runId} ${workerId}`, machine.timeline.now);
    },
  });
  const mayBeReady = ({ command, ready }: ChildPlan, age: number): boolean => {
    if (ready === 'spawn') return true;
    if (command === 'ready-late') return age >= LATE_MS;
    return command !== 'ready-never' && command !== 'exits-before-ready';
  };
  void one.started.then(
    ({ events, runId }) =>
      events.on((event) => {
        if (event.type !== 'worker.state' || event.state !== 'running') return;
        const child = plan[Number(/\/(\d+)-[^/]*$/.exec(event.path)?.[1])];
        const age = machine.timeline.now - (births.get(`${runId} ${event.workerId}`) ?? 0);
        if (child !== undefined && !mayBeReady(child, age)) {
          oracle.fail('otp-order', `${event.workerId} is told ready, and has not said so`);
        }
      }),
    () => {},
  );
}
