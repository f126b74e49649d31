/** The calls that somebody makes to supervisors of a host, each as one deed. */
import type { Prng } from '../os/sim/prng.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';
import type {
  ChildOptions,
  SupervisorChildOptions,
  SupervisorOptions,
} from '../supervisor/supervisor-spec.ts';
import type { Coverage } from './coverage.ts';
import { COMMANDS } from './plan.ts';
import type { SimHost, Simulation } from './simulation.ts';
import { above, childrenOf, optionsAt, promisedBy } from './tree.ts';

/** How often a child is ended before it is deleted, for one that is up is not. */
const ENDED_FIRST = 0.7;
/** How often a new spec has another strategy, drops a child, changes it, has one more, or another order. */
const CHANGES = { strategy: 0.3, drops: 0.2, changes: 0.3, adds: 0.4, reverses: 0.2 };

export function callsToSupervisors(simulation: Simulation, coverage: Coverage, host: SimHost | undefined) {
  const { prng } = simulation.machine;
  const forChild = (ask: (supervisor: Supervisor, id: string) => Promise<unknown>) =>
    callForChild(prng, host, ask);
  return {
    'terminate-child': () => forChild((supervisor, id) => supervisor.terminateChild(id)),
    'restart-child': () => forChild((supervisor, id) => supervisor.restartChild(id)),
    'start-child': () => startChild(prng, host),
    'delete-child': () => {
      const isEnded = prng.chance(ENDED_FIRST);
      forChild(async (supervisor, id) => {
        const ended = isEnded ? supervisor.terminateChild(id) : undefined;
        await Promise.all([ended, supervisor.deleteChild(id)]); // they are answered in their order
        coverage.saw('a child was deleted by a call');
      });
    },
    'stop-supervisor': () =>
      callSupervisor(prng, host, async (supervisor) => {
        supervisor.whichChildren(); // of one that is down there are none
        await supervisor.stop();
        coverage.saw('a supervisor was stopped by a call');
      }),
    reconfigure: () =>
      callSupervisor(prng, host, async (supervisor, options) => {
        await supervisor.reconfigure(differently(options, prng), { apply: prng.chance(0.5) });
        coverage.saw('a supervisor was reconfigured by a call');
      }),
  };
}

/** What it is refused, or answered, is the judges' to hear. */
function callOf(
  host: SimHost | undefined,
  path: string,
  ask: (supervisor: Supervisor) => Promise<unknown>,
): void {
  if (host?.alive === true) host.call(path, ask).catch(() => {});
}

/** Any child of any supervisor. */
function callForChild(
  prng: Prng,
  host: SimHost | undefined,
  ask: (supervisor: Supervisor, id: string) => Promise<unknown>,
): void {
  const children = (host?.supervisors ?? [])
    .flatMap((tree) => promisedBy(tree))
    .flatMap(({ children }) => children);
  if (children.length === 0) return;
  const { path } = prng.pick(children);
  callOf(host, above(path), (supervisor) => ask(supervisor, path.slice(above(path).length + 1)));
}

/** Any supervisor. */
function callSupervisor(
  prng: Prng,
  host: SimHost | undefined,
  ask: (supervisor: Supervisor, options: SupervisorOptions) => Promise<unknown>,
): void {
  if (host === undefined) return;
  const promised = host.supervisors.flatMap((tree) => promisedBy(tree));
  if (promised.length === 0) return;
  const { path } = prng.pick(promised);
  callOf(host, path, (supervisor) => ask(supervisor, optionsAt(host.supervisors, path)!));
}

/** One of the cast, where there are no children yet. */
function startChild(prng: Prng, host: SimHost | undefined): void {
  const trees = (host?.supervisors ?? []).flatMap((tree) => promisedBy(tree));
  const dynamic = trees.find(({ strategy }) => strategy === 'dynamic');
  if (dynamic === undefined) return;
  const command = prng.pick(COMMANDS);
  const restart = prng.pick(['permanent', 'transient', 'temporary'] as const);
  callOf(host, dynamic.path, (supervisor) => supervisor.startChild({ id: command, command, restart }));
}

/** What a supervisor might become, as far as it may: a dynamic one stays one, and a child stays of its type. */
function differently(options: SupervisorOptions, prng: Prng): Omit<SupervisorOptions, 'id'> {
  const { id, type, restart, significant, backoff, ...rest } = options as SupervisorChildOptions;
  const flags = { intensity: prng.pick([0, 1, 3, 10, 1_000]), period: prng.pick([1_000, 5_000, 20_000]) };
  if (options.strategy === 'dynamic') return { ...rest, ...flags };
  const strategy = prng.chance(CHANGES.strategy)
    ? prng.pick(['one_for_one', 'one_for_all', 'rest_for_one'] as const)
    : (options.strategy ?? 'one_for_one');
  const ordered = strategy === 'one_for_one' ? prng.chance(0.7) : true;
  const children = childrenOf(options)
    .filter(() => !prng.chance(CHANGES.drops))
    .map((child) => (prng.chance(CHANGES.changes) ? changed(child, prng) : child));
  if (prng.chance(CHANGES.adds)) children.splice(prng.below(children.length + 1), 0, oneMore(options, prng));
  if (prng.chance(CHANGES.reverses)) children.reverse();
  return { ...rest, ...flags, strategy, ordered, children };
}

/** A supervisor stays what it is: the one above it would have to be asked what it is by now. */
function changed(child: ChildOptions, prng: Prng): ChildOptions {
  if ('children' in child || 'strategy' in child) return child;
  const restart = child.significant === true ? 'transient' : prng.pick(['permanent', 'transient'] as const);
  const shutdown = prng.pick([200, 1_000, 'brutal_kill'] as const);
  return { ...child, restart, shutdown, args: [`--change=${prng.below(1_000)}`] };
}

/** Of a name of its own, or of one that was there before. */
function oneMore(options: SupervisorOptions, prng: Prng): ChildOptions {
  const names = new Set(childrenOf(options).map(({ id }) => id));
  const number = [0, 1, 2, 3, 4].find((nth) => !names.has(`more-${nth}`)) ?? names.size;
  const command = prng.pick(COMMANDS);
  const restart = prng.pick(['permanent', 'transient', 'temporary'] as const);
  return { id: `more-${number}`, command, restart };
}
