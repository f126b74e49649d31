/** Lives the life of a host's tasks by its plan on a simulated machine, and says what of what always holds did not. */
import { type SimHost, type SimProcess, Simulation } from '../src/sim/index.ts';
import type { Violation } from './invariants.ts';
import { TasksCallers } from './tasks-callers.ts';
import { jobProgram } from './tasks-jobs.ts';
import { TasksJudge } from './tasks-judge.ts';
import type { Act, TasksPlan } from './tasks-plan.ts';
import { type TaskSightCounts, TaskSights } from './tasks-sights.ts';

/** How long everything may take once nothing goes wrong any more, ms: some dozen jobs of 3 s, one after the other. */
const SETTLES_WITHIN_MS = 600_000;
/** What rings later than this after the end of all tasks was not the last of their streams and records. */
const RINGS_WITHIN_MS = 3_000;
/** How long after the end of all tasks the last of their processes may be told dead, ms. */
const LAST_NEWS_WITHIN_MS = 150;

export interface TasksLife {
  readonly violations: readonly Violation[];
  readonly trace: readonly string[];
  readonly steps: number;
  readonly seen: TaskSightCounts;
}

export async function liveTasks(plan: TasksPlan): Promise<TasksLife> {
  const life = new Life(plan);
  await life.live();
  const { simulation, sights } = life;
  return {
    violations: simulation.violations,
    trace: simulation.trace.lines(),
    steps: simulation.machine.timeline.steps,
    seen: sights.counts,
  };
}

class Life {
  readonly simulation: Simulation;
  readonly sights = new TaskSights();
  readonly #plan: TasksPlan;
  readonly #judge: TasksJudge;
  #stopping: Promise<void> | undefined;

