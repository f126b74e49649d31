/** A lifetime as data: what is started, what goes wrong, and when. From a seed, or from a property test's generator. */
import type { Prng } from '../os/sim/prng.ts';
import * as does from '../os/sim/programs.ts';
import type { Program } from '../os/sim/running.ts';

/** One behaviour each; a command of the same name starts it. */
export const CAST: Readonly<Record<string, Program>> = {
  obeys: does.obeys,
  'ignores-term': does.ignoresTerm,
  'slow-to-stop': does.slowToStop(700),
  forks: does.forks(),
  'forks-stubborn': does.forks(does.ignoresTerm),
  'double-forks': does.doubleForks(),
  'double-forks-stubborn': does.doubleForks(does.ignoresTerm),
  'new-session': does.forks(does.obeys, { newSession: true }),
  'scrubbed-child': does.forks(does.obeys, { scrubEnvironment: true }),
  'scrubbed-session': does.forks(does.ignoresTerm, { scrubEnvironment: true, newSession: true }),
  'leaves-a-scrubbed-orphan': does.forks((middle) => {
    middle.fork(does.ignoresTerm, { scrubEnvironment: true });
    middle.exit(0);
  }),
  'wipes-its-marks': does.wipesItsMarks,
  'wipes-its-familys-marks': does.both(does.wipesItsMarks, does.forks()),
  'wipes-its-stubborn-familys-marks': does.both(does.wipesItsMarks, does.forks(does.ignoresTerm)),
  'disguises-itself': does.disguisesItself,
  'disguises-its-stubborn-family': does.both(does.disguisesItself, does.forks(does.ignoresTerm)),
  'becomes-root': does.becomesRoot(30),
  'renames-itself': does.renamesItself('postgres: idle'),
  'leaves-its-group': does.leavesItsGroup(300),
  'ends-well': does.exitsAfter(400, 0),
  crashes: does.exitsAfter(250, 1),
  'crashes-at-once': does.exitsAfter(0, 1),
  'closes-its-streams': does.closesItsStreams,
  chatty: does.chatty(50),
  floods: does.floods(200_000),
  hangs: does.hangs,
  'forks-often': does.forksOften(3),
  'fork-storm': does.forkStorm(2),
  'forks-as-it-ends': does.forksAsItEnds(2),
  'forks-away-as-it-ends': does.forksAsItEnds(2, { newSession: true }),
  'ready-late': does.readyAfter(120),
  'ready-twice': does.readyTwice,
  'ready-never': does.obeys,
  'exits-before-ready': does.exitsAfter(30, 0),
};
export const COMMANDS = Object.keys(CAST);

/** Those that end at once when they are told to, with all that is theirs. */
export const OBEDIENT: ReadonlySet<string> = new Set([
  'obeys',
  'forks',
  'double-forks',
  'new-session',
  'scrubbed-child',
  'renames-itself',
  'wipes-its-marks',
  'disguises-itself',
  'ends-well',
  'crashes',
  'closes-its-streams',
  'chatty',
  'floods',
  'fork-storm',
  'forks-as-it-ends',
  'forks-away-as-it-ends',
]);

export interface ChildPlan {
  readonly command: string;
  readonly restart: 'permanent' | 'transient' | 'temporary';
  /** Its own end may end its supervisor; not for permanent children. */
  readonly significant: boolean;
  readonly backoff: boolean;
  readonly shutdown: 'default' | 'quick' | 'brutal_kill';
  /** Ready when it says so, on descriptor 3 or by a line; else as soon as it is forked. */
  readonly ready: 'spawn' | 'notify' | 'log';
}

export const DEEDS = [
  'kill-worker',
  'kill-child',
  'kill-forker',
  'kill-forker-at-birth',
  'stop-forker',
  'continue-forker',
  'cut-line',
  'kill-host',
  'kill-both',
  'stop-host',
  'host-exits',
  'term-host',
  'kill-and-stop',
  'stop-at-birth',
  'second-host',
  'supervise-again',
  'terminate-child',
  'restart-child',
  'start-child',
  'strangers',
  'forks-fail',
  'disk-full',
  'disk-fails',
  'disk-hiccups',
  'disk-heals',
  'clock-jumps',
  'corrupt-file',
  'reboot',
  'delete-child',
  'stop-supervisor',
  'reconfigure',
] as const;
export type Deed = (typeof DEEDS)[number];

/** What somebody wants of supervisors: done to those of the cast, for those of a world have an application to want it. */
const WANTED: ReadonlySet<Deed> = new Set([
  'supervise-again',
  'terminate-child',
  'restart-child',
  'start-child',
  'delete-child',
  'stop-supervisor',
  'reconfigure',
]);

/** How often what lies in wait is a death, whatever else there might be. */
const DEADLY = 0.5;

export type GroupStrategy = 'one_for_one' | 'one_for_all' | 'rest_for_one';

export interface InnerPlan {
  readonly size: number;
  /** A dynamic one is given its children when it is up. */
  readonly strategy: GroupStrategy | 'dynamic';
  readonly restart: 'permanent' | 'transient' | 'temporary';
  readonly shutdown: 'infinity' | 'quick' | 'brutal_kill';
}

/** What may lie in wait for an effect: who dies, what breaks, and what fails amid it. */
export const FAULTS = [
  'kill-host',
  'kill-forker',
  'kill-both',
  'cut-line',
  'stop-forker',
  'forks-fail',
  'disk-hiccups',
  'disk-full',
  'disk-fails',
  'reboot',
] as const satisfies readonly Deed[];
export type Fault = (typeof FAULTS)[number];

