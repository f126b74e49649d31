/** Lives a pool's life by its plan on a simulated machine, and says what of what always holds did not. */
import { messageOf } from '../src/errors.ts';
import type { Pool } from '../src/pool/pool.ts';
import type { NewWorker } from '../src/pool/pool-options.ts';
import { type SimHost, Simulation } from '../src/sim/index.ts';
import type { Violation } from './invariants.ts';
import { PoolCallers } from './pool-callers.ts';
import { PoolJudge } from './pool-judge.ts';
import { type Act, keepsSessions, PLAIN, type PoolPlan } from './pool-plan.ts';
import { type SightCounts, Sights } from './pool-sights.ts';
import { PoolWorkers, START_TIMEOUT_MS, WARM_UP } from './pool-workers.ts';

/** How long everything may take once nothing goes wrong any more, milliseconds: some dozen calls of 400 ms and their limits. */
const SETTLES_WITHIN_MS = 240_000;
/** How long until a pool that is left in peace has the workers that it is to have. */
const WELL_WITHIN_MS = 60_000;
/** What rings later than this after the end of a pool was not the last of its workers' streams and records. */
const RINGS_WITHIN_MS = 3_000;
/** How long after the end of a pool the last of its workers may be told dead, and what was asked of it in its warm-up. */
const LAST_NEWS_WITHIN_MS = 150;
const EAGER_CALLS = 10;

export interface PoolLife {
  readonly violations: readonly Violation[];
  readonly trace: readonly string[];
  readonly steps: number;
  readonly seen: SightCounts;
}

export async function livePool(plan: PoolPlan): Promise<PoolLife> {
  const life = new Life(plan);
  await life.live();
  const { simulation, sights } = life;
  const { timeline } = simulation.machine;
  return {
    violations: simulation.violations,
    trace: simulation.trace.lines(),
    steps: timeline.steps,
    seen: sights.counts,
  };
}

class Life {
  readonly simulation: Simulation;
  readonly sights = new Sights();
  readonly #plan: PoolPlan;
  readonly #judge: PoolJudge;
  readonly #workers: PoolWorkers;
  #size: { min: number; max: number };
  #pool: Pool | undefined;
  #ends: Promise<unknown> | undefined;
  #warmUps = 0;
  #eager = 0;
  #openRooms = 0;