  constructor(plan: TasksPlan) {
    this.#plan = plan;
    const job = jobProgram(({ process }) => this.#judge.born(process)!);
    this.simulation = new Simulation({ seed: plan.seed, programs: { job }, pidMax: 512 });
    const { machine, oracle } = this.simulation;
    this.#judge = new TasksJudge({
      plan,
      machine,
      fail: (invariant, detail) => oracle.fail(invariant, detail),
    });
  }

  async live(): Promise<void> {
    const { spawner, tasks, steps } = this.#plan;
    const sim = await this.simulation.run(this.simulation.startHost({ spawner, signals: false, tasks }));
    const callers = new TasksCallers(this.#judge, sim.host!, this.simulation.machine);
    for (const { after, act } of steps) {
      await this.#pass(after, sim, callers);
      this.#act(act, sim, callers);
      await this.#pass(0, sim, callers);
    }
    await this.#pass(20, sim, callers);
    this.#calmDown();
    await this.#passUntil(() => callers.waiting.size === 0, SETTLES_WITHIN_MS, sim, callers);
    if (callers.waiting.size > 0)
      this.simulation.oracle.fail(
        'every-request-settles-once',
        `never over: ${[...callers.waiting].join(', ')}`,
      );
    else await this.#nothingIsLeft(sim, callers);
    await this.simulation.run(sim.stop());
    this.#judge.lookBack();
    this.sights.lookBack(this.#judge, callers);
  }

  #act(act: Act, sim: SimHost, callers: TasksCallers): void {
    const { machine, trace } = this.simulation;
    trace.note(JSON.stringify(act));
    switch (act.do) {
      case 'run':
        callers.run(act.run);
        break;
      case 'harm': {
        const all = machine.processes().filter(({ alive, isWorkers }) => alive && isWorkers);
        const one = all[act.which % all.length];
        if (one !== undefined) machine.send(one, 'SIGKILL');
        break;
      }
      case 'harm-forker':
        if (sim.forker !== undefined) this.#harm(sim.forker, act.signal);
        break;
      case 'fail-forks':
        for (let count = 0; count < act.count; count += 1) machine.forkFailures.push(act.code);
        break;
      case 'mark-adhoc':
        this.#judge.breakers.markAdhoc(act.key);
        sim.host!.tasks.markAdhoc(act.key);
        break;
      case 'reset':
        this.#judge.breakers.reset();
        sim.host!.tasks.resetAll();
        break;
      default:
        this.#judge.stoppedAt = Math.min(this.#judge.stoppedAt, machine.timeline.now);
        this.#stopping ??= sim.stop();
    }
  }

  #harm(forker: SimProcess, signal: 'SIGKILL' | 'SIGSTOP'): void {
    this.#judge.harmed(signal);
    this.simulation.machine.send(forker, signal);
  }

  /** Faults stop. */
  #calmDown(): void {
    const { machine } = this.simulation;
    machine.forkFailures.length = 0;
    for (const process of machine.processes())
      if (process.isForker && process.stopped) machine.send(process, 'SIGCONT');
  }

  /** All tasks are over. */
  async #nothingIsLeft(sim: SimHost, callers: TasksCallers): Promise<void> {
    const { machine, oracle } = this.simulation;
    const fail = (detail: string) => oracle.fail('stopped-means-empty', detail);
    await this.#stopped(sim, callers);
    await this.#pass(LAST_NEWS_WITHIN_MS, sim, callers);
    // A forker that is being started has a time limit of its own.
    await this.#passUntil(() => hasForker(sim), SETTLES_WITHIN_MS, sim, callers);
    await this.#pass(LAST_NEWS_WITHIN_MS, sim, callers);
    const late = [...sim.process.timers].filter(({ at }) => at > machine.timeline.now + RINGS_WITHIN_MS);
    if (late.length > 0) fail('a timer outlives all tasks');
    await this.#pass(RINGS_WITHIN_MS, sim, callers);
    const left = machine.processes().filter(({ alive, isWorkers }) => alive && isWorkers);
    if (left.length > 0) fail(`${left.length} processes outlive their tasks`);
    if (sim.process.timers.size > 0) fail(`${sim.process.timers.size} timers outlive all tasks for long`);
    const file = machine.disk.peek(`/state/runs/${sim.host!.runId}.json`);
    if (file !== undefined && Object.keys(JSON.parse(file).workers).length > 0)
      fail('a record outlives all tasks');
  }

  /** If it has been told to stop. The judge looks on meanwhile: later a key may be in another state. */
  async #stopped(sim: SimHost, callers: TasksCallers): Promise<void> {
    if (this.#stopping === undefined) return;
    let isOver = false;
    const over = (): void => {
      isOver = true;
    };
    this.#stopping.then(over, over);
    await this.#passUntil(() => isOver, SETTLES_WITHIN_MS, sim, callers);
    await this.simulation.run(this.#stopping); // whatever it comes to
  }

  #pass(ms: number, sim: SimHost, callers: TasksCallers): Promise<void> {
    let over = false;
    this.simulation.machine.timeline.add(ms, () => {
      over = true;
    });
    return this.#passUntil(() => over, ms + 1, sim, callers);
  }

  /** The judge looks after each thing that has happened. */
  async #passUntil(
    isOver: () => boolean,
    patience: number,
    sim: SimHost,
    callers: TasksCallers,
  ): Promise<void> {
    const { timeline } = this.simulation.machine;
    const limit = timeline.now + patience;
    await timeline.settle();
    this.#look(sim, callers);
    while (!isOver() && (timeline.nextAt ?? Number.POSITIVE_INFINITY) <= limit) {
      await timeline.step();
      this.#look(sim, callers);
    }
  }

  #look(sim: SimHost, callers: TasksCallers): void {
    callers.look();
    this.#judge.look(sim.host!.tasks);
  }
}

/** None was lost that has had no successor yet, as far as it is to have one. */
function hasForker({ host, alive }: SimHost): boolean {
  const told = host!.events.recent().map(({ type }) => type);
  return (
    !alive ||
    told.includes('host.stopping') ||
    told.lastIndexOf('forker.lost') <= told.lastIndexOf('forker.started')
  );
}
