/** A host's tasks: commands that are run to completion, many at a time, and never more than the host can bear. */
import { HostStoppedError, messageOf, OptionsError } from '../errors.ts';
import { ItemStream } from '../flow/item-stream.ts';
import type { Os } from '../os/os.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';
import { parseSupervisorSpec, type SupervisorSpec } from '../supervisor/supervisor-spec.ts';
import type { Processes } from './attempt.ts';
import { Breakers, type KeyHealth } from './breakers.ts';
import { Keeper } from './history/keeper.ts';
import { TaskHistory } from './history/task-history.ts';
import { JoinedSignal } from './joined-signal.ts';
import { PulledTasks, type TaskIterable } from './pulled-tasks.ts';
import type { TaskResult } from './result.ts';
import { parseRunOptions, type RunOptions, type RunPlan } from './run-options.ts';
import { Slots } from './slots.ts';
import { TaskBatch } from './task-batch.ts';
import { TaskHandle } from './task-handle.ts';
import { inOrder } from './task-order.ts';
import { TaskRun, type TaskTools } from './task-run.ts';
import { parseTask, type TaskOptions, type TaskSpec } from './task-spec.ts';
import type { TasksSettings } from './tasks-settings.ts';
import { enoughFor } from './total-timeout.ts';

/** What tasks need of their host. */
export interface TasksHost {
  readonly os: Os;
  readonly runId: string;
  readonly stateDirectory: string;
  readonly chance: () => number;
  readonly supervise: (spec: SupervisorSpec) => Promise<Supervisor>;
  readonly warn: (message: string) => void;
}

/** For one task. */
export type OneTaskOptions = Pick<RunOptions, 'signal' | 'breaker'>;

export type TaskSource = readonly TaskOptions[] | Iterable<TaskOptions> | AsyncIterable<TaskOptions>;

/** The name of the supervisor above all tasks. */
export const TASKS = '@tasks';
/** Results that may wait to be taken before no more tasks are begun; or as many as run at a time, if these are more. */
const MOST_WAITING = 64;

/** Who takes the results. */
interface Taking extends Pick<ConstructorParameters<typeof TaskBatch>[0], 'onResult' | 'isTaken'> {
  /** Aborted when nobody wants them any more. */
  readonly left?: AbortSignal;
}

export class Tasks {
  readonly #settings: TasksSettings;
  readonly #host: TasksHost;
  readonly #slots: Slots;
  readonly #breakers: Breakers;
  readonly #keeper: Keeper;
  /** Tasks that were written down, of this run and of others: see `history` among the host's options for tasks. */
  readonly history: TaskHistory;
  readonly #stopping = new AbortController();
  readonly #batches = new Set<Promise<void>>();
  #supervisor: Promise<Supervisor> | undefined;

  constructor(settings: TasksSettings, host: TasksHost) {
    this.#settings = settings;
    this.#host = host;
    this.#slots = new Slots(settings.maxProcesses);
    this.#breakers = new Breakers(settings.breaker, host.os.clock);
    this.#keeper = new Keeper(settings.history, host);
    this.history = new TaskHistory(host.os, host.stateDirectory);
  }

  /** How a key does. */
  health(key: string): KeyHealth {
    return this.#breakers.health(key);
  }

  /** Every breaker is closed, and every failure forgotten. */
  resetAll(): void {
    this.#breakers.resetAll();
  }

  /** The tasks of this key may fail more often from now on. */
  markAdhoc(key: string): void {
    this.#breakers.markAdhoc(key);
  }