  constructor(plan: PoolPlan) {
    this.#plan = plan;
    this.simulation = new Simulation({
      seed: plan.seed,
      programs: { worker: (self) => this.#workers.born()(self) },
    });
    const {
      min = 1,
      max = 1,
      tasksPerWorker = 1,
      maxQueue = 1_000,
      attempts = 3,
      closeTimeout = 30_000,
    } = plan.options;
    this.#size = { min, max };
    this.#judge = new PoolJudge({
      machine: this.simulation.machine,
      tasksPerWorker,
      maxQueue,
      attempts,
      closeTimeout,
      sessionsStay: plan.savesSessions === false && keepsSessions(plan),
      fail: (invariant, detail) => this.simulation.oracle.fail(invariant, detail),
    });
    this.#workers = new PoolWorkers(plan, this.#judge);
  }

  async live(): Promise<void> {
    const { spawner, options } = this.#plan;
    const sim = await this.simulation.run(this.simulation.startHost({ spawner, signals: false }));
    const host = sim.host!;
    const worker = { command: 'worker', startTimeout: START_TIMEOUT_MS, shutdown: 500 };
    const settings = { ...options, name: 'pool', worker, ...this.#warmUp() };
    const opened = await this.simulation.run(host.pool(settings).catch(() => undefined));
    if (opened === undefined) this.sights.saw('a pool that did not open');
    else await this.#liveOpen(sim, opened);
    await this.#nothingIsLeft(sim);
    await this.simulation.run(sim.stop());
  }

  async #liveOpen(sim: SimHost, pool: Pool): Promise<void> {
    this.#pool = pool;
    this.#workers.isOpen = true;
    const { oracle } = this.simulation;
    const callers = new PoolCallers(this.#judge, pool, this.simulation.machine);
    if (this.#plan.eager) this.#callFromEvents(sim, callers);
    for (const { after, act } of this.#plan.steps) {
      await this.#pass(after);
      this.#act(act, sim, pool, callers);
      await this.#pass(0);
    }
    await this.#pass(20);
    this.#calmDown();
    await this.#passUntil(() => callers.open === 0 && this.#openRooms === 0, SETTLES_WITHIN_MS);
    if (this.#openRooms > 0) oracle.fail('every-request-settles-once', 'somebody waits for room for ever');
    if (callers.open > 0)
      oracle.fail('every-request-settles-once', `never over: ${[...callers.waiting].join(', ')}`);
    else if (this.#ends === undefined) await this.#beWell(pool);
    this.#end(this.#plan.end, sim, pool);
    await this.#passUntil(() => pool.phase === 'closed', SETTLES_WITHIN_MS);
    if (pool.phase !== 'closed') oracle.fail('stopped-means-empty', `the pool is ${pool.phase} for ever`);
    await this.#pass(LAST_NEWS_WITHIN_MS);
    this.#judge.allSettled();
    this.sights.lookBack(this.#judge, pool.stats(), this.#plan);
  }

  #act(act: Act, sim: SimHost, pool: Pool, callers: PoolCallers): void {
    const { machine } = this.simulation;
    this.simulation.trace.note(JSON.stringify(act));
    switch (act.do) {
      case 'call':
        for (let count = 0; count < act.count; count += 1) callers.call(act.ask);
        break;
      case 'stream':
        callers.stream(act.ask, act.takes, act.pace);
        break;
      case 'map':
        callers.map(act.ask, act.count, act.takes);
        break;
      case 'visit':
        callers.visit(act.session, act.count, act.pause);
        break;
      case 'lease':
        callers.lease(act);
        break;
      case 'harm': {
        const workers = machine.processes().filter(({ alive, isWorkers }) => alive && isWorkers);
        const worker = workers[act.which % workers.length];
        if (worker !== undefined) machine.send(worker, act.signal);
        break;
      }
      case 'harm-forker':
        if (sim.forker === undefined) break;
        machine.send(sim.forker, act.signal);
        if (act.signal === 'SIGKILL') this.sights.saw('a forker killed');
        break;
      case 'fail-forks':
        for (let count = 0; count < act.count; count += 1) machine.forkFailures.push('EAGAIN');
        break;
      case 'resize':
        this.#size = { min: act.min, max: Math.max(1, act.min + act.more) };
        pool.resize(this.#size);
        break;
      case 'recycle':
        pool.recycle();
        break;
      case 'renew':
        this.#judge.renews(act.session);
        if (pool.phase === 'open') pool.session(act.session);
        break;
      case 'forget':
        this.#judge.renews(act.session);
        if (pool.phase === 'open') pool.session(act.session).close();
        break;
      case 'wait-for-room':
        this.#openRooms += 1;
        void pool.whenRoom().then(() => {
          this.#openRooms -= 1;
        });
        break;
      default:
        this.#end(act.do, sim, pool);
    }
  }

  #end(how: 'close' | 'destroy' | 'stop-host', sim: SimHost, pool: Pool): void {
    this.#judge.ends(how);
    this.#ends = how === 'stop-host' ? sim.stop() : pool[how]();
  }

  #warmUp() {
    const { warmUp, options } = this.#plan;
    if (warmUp === 'none' || options.heartbeat === false) return {}; // who hangs amid it would be seen by nobody
    const warm = async (worker: NewWorker): Promise<void> => {
      this.#warmUps += 1;
      const number = this.#warmUps;
      await this.#warm(worker).catch((error: unknown) => {
        if (warmUp !== 'calls-on') throw error;
      });
      if (warmUp === 'calls-on') await this.#warm(worker);
      if (warmUp === 'rejects-once' && number === 1) throw new Error('it is cold');
    };
    return { warmUp: warm };
  }

  async #warm(worker: NewWorker): Promise<void> {
    const fact = { priority: 0, idempotent: false, session: undefined, lease: worker.path, isDirect: false };
    const asked = this.#judge.asks(fact);
    this.#judge.warmUps += 1;
    const over = (): void => {
      this.#judge.warmUps -= 1;
    };
    try {
      this.#judge.got(asked, await worker.call(WARM_UP, { n: asked.n, ms: 1, deed: 'answers', times: 0 }));
      over();
    } catch (error) {
      over();
      this.#judge.failed(asked, error);
      throw error;
    }
  }

  #callFromEvents(sim: SimHost, callers: PoolCallers): void {
    sim.host!.events.on(({ type }) => {
      if (!type.startsWith('pool.') || type === 'pool.saturated' || this.#eager >= EAGER_CALLS) return;
      this.#eager += 1;
      callers.call(PLAIN);
    });
  }

  /** Faults stop. What was asked of workers before, they do. */
  #calmDown(): void {
    const { machine } = this.simulation;
    this.#workers.isCalm = true;
    machine.forkFailures.length = 0;
    for (const process of machine.processes())
      if (process.isForker && process.stopped) machine.send(process, 'SIGCONT');
  }

  async #beWell(pool: Pool): Promise<void> {
    const isWell = (): boolean => pool.stats().ready >= this.#size.min && pool.stats().starting === 0;
    await this.#passUntil(isWell, WELL_WITHIN_MS);
    const { ready, starting } = pool.stats();
    if (isWell()) return;
    const detail = `${ready} are ready, ${starting} start, ${this.#size.min} are wanted`;
    this.simulation.oracle.fail('quiet-means-healthy', detail);
  }

  /** The pool is closed, or did not open. */
  async #nothingIsLeft(sim: SimHost): Promise<void> {
    const { machine, oracle } = this.simulation;
    const fail = (detail: string) => oracle.fail('stopped-means-empty', detail);
    await this.simulation.pass(LAST_NEWS_WITHIN_MS); // also a forker may be starting, in place of one that was killed
    const left = machine.processes().filter(({ alive, isWorkers }) => alive && isWorkers);
    if (left.length > 0) fail(`${left.length} workers outlive their pool`);
    const late = [...sim.process.timers].filter(({ at }) => at > machine.timeline.now + RINGS_WITHIN_MS);
    if (late.length > 0) fail(`a timer outlives the pool`);
    await this.simulation.pass(RINGS_WITHIN_MS);
    if (sim.process.timers.size > 0) fail(`${sim.process.timers.size} timers outlive the pool for long`);
    if (sim.host!.pools.length > 0) fail('the host has the pool still');
    if (sim.host!.supervisors.length > 0) fail('its supervisor outlives the pool');
    if (this.#pool !== undefined && this.#pool.workers().length > 0) fail('the pool remembers workers');
    const file = machine.disk.peek(`/state/runs/${sim.host!.runId}.json`);
    if (file !== undefined && Object.keys(JSON.parse(file).workers).length > 0)
      fail('a record outlives the pool');
  }

  #pass(ms: number): Promise<void> {
    let over = false;
    this.simulation.machine.timeline.add(ms, () => {
      over = true;
    });
    return this.#passUntil(() => over, ms + 1);
  }

  /** The judge looks after each thing that has happened. */
  async #passUntil(isOver: () => boolean, patience: number): Promise<void> {
    const { timeline } = this.simulation.machine;
    const limit = timeline.now + patience;
    await timeline.settle();
    while (!isOver() && (timeline.nextAt ?? Number.POSITIVE_INFINITY) <= limit) {
      await timeline.step();
      this.#look();
    }
  }

  #look(): void {
    if (this.#pool === undefined) return;
    try {
      this.#judge.look(this.#pool as Pool<never>, this.#size.max);
    } catch (error) {
      this.simulation.oracle.fail('bounded-everything', `no stats: ${messageOf(error)}`);
    }
  }
}
