/** The composition root: one run, from its sweep to its ordered stop. */
import { HostStoppedError, messageOf, OptionsError } from '../errors.ts';
import { EventBus } from '../events.ts';
import { SharedCensus } from '../os/census.ts';
import type { ApiOf, UnknownApi } from '../pool/api.ts';
import { Pool } from '../pool/pool.ts';
import { type PoolOptions, parsePoolOptions } from '../pool/pool-options.ts';
import { newRunId } from '../registry/run-id.ts';
import { RunRegistry } from '../registry/run-registry.ts';
import { countEnds, type SweepReport, sweep } from '../registry/sweep.ts';
import { ChildActors } from '../supervisor/child-actors.ts';
import { PendingCalls } from '../supervisor/pending-calls.ts';
import { type Family, Supervisor } from '../supervisor/supervisor.ts';
import type { SupervisorActor } from '../supervisor/supervisor-actor.ts';
import {
  parseSupervisorSpec,
  type SupervisorOptions,
  type SupervisorSpec,
} from '../supervisor/supervisor-spec.ts';
import type { TaskResult } from '../tasks/result.ts';
import type { RunOptions } from '../tasks/run-options.ts';
import type { TaskHandle } from '../tasks/task-handle.ts';
import type { TaskOptions } from '../tasks/task-spec.ts';
import { type OneTaskOptions, type TaskSource, Tasks } from '../tasks/tasks.ts';
import { type OutputListener, WorkerRuntime } from '../worker/worker-runtime.ts';
import { chanceOf, clockOf, startActor, supervisorWith } from './assembly.ts';
import { installExitHooks } from './exit-hooks.ts';
import { openSpawner } from './open-spawner.ts';
import { type HostOptions, type HostSettings, parseHostOptions } from './options.ts';

/**
 * Starts a run: its record, the sweep of dead runs, its forker. Rejects with a `RegistryError` when the state directory
 * cannot be used, and with a `ForkerError` when no forker can be had; nothing is left behind then.
 */
export async function startHost(options: HostOptions = {}): Promise<Host> {
  const settings = parseHostOptions(options, process.env);
  const { os, stateDirectory, orphanGrace, name } = settings;
  const runId = newRunId(os.clock, os.random);
  const events = new EventBus(() => os.clock.now(), settings.eventsKept);
  const registry = new RunRegistry({
    files: os.files,
    clock: os.clock,
    stateDirectory,
    runId,
    name,
    orphanGrace,
    self: os.processes.self,
    onWarning: ({ code, message }) => events.emit({ type: 'registry.warning', code, message }),
  });
  await registry.open();
  const opening = openSpawner(settings, runId, registry, events);
  opening.catch(() => {}); // it is awaited below, whatever becomes of the sweep
  try {
    const sweepReport = settings.sweep
      ? await sweep({ os, stateDirectory, ownRunId: runId, dryRun: false })
      : { runs: [] };
    const runtime = new WorkerRuntime({ os, spawner: await opening, registry, events });
    return new Host({ runId, sweepReport, events, runtime, settings });
  } catch (error) {
    await opening.then(
      (spawner) => spawner.close().catch(() => undefined),
      () => undefined,
    );
    await registry.remove().catch(() => undefined);
    throw error;
  }
}

interface HostParts {
  readonly runId: string;
  readonly sweepReport: SweepReport;
  readonly events: EventBus;
  readonly runtime: WorkerRuntime;
  readonly settings: HostSettings;
}

export class Host {
  readonly runId: string;
  readonly name: string;
  /** What the sweep before this run found and did. */
  readonly sweepReport: SweepReport;
  readonly events: EventBus;
  readonly #runtime: WorkerRuntime;
  readonly #settings: HostSettings;
  readonly #family: Family;
  readonly #actor: ReturnType<typeof startActor>;
  readonly #supervisors = new Map<string, Supervisor>();
  readonly #pools = new Set<Pool>();
  readonly #census: SharedCensus;
  readonly #tasks: Tasks;
  /** The ids of those that are about to be. */
  readonly #beginning = new Set<string>();
  readonly #removeExitHooks: () => void;
  #stopping: Promise<void> | undefined;