export interface FaultPlan {
  readonly deed: Fault;
  /** Whose effects are counted: what it does and others can see, such as a write, a message or a fork. */
  readonly of: 'host' | 'forker';
  /** The first is 1. */
  readonly at: number;
}

export interface StepPlan {
  /** Milliseconds after the step before. */
  readonly after: number;
  readonly deed: Deed;
}

export interface GenerationPlan {
  readonly spawner: 'forker' | 'direct';
  readonly strategy: GroupStrategy;
  /** With one_for_one. */
  readonly ordered: boolean;
  readonly autoShutdown: 'never' | 'any_significant' | 'all_significant';
  /** The last children, as many as `size`, are below a supervisor of their own. */
  readonly inner: InnerPlan | undefined;
  /** Whoever dies has its pid taken at once, by a stranger of the same command line. */
  readonly impostors: boolean;
  readonly intensity: number;
  readonly children: readonly ChildPlan[];
  readonly steps: readonly StepPlan[];
  readonly fault: FaultPlan | undefined;
}

export interface LifetimePlan {
  readonly seed: number;
  readonly pidMax: number;
  /** The unit of start times, in milliseconds. */
  readonly tick: number;
  /** Whose hosts they are. */
  readonly userId: number;
  readonly generations: readonly GenerationPlan[];
}

/** What is not worth telling of in a story. */
export const PLAIN_LIFETIME = { pidMax: 64, tick: 10, userId: 0 } as const;
export const PLAIN_GENERATION: GenerationPlan = {
  spawner: 'forker',
  strategy: 'one_for_one',
  ordered: true,
  autoShutdown: 'never',
  inner: undefined,
  impostors: false,
  intensity: 3,
  children: [],
  steps: [],
  fault: undefined,
};

/** Which deeds a lifetime may hold: each lifetime has some of them only, for the rare to meet. */
function someOf<T>(list: readonly T[], prng: Prng): readonly T[] {
  const chosen = list.filter(() => prng.chance(0.3));
  return chosen.length === 0 ? [prng.pick(list)] : chosen;
}

export function planFrom(seed: number, prng: Prng): LifetimePlan {
  const deeds = someOf(DEEDS, prng);
  const commands = someOf(COMMANDS, prng);
  const generations = Array.from({ length: prng.between(1, 3) }, () => generation(prng, commands, deeds));
  return {
    seed,
    pidMax: prng.pick([32, 40, 64]),
    tick: prng.pick([10, 10, 50, 1_000]),
    userId: prng.pick([0, 1_000]),
    generations,
  };
}

/** One host, with room for many processes, and nothing goes wrong. */
export const inPeace = (seed: number): LifetimePlan => ({
  seed,
  ...PLAIN_LIFETIME,
  generations: [PLAIN_GENERATION],
});

/** As it is lived in a world: its supervisors are left to themselves. */
export const withoutWants = (generation: GenerationPlan): GenerationPlan => ({
  ...generation,
  steps: generation.steps.filter(({ deed }) => !WANTED.has(deed)),
});

function generation(prng: Prng, commands: readonly string[], deeds: readonly Deed[]): GenerationPlan {
  return {
    spawner: prng.chance(0.9) ? 'forker' : 'direct',
    strategy: prng.pick(['one_for_one', 'one_for_one', 'one_for_all', 'rest_for_one'] as const),
    ordered: prng.chance(0.7),
    autoShutdown: prng.pick(['never', 'never', 'any_significant', 'all_significant'] as const),
    inner: prng.chance(0.4) ? inner(prng) : undefined,
    impostors: prng.chance(0.45),
    intensity: prng.pick([0, 1, 3, 10, 1_000]),
    children: Array.from({ length: prng.between(1, 4) }, () => child(prng, commands)),
    steps: Array.from({ length: prng.below(5) }, () => ({
      after: prng.pick([0, 1, 5, 30, 200, 1_500]),
      deed: prng.pick(deeds),
    })),
    fault: prng.chance(0.4) ? fault(prng) : undefined,
  };
}

function fault(prng: Prng): FaultPlan {
  const of = prng.pick(['host', 'host', 'forker'] as const);
  const death = of === 'host' ? prng.pick(['kill-host', 'kill-both'] as const) : 'kill-forker';
  return { deed: prng.chance(DEADLY) ? death : prng.pick(FAULTS), of, at: prng.between(1, 80) };
}

function inner(prng: Prng): InnerPlan {
  return {
    size: prng.between(1, 3),
    strategy: prng.pick(['one_for_one', 'one_for_all', 'rest_for_one', 'dynamic'] as const),
    restart: prng.pick(['permanent', 'permanent', 'transient', 'temporary'] as const),
    shutdown: prng.pick(['infinity', 'quick', 'brutal_kill'] as const),
  };
}

function child(prng: Prng, commands: readonly string[]): ChildPlan {
  const command = prng.pick(commands);
  const speaks = command.startsWith('ready-') || command === 'exits-before-ready';
  return {
    command,
    restart: prng.pick(['permanent', 'permanent', 'transient', 'temporary'] as const),
    significant: prng.chance(0.3),
    backoff: prng.chance(0.2),
    shutdown: prng.pick(['default', 'quick', 'brutal_kill'] as const),
    ready: speaks ? prng.pick(['notify', 'log'] as const) : 'spawn',
  };
}
