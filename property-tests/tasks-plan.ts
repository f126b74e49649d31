/** The life of a host's tasks on a simulated machine, as data: what is run, and what is done to it meanwhile. */
import fc from 'fast-check';
import type { TasksOptions } from '../src/tasks/tasks-settings.ts';

/** How a job ends that does not end well; `missing`: there is no such program. */
export const KINDS = [
  'fails',
  'limited',
  'refused',
  'overloaded',
  'useless',
  'out-of-memory',
  'missing',
] as const;

/** What one process does. */
export interface JobPlan {
  readonly kind: (typeof KINDS)[number];
  /** From this start on it ends well. */
  readonly wellFrom: number;
  readonly ms: number;
  readonly onTerm: 'dies' | 'exits-with-0' | 'ignores';
  /** Children: what is left in its group ends by itself never; a stubborn one ignores SIGTERM; a daemon has left the group. */
  readonly leaves: 'nothing' | 'child' | 'stubborn' | 'daemon';
  readonly manner: 'silent' | 'chatty' | 'floods' | 'says-something-fatal';
}

export interface TaskPlan {
  readonly job: JobPlan;
  readonly key: string | undefined;
  readonly adhoc: boolean | undefined;
  /** How many places before it those are that it depends on. */
  readonly after: readonly number[];
  readonly timeout: number | { readonly idle: number; readonly max: number } | undefined;
  readonly retries: number;
  readonly fallback: 'none' | 'task' | 'failing-task' | 'text' | 'late-text' | 'nothing' | 'throws';
  readonly detect: false | true | { readonly silence: number; readonly strikes: number };
  readonly stdin: 'none' | 'text' | 'stream';
}

export interface RunPlan {
  readonly how: 'all' | 'each' | 'one';
  readonly source: 'array' | 'reversed' | 'iterable' | 'async';
  readonly tasks: readonly TaskPlan[];
  readonly concurrency: number;
  readonly stagger: number;
  readonly totalTimeout: number | 'auto' | undefined;
  readonly breaker: boolean;
  /** Milliseconds after which it is wanted no more: by its signal, or by `stop()`. */
  readonly cancelAfter: number | undefined;
  /** Whoever iterates over its results takes so many, and each takes him so long. */
  readonly takes: number;
  readonly pace: number;
  /** Its source throws in the place of this one. */
  readonly throwsAt: number | undefined;
  /** Its source never says that there are no more. */
  readonly isEndless: boolean;
}

export type Act =
  | { readonly do: 'run'; readonly run: RunPlan }
  | { readonly do: 'harm'; readonly which: number }
  | { readonly do: 'harm-forker'; readonly signal: 'SIGKILL' | 'SIGSTOP' }
  | { readonly do: 'fail-forks'; readonly code: string; readonly count: number }
  | { readonly do: 'mark-adhoc'; readonly key: string }
  | { readonly do: 'reset' | 'stop-host' };

/** A host's settings without what is by default, for whoever judges them. */
export type Settings = Required<Pick<TasksOptions, 'maxProcesses'>> & {
  readonly breaker: { readonly regular: Limits; readonly adhoc: Limits };
};

export interface Limits {
  readonly failures: number;
  readonly fastFail: { readonly failures: number; readonly within: number } | false;
  readonly resetAfter: number;
}

export interface TasksPlan {
  readonly seed: number;
  readonly spawner: 'forker' | 'direct';
  readonly tasks: Settings;
  readonly steps: readonly { readonly after: number; readonly act: Act }[];
}

/** Of every task, in ms: SIGTERM, so long, SIGKILL. */
export const SHUTDOWN_MS = 100;
/** Kept of each stream. */
export const TAIL_BYTES = 1_000;
/** For each attempt of a run whose time is reckoned from these. */
export const AUTO_TIMEOUT_MS = 300;
export const RETRIES = { initial: 20, max: 200, factor: 2, jitter: 0.5 };

const WELL: JobPlan = {
  kind: 'fails',
  wellFrom: 1,
  ms: 5,
  onTerm: 'dies',
  leaves: 'nothing',
  manner: 'silent',
};

/** What stands in for a task, where that is a process. */
export const FALLBACKS: Readonly<Record<TaskPlan['fallback'], JobPlan | undefined>> = {
  none: undefined,
  task: WELL,
  'failing-task': { ...WELL, wellFrom: 99 },
  text: undefined,
  'late-text': undefined,
  nothing: undefined,
  throws: undefined,
};

/** One in four. */
const maybe = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
const ms = fc.constantFrom(0, 1, 5, 20, 100, 400);