  /** @internal use `startHost` */
  constructor({ runId, sweepReport, events, runtime, settings }: HostParts) {
    this.runId = runId;
    this.name = settings.name;
    this.sweepReport = sweepReport;
    this.events = events;
    this.#runtime = runtime;
    this.#settings = settings;
    this.#census = new SharedCensus(settings.os.processes, settings.os.clock);
    const calls = new PendingCalls();
    const clock = clockOf(settings.os);
    const actors = new ChildActors(runtime.machine(), (actors) =>
      supervisorWith(runtime, { actors, calls, clock }),
    );
    this.#family = { actors, calls, runtime };
    this.#actor = startActor(settings.os, clock, actors);
    this.#tasks = new Tasks(settings.tasks, {
      os: settings.os,
      runId,
      stateDirectory: settings.stateDirectory,
      chance: () => chanceOf(settings.os.random),
      supervise: (spec) => this.#supervise(spec),
      warn: (message) => events.emit({ type: 'tasks.warning', message }),
    });
    this.#removeExitHooks = installExitHooks(
      settings.os.lifetime,
      { stop: (why) => this.stop(why), abandon: () => runtime.spawner.abandon() },
      settings.signals,
    );
    events.emit({ type: 'sweep.finished', runs: sweepReport.runs.length, ...countEnds(sweepReport) });
    events.emit({ type: 'host.started', runId });
  }

  /** The living, oldest first. One that has ended is kept by whoever holds it, with its children's last words. */
  get supervisors(): readonly Supervisor[] {
    return [...this.#supervisors.values()];
  }

  /**
   * Starts a supervisor and its children; resolves when each is ready. Rejects with an `OptionsError` before anything
   * is started, or with a `StartError` that names the child, after those started before it were stopped again.
   */
  async supervise(options: SupervisorOptions): Promise<Supervisor> {
    if (this.#stopping !== undefined) throw new HostStoppedError();
    return this.#supervise(parseSupervisorSpec(options));
  }

  /**
   * Starts a pool of warm workers; resolves when the first `min` are ready. Rejects with an `OptionsError` before anything
   * is started, or with why one of the first did not start, after nothing is left of the others. The type says what the
   * workers can do: `host.pool<typeof import('./worker.ts')>(…)`.
   */
  async pool<T = UnknownApi>(options: PoolOptions): Promise<Pool<ApiOf<T>>> {
    if (this.#stopping !== undefined) throw new HostStoppedError();
    const { os } = this.#settings;
    const { actors } = this.#family;
    const pool = new Pool<ApiOf<T>>(parsePoolOptions(options, os.processes.parallelism), {
      os,
      runId: this.runId,
      clock: clockOf(os),
      chance: () => chanceOf(os.random),
      census: this.#census,
      report: (event) => this.events.emit(event),
      supervise: (spec) => this.#supervise(spec),
      kill: (workerId) => actors.kill(workerId),
    });
    const known = pool as unknown as Pool; // whatever its workers can do
    this.#pools.add(known);
    await pool.opened().catch((error: unknown) => {
      this.#pools.delete(known);
      throw error;
    });
    void pool.closed.then(() => this.#pools.delete(known));
    return pool;
  }

  /** The pools that are open, oldest first. */
  get pools(): readonly Pool[] {
    return [...this.#pools];
  }

  /** Commands that are run to completion: their circuit breakers, and what is known of them. */
  get tasks(): Tasks {
    return this.#tasks;
  }

  /**
   * Runs tasks, so many at a time; resolves with a result for each, in their order. Never rejects for a task that fails:
   * only with an `OptionsError` or a `RangeError` before anything is begun, with what the source of the tasks threw, or
   * with a `HostStoppedError`.
   */
  runAll(tasks: TaskSource, options: RunOptions = {}): Promise<readonly TaskResult[]> {
    return this.#tasks.runAll(tasks, options);
  }

  /**
   * Runs one task; resolves with a handle on it as soon as it is accepted. Rejects with an `OptionsError` before anything
   * is begun; whatever becomes of the task is in its `result`.
   */
  run(task: TaskOptions, options: OneTaskOptions = {}): Promise<TaskHandle> {
    return this.#tasks.run(task, options);
  }

  /** As `runAll`, each result as soon as there is one. To leave the loop ends those that run. */
  runEach(tasks: TaskSource, options: RunOptions = {}): AsyncIterableIterator<TaskResult> {
    return this.#tasks.runEach(tasks, options);
  }

  async #supervise(spec: SupervisorSpec): Promise<Supervisor> {
    if (this.#stopping !== undefined) throw new HostStoppedError();
    const { actors } = this.#family;
    if (actors.supervisor(spec.id) !== undefined || this.#beginning.has(spec.id)) {
      throw new OptionsError('id', `'${spec.id}' is running already`);
    }
    this.#beginning.add(spec.id);
    this.#actor.send({ type: 'supervise', spec });
    if (actors.supervisor(spec.id) === undefined) await Promise.resolve(); // called by a listener, amid a turn of the host
    this.#beginning.delete(spec.id);
    const actor = actors.supervisor(spec.id) as SupervisorActor | undefined;
    if (actor === undefined) throw new HostStoppedError(); // as it was told to stop meanwhile
    const supervisor = new Supervisor(spec.id, this.#family, actor);
    this.#supervisors.set(spec.id, supervisor);
    void supervisor.stopped.then(() => {
      // Another may have taken its id meanwhile.
      if (this.#supervisors.get(spec.id) === supervisor) this.#supervisors.delete(spec.id);
    });
    await supervisor.started();
    return supervisor;
  }

  /** The supervisor of this path, such as `services/cache`, found anew at each call to it. */
  supervisor(path: string): Supervisor {
    return this.#supervisors.get(path) ?? new Supervisor(path, this.#family);
  }

  /** Calls `listener` for each line that a worker writes to a piped stream; returns the function that ends it. */
  onOutput(listener: OutputListener): () => void {
    return this.#runtime.onOutput(listener);
  }

  /** Looks again for what dead runs left behind. */
  sweep(options: { readonly dryRun?: boolean } = {}): Promise<SweepReport> {
    const { os, stateDirectory } = this.#settings;
    return sweep({ os, stateDirectory, ownRunId: this.runId, dryRun: options.dryRun ?? false });
  }

  /**
   * Stops the supervisors, newest first, each worker on its own plan; then the forker, and removes the run's record.
   * Resolves when nothing is left, or, some seconds after SIGKILL, with a `host.left-behind` event for what cannot be
   * ended; then the record stays, for a later sweep. May be called again: it is the same stop.
   */
  stop(why = 'stop()'): Promise<void> {
    this.#stopping ??= this.#stop(why);
    return this.#stopping;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop('the end of its scope');
  }

  async #stop(why: string): Promise<void> {
    this.events.emit({ type: 'host.stopping', why });
    await Promise.all([this.#tasks.close(), ...[...this.#pools].map((pool) => pool.destroy())]);
    const stopped = new Promise<void>((resolve) => {
      this.#actor.subscribe({ complete: resolve, error: () => resolve() });
    });
    this.#actor.send({ type: 'shutdown' });
    await stopped;
    await this.#runtime.registry.seal(); // the forker removes the file
    const behind = await leftBehind(this.#runtime.spawner.close());
    if (behind === undefined) await this.#removeRecord();
    else this.events.emit({ type: 'host.left-behind', ...behind });
    this.#removeExitHooks();
    this.events.emit({ type: 'host.stopped', nothingLeft: behind === undefined });
  }

  async #removeRecord(): Promise<void> {
    await this.#runtime.registry
      .remove()
      .catch((error: unknown) =>
        this.events.emit({ type: 'registry.warning', code: 'ERR_REEVE_REGISTRY', message: messageOf(error) }),
      );
  }
}

/** What a spawner could not end; undefined when nothing is left. */
async function leftBehind(closing: Promise<readonly number[]>) {
  try {
    const pids = await closing;
    return pids.length === 0 ? undefined : { pids, message: 'SIGKILL did not end them' };
  } catch (error) {
    return { pids: [], message: messageOf(error) };
  }
}