  /** One task. Throws an `OptionsError`; whatever becomes of the task is in its result. */
  async run(task: TaskOptions, options: OneTaskOptions): Promise<TaskHandle> {
    const { signal, ...defaults } = options;
    const plan = parseRunOptions({ ...defaults, ...(signal === undefined ? {} : { signal }) });
    const spec = this.#parse(task, 0, plan, '');
    if (spec.dependsOn.length > 0)
      throw new OptionsError('dependsOn', 'there are no others that it could depend on');
    if (this.#stopping.signal.aborted) throw new HostStoppedError();
    const tools = await this.#tools(plan);
    const joined = new JoinedSignal([signal, this.#stopping.signal]);
    const handle = new TaskHandle(joined, (watch) => {
      const turn = () => Promise.resolve();
      const parse = (fallback: TaskOptions) => this.#parse(fallback, 0, plan, 'fallback');
      return new TaskRun(spec, { ...watch, tools, turn, parse });
    });
    void this.#watch(handle.result.then(() => undefined));
    return handle;
  }

  /** In the order of the tasks. */
  async runAll(tasks: TaskSource, options: RunOptions): Promise<readonly TaskResult[]> {
    const results: TaskResult[] = [];
    const batch = await this.#open(tasks, parseRunOptions(options), {
      onResult: (result) => {
        results[result.index] = result;
      },
      isTaken: () => true,
    });
    await this.#watch(batch.run());
    return results;
  }

  /** As they end. */
  runEach(tasks: TaskSource, options: RunOptions): AsyncIterableIterator<TaskResult> {
    const plan = parseRunOptions(options);
    const room = Math.max(MOST_WAITING, Number.isFinite(plan.concurrency) ? plan.concurrency : 0);
    const given = new AbortController();
    let batch: TaskBatch | undefined;
    let isFull = false;
    const leave = (): void => {
      given.abort(new Error('its results are not wanted any more'));
      batch?.leave();
    };
    const results = new ItemStream<TaskResult>(leave, { full: room, few: room - 1 });
    results.comesFrom({
      pause: () => {
        isFull = true;
      },
      resume: () => {
        isFull = false;
        batch?.fill();
      },
    });
    const opening = this.#open(tasks, plan, {
      left: given.signal,
      onResult: (result) => results.add(result),
      isTaken: () => !isFull,
    });
    opening
      .then((opened) => {
        batch = opened;
        if (given.signal.aborted) opened.leave();
        return this.#watch(opened.run());
      })
      .then(
        () => results.finish(),
        (error: unknown) => results.fail(error),
      );
    return results;
  }

  /** No task is begun any more, and those that run are ended. Resolves when all are over. */
  async close(): Promise<void> {
    this.#stopping.abort(new HostStoppedError());
    await Promise.all(this.#batches);
    await this.#keeper.close();
  }

  async #open(tasks: TaskSource, plan: RunPlan, { left, ...taking }: Taking): Promise<TaskBatch> {
    const specs = Array.isArray(tasks) ? this.#parseAll(tasks, plan) : undefined;
    const totalTimeout = totalTimeoutOf(plan, specs);
    const source =
      specs === undefined
        ? new PulledTasks(requireIterable(tasks), (task, index) =>
            this.#parse(task, index, plan, `tasks[${index}]`),
          )
        : specs.values();
    if (this.#stopping.signal.aborted) throw new HostStoppedError();
    const tools = await this.#tools(plan);
    return new TaskBatch({
      plan,
      tools,
      source,
      total: specs?.length,
      totalTimeout,
      signals: [plan.signal, left, this.#stopping.signal],
      parse: (fallback, { index }) => this.#parse(fallback, index, plan, 'fallback'),
      complain: (error, what) => this.#host.warn(`${what} threw: ${messageOf(error)}`),
      ...taking,
    });
  }

  async #watch(run: Promise<void>): Promise<void> {
    const over = run.catch(() => {});
    this.#batches.add(over);
    try {
      await run;
    } finally {
      this.#batches.delete(over);
    }
  }

  #parseAll(tasks: readonly TaskOptions[], plan: RunPlan): readonly TaskSpec[] {
    const all = Array.from(tasks); // with what is missing in it
    return inOrder(all.map((task, index) => this.#parse(task, index, plan, `tasks[${index}]`)));
  }

  #parse(task: TaskOptions, index: number, { defaults }: RunPlan, path: string): TaskSpec {
    return parseTask(task, { index, defaults, isAdhocKey: this.#settings.isAdhocKey, path });
  }

  async #tools(plan: RunPlan): Promise<TaskTools> {
    const { os, chance, supervise } = this.#host;
    this.#supervisor ??= supervise(parseSupervisorSpec({ id: TASKS, strategy: 'dynamic' }));
    const supervisor = await this.#supervisor;
    return {
      clock: os.clock,
      chance,
      slots: this.#slots,
      breakers: plan.breaker ? this.#breakers : undefined,
      patterns: this.#settings.patterns,
      keep: (spec) => this.#keeper.keep(spec),
      processes: (spec) => processesOf(supervisor, spec),
    };
  }
}

function processesOf(supervisor: Supervisor, { worker }: TaskSpec): Processes {
  return {
    start: (attendant) => supervisor.startSpec({ ...worker, attendant }),
    stop: (path) => {
      supervisor.terminateChild(path.slice(path.lastIndexOf('/') + 1)).catch(() => {}); // it has ended by itself
    },
  };
}

function requireIterable(tasks: unknown): TaskIterable {
  const given = Object(tasks) as Partial<Iterable<TaskOptions> & AsyncIterable<TaskOptions>>;
  if (typeof tasks !== 'string' && (given[Symbol.iterator] ?? given[Symbol.asyncIterator]) !== undefined)
    return given as TaskIterable;
  throw new OptionsError('tasks', `expected an array, or something to iterate over, got ${typeof tasks}`);
}

/** `'auto'`: one and a half times what the time limits of so many waves come to. */
function totalTimeoutOf(
  { totalTimeout, concurrency }: RunPlan,
  specs: readonly TaskSpec[] | undefined,
): number {
  if (totalTimeout !== 'auto') return totalTimeout;
  if (specs === undefined)
    throw new OptionsError('totalTimeout', "'auto' needs an array of tasks: how many are there?");
  if (specs.length === 0) return Number.POSITIVE_INFINITY;
  const longest = specs.reduce((most, { longestTimeout }) => Math.max(most, longestTimeout), 0);
  if (!Number.isFinite(longest))
    throw new OptionsError('totalTimeout', "'auto' needs a timeout for each task");
  return enoughFor(specs.length, concurrency, longest);
}