const job: fc.Arbitrary<JobPlan> = fc.record({
  kind: fc.constantFrom('fails', 'fails', ...KINDS),
  wellFrom: fc.constantFrom(1, 1, 1, 2, 3, 99, 99),
  ms: fc.constantFrom(0, 5, 20, 20, 100, 100, 400, 3_000),
  onTerm: fc.constantFrom('dies', 'dies', 'exits-with-0', 'ignores'),
  leaves: fc.constantFrom('nothing', 'nothing', 'nothing', 'child', 'stubborn', 'daemon'),
  manner: fc.constantFrom('silent', 'silent', 'chatty', 'chatty', 'floods', 'says-something-fatal'),
});

const task: fc.Arbitrary<TaskPlan> = fc.record({
  job,
  key: fc.constantFrom(undefined, 'a', 'a', 'b', 'temp-c'),
  adhoc: fc.constantFrom(undefined, undefined, undefined, true, false),
  after: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }) },
  ),
  timeout: fc.constantFrom<TaskPlan['timeout'][]>(
    undefined,
    undefined,
    60,
    300,
    60_000,
    { idle: 60, max: 250 },
    { idle: 60, max: 250 },
    { idle: 100, max: 100 },
  ),
  retries: fc.constantFrom(0, 0, 1, 2),
  fallback: fc.constantFrom(
    'none',
    'none',
    'none',
    'task',
    'failing-task',
    'text',
    'late-text',
    'nothing',
    'throws',
  ),
  detect: fc.constantFrom<TaskPlan['detect'][]>(false, false, true, { silence: 40, strikes: 2 }),
  stdin: fc.constantFrom('none', 'none', 'text', 'stream'),
});

const run: fc.Arbitrary<RunPlan> = fc
  .record({
    how: fc.constantFrom('all', 'all', 'each', 'one'),
    source: fc.constantFrom('array', 'array', 'reversed', 'iterable', 'async'),
    tasks: fc.array(task, { minLength: 1, maxLength: 6 }),
    concurrency: fc.constantFrom(1, 2, 3, 5, Number.POSITIVE_INFINITY),
    stagger: fc.constantFrom(0, 0, 0, 100),
    totalTimeout: fc.constantFrom<RunPlan['totalTimeout'][]>(
      undefined,
      undefined,
      undefined,
      50,
      500,
      'auto',
    ),
    breaker: fc.constantFrom(true, true, true, false),
    cancelAfter: maybe(ms),
    takes: fc.constantFrom(1, 3, 99, 99),
    pace: fc.constantFrom(0, 0, 10, 200),
    throwsAt: fc.constantFrom(undefined, undefined, undefined, undefined, undefined, 0, 2, 5),
    isEndless: fc.boolean(),
  })
  .map(sensible);

/** As it may be asked for: for all to be reckoned, all have to be known; and of one alone nobody can depend on others. */
function sensible(plan: RunPlan): RunPlan {
  const { how, source, totalTimeout, tasks } = plan;
  const isList = source === 'array' || source === 'reversed';
  if (how === 'one')
    return { ...plan, tasks: [alone(tasks[0]!)], stagger: 0, totalTimeout: undefined, isEndless: false };
  const isEnded = plan.cancelAfter !== undefined || totalTimeout !== undefined;
  return {
    ...plan,
    totalTimeout: totalTimeout === 'auto' && !isList ? 500 : totalTimeout,
    isEndless: plan.isEndless && source === 'async' && isEnded && plan.throwsAt === undefined,
  };
}

/** Nobody tells when it gives way to another: when its breaker heard of its end is not to be seen then. */
const alone = (task: TaskPlan): TaskPlan => ({
  ...task,
  after: [],
  key: task.fallback === 'none' ? task.key : undefined,
});

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ do: fc.constant('run' as const), run }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('harm' as const), which: fc.nat(5) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('harm-forker' as const),
      signal: fc.constantFrom('SIGKILL', 'SIGKILL', 'SIGSTOP'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('fail-forks' as const),
      code: fc.constantFrom('EAGAIN', 'EMFILE', 'ENOMEM'),
      count: fc.constantFrom(1, 3, 12),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('mark-adhoc' as const), key: fc.constantFrom('a', 'b') }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('reset', 'reset', 'stop-host') }) },
) as fc.Arbitrary<Act>;

const limits: fc.Arbitrary<Limits> = fc.record({
  failures: fc.constantFrom(1, 1, 2, 3),
  fastFail: fc.constantFrom<Limits['fastFail'][]>(
    false,
    { failures: 2, within: 200 },
    { failures: 3, within: 100 },
  ),
  resetAfter: fc.constantFrom(20, 50, 200),
});

export const tasksPlans: fc.Arbitrary<TasksPlan> = fc.record({
  seed: fc.nat(),
  spawner: fc.constantFrom('forker', 'forker', 'direct'),
  tasks: fc.record({
    maxProcesses: fc.constantFrom(1, 2, 3, 4, 64),
    breaker: fc.record({ regular: limits, adhoc: limits }),
  }),
  steps: fc.array(fc.record({ after: ms, act }), { minLength: 1, maxLength: 6 }),
});
