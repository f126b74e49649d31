/**
 * Judges a host's tasks by what is told of them and by the processes that are truly there: these tell the judge
 * themselves, and know nothing of tasks.
 */
import type { SimMachine } from '../src/os/sim/machine.ts';
import type { SimProcess } from '../src/os/sim/process.ts';
import { summarize, type TaskResult } from '../src/tasks/result.ts';
import type { TaskProgress } from '../src/tasks/run-options.ts';
import type { Tasks } from '../src/tasks/tasks.ts';
import type { Invariant } from './invariants.ts';
import { BreakerJudge, type Deed } from './tasks-breakers.ts';
import { isMissing, nameOf } from './tasks-jobs.ts';
import { FALLBACKS, type RunPlan, type TasksPlan } from './tasks-plan.ts';
import type { Asked, Born, Ran } from './tasks-records.ts';
import { outcomeOf, totalTimeOf, wrongResult, wrongStart } from './tasks-verdict.ts';

export interface TasksJudgeOptions {
  readonly plan: TasksPlan;
  readonly machine: SimMachine;
  readonly fail: (invariant: Invariant, detail: string) => void;
}

/** How early a timer may seem to ring that was late the time before, ms. */
const LATE_MS = 45;

export class TasksJudge {
  readonly #options: TasksJudgeOptions;
  readonly breakers: BreakerJudge;
  readonly runs: Ran[] = [];
  readonly #born = new Map<SimProcess, Born>();
  readonly #byWorker = new Map<string, Born>();
  /** Those that were forked, and of which it is not known yet whose they are. */
  readonly #unknown = new Set<SimProcess>();
  #deeds: { readonly asked: Asked; readonly deed: Omit<Deed, 'what'>; readonly what: () => Deed['what'] }[] =
    [];
  /** Somebody was born, or is said to be over. */
  #isChanged = false;
  /** From then on what is begun, and what ends, need not be known to the host in time. */
  harmedAt = Number.POSITIVE_INFINITY;
  stoppedAt = Number.POSITIVE_INFINITY;
  readonly seen = { full: 0, lost: 0 };

  constructor(options: TasksJudgeOptions) {
    this.#options = options;
    this.breakers = new BreakerJudge(options.plan.tasks.breaker);
    options.machine.watch({
      onFork: (child) =>
        void (child.isWorkers && child.parent?.isWorkers !== true && this.#unknown.add(child)),
      onDeath: (dead) => this.#dies(dead),
    });
  }

  get now(): number {
    return this.#options.machine.timeline.now;
  }

  get isHarmed(): boolean {
    return Number.isFinite(this.harmedAt);
  }

  /** Somebody asks for all these. */
  asks(plan: RunPlan): Ran {
    const { tasks, source } = plan;
    const asked: Asked[] = [];
    const ran: Ran = {
      n: this.runs.length,
      plan,
      asked,
      madeAt: this.now,
      firstAt: undefined,
      lastAt: Number.NEGATIVE_INFINITY,
      abortedAt: undefined,
      done: 0,
    };
    for (const [place, task] of tasks.entries()) {
      const index = source === 'reversed' ? tasks.length - 1 - place : place;
      const after = [...new Set(task.after)].filter((back) => back <= place);
      asked[index] = {
        ran,
        index,
        id: `t${place}`,
        dependsOn: after.map((back) => `t${place - back}`),
        plan: task,
        births: [],
        heard: [],
        attempt: undefined,
        result: undefined,
        endedAt: 0,
      };
    }
    this.runs.push(ran);
    return ran;
  }

  /** The forker is lost, or does nothing for a while. */
  harmed(signal: 'SIGKILL' | 'SIGSTOP'): void {
    this.harmedAt = Math.min(this.harmedAt, this.now);
    const isBusy = [...this.#born.values()].some(({ diedAt }) => diedAt === undefined);
    if (isBusy && signal === 'SIGKILL') this.seen.lost += 1;
  }

  broken(ran: Ran, why: string): void {
    this.#options.fail('every-request-settles-once', `run ${ran.n} ${why}`);
  }

  /** It is wanted no more. */
  aborts(ran: Ran): void {
    ran.abortedAt ??= this.now;
  }

  /** A process has been told what it is. Undefined when it is no task's. */
  born(process: SimProcess): Born | undefined {
    const known = this.#born.get(process);
    const name = nameOf(process.commandLine);
    if (known !== undefined || name === undefined) return known;
    this.#unknown.delete(process);
    const asked = this.runs[name.run]!.asked[name.index]!;
    const number = asked.births.filter(({ part }) => part === name.part).length + 1;
    const { plan } = asked;
    const job = name.part === 'own' ? plan.job : FALLBACKS[plan.fallback]!;
    const diedAt = process.alive ? undefined : this.now;
    const born: Born = {
      asked,
      part: name.part,
      process,
      number,
      job,
      at: this.now,
      isFinished: false,
      diedAt,
    };
    this.#born.set(process, born);
    this.#isChanged = true;
    this.#byWorker.set(process.origin!.workerId, born);
    asked.births.push(born);
    if (asked.result !== undefined && !this.isHarmed) this.#wrong(asked, 'has a process when it is over');
    return born;
  }

  #dies(dead: SimProcess): void {
    const born = this.#unknown.has(dead) ? this.born(dead) : this.#born.get(dead);
    if (born !== undefined) born.diedAt = this.now;
    this.#unknown.delete(dead);
  }

  /** What whoever runs it is told of a task. */
  told(ran: Ran, { index, id, status, done, total, result }: TaskProgress): void {
    const asked = ran.asked[index]!;
    const list = ran.plan.source === 'array' || ran.plan.source === 'reversed';
    if (id !== asked.id) this.#wrong(asked, `is called ${id}`);
    if (total !== (list ? ran.asked.length : undefined)) this.#wrong(asked, `is one of ${total}`);
    if (result !== undefined) ran.done += 1;
    if (done !== ran.done) this.#wrong(asked, `is told of when ${done} are done, and ${ran.done} are`);
    if (result === undefined) this.phase(asked, status);
    else this.ended(asked, result);
    if (status !== (result?.status ?? status)) this.#wrong(asked, `is ${status} and ${result?.status}`);
  }

  /** It begins, or waits to be tried again, or gives way to its fallback. */
  phase(asked: Asked, status: TaskProgress['status']): void {
    const { ran, heard, plan } = asked;
    if (asked.result !== undefined) this.#wrong(asked, `is ${status} when it is over`);
    const isInstead = heard.some((one) => one.status === 'fallback');
    if (status === 'running') {
      if (asked.attempt !== undefined) this.#wrong(asked, 'begins amid an attempt');
      const why = wrongStart(asked, this.now, LATE_MS);
      if (why !== undefined) this.#options.fail('tasks-begin-when-they-may', `${nameOfAsked(asked)} ${why}`);
      ran.firstAt ??= this.now;
      ran.lastAt = this.now;
      asked.attempt = { at: this.now, bornBefore: asked.births.length };
      if (!isInstead) this.#deed(asked, () => 'begun');
    } else if (asked.attempt !== undefined) {
      this.#ends(asked, isInstead, undefined);
    } else if (status === 'retrying') {
      this.#wrong(asked, 'is tried again before it was tried');
    } else this.#deed(asked, () => 'blocked');
    if (status === 'fallback' && (plan.fallback === 'none' || isInstead))
      this.#wrong(asked, 'has a fallback too many');
    heard.push({ status, at: this.now });
  }

  ended(asked: Asked, result: TaskResult): void {
    const { heard } = asked;
    if (asked.result !== undefined) this.#wrong(asked, 'ends twice');
    const isInstead = heard.some((one) => one.status === 'fallback');
    if (asked.attempt !== undefined) this.#ends(asked, isInstead, result);
    else if (result.status === 'blocked' && !isInstead) this.#deed(asked, () => 'blocked');
    asked.result = result;
    asked.endedAt = this.now;
    this.#isChanged = true;
    heard.push({ status: result.status, at: this.now });
  }

  #ends(asked: Asked, isInstead: boolean, result: TaskResult | undefined): void {
    const { attempt, births } = asked;
    asked.attempt = undefined;
    if (isInstead) return;
    const isHarmed = this.isHarmed;
    const born = () => births.find((one, n) => n >= attempt!.bornBefore && one.part === 'own');
    this.#deed(asked, () => outcomeOf(asked, born(), result, isHarmed), attempt);
  }

  /** It is judged when all that happens at this moment has happened. */
  #deed(asked: Asked, what: () => Deed['what'], attempt: object = asked.attempt ?? asked): void {
    const { key, adhoc } = asked.plan;
    if (key === undefined || !asked.ran.plan.breaker) return;
    this.#deeds.push({
      asked,
      what,
      deed: { key, at: this.now, attempt, adhoc: adhoc ?? key.startsWith('temp') },
    });
  }

  /** Its tasks are pulled, and it was ended before all had come, or may have been. */
  isCut(ran: Ran): boolean {
    const { plan, abortedAt, madeAt } = ran;
    const isPulled = plan.source === 'iterable' || plan.source === 'async';
    const isLate = this.now >= madeAt + totalTimeOf(ran);
    return isPulled && (abortedAt !== undefined || this.now >= this.stoppedAt || isLate);
  }

  /** All that was asked for was given, in the order of the tasks. */
  got(ran: Ran, results: readonly TaskResult[]): void {
    const { fail } = this.#options;
    const came = this.isCut(ran) ? ran.asked.slice(0, results.length) : ran.asked;
    for (const { id, heard, result } of ran.asked.slice(came.length))
      if (heard.length > 0 || result !== undefined) fail('every-request-settles-once', `${id} has no result`);
    for (const [index, asked] of came.entries())
      if (results[index] === undefined || results[index] !== asked.result)
        fail('results-in-input-order', `run ${ran.n} has ${results[index]?.id} in the place of ${asked.id}`);
    if (results.length !== came.length)
      fail('every-request-settles-once', `run ${ran.n} has ${results.length} results`);
    const { total, ok, failed, cancelled, skipped, blocked, terminatedEarly } = summarize(results);
    const sum = ok + failed + cancelled + skipped + blocked.length + terminatedEarly.length;
    if (
      total !== sum ||
      total !== results.length ||
      ok !== results.filter(({ status }) => status === 'ok').length
    )
      fail('results-tell-the-truth', `run ${ran.n} adds up to ${sum} of ${total}`);
  }

  /** After whatever has happened. */
  look(tasks: Pick<Tasks, 'health'>): void {
    for (const process of [...this.#unknown]) this.born(process);
    if (this.#isChanged) this.#countProcesses();
    this.#isChanged = false;
    if (this.#deeds.length === 0) return;
    const deeds = this.#deeds.map(({ deed, what }) => ({ ...deed, what: what() }));
    this.#deeds = [];
    for (const key of new Set(deeds.map((deed) => deed.key))) {
      const concerned = deeds.filter((deed) => deed.key === key);
      const why = this.breakers.judge(key, concerned, tasks.health(key).state);
      if (why !== undefined) this.#options.fail('breakers-as-documented', why);
    }
  }

  /** A task has one process at a time, with what is left of it in its group; none when it is over. */
  #countProcesses(): void {
    const { machine, plan, fail } = this.#options;
    const living = new Set<Born>();
    for (const process of machine.processes()) {
      if (!process.alive || !process.isWorkers) continue;
      const born = this.#byWorker.get(process.origin!.workerId);
      if (born?.process.session === process.session) living.add(born); // daemons are ended a little later
    }
    if (this.isHarmed) return; // who has lost its forker does not know what is left of it
    const { maxProcesses } = plan.tasks;
    if (living.size === maxProcesses) this.seen.full += 1;
    if (living.size > maxProcesses) fail('bounded-everything', `${living.size} processes of ${maxProcesses}`);
    const tasks = new Set([...living].map(({ asked }) => asked));
    for (const ran of new Set([...tasks].map((asked) => asked.ran))) {
      const count = [...tasks].filter((asked) => asked.ran === ran).length;
      if (count > ran.plan.concurrency) fail('bounded-everything', `${count} at a time in run ${ran.n}`);
    }
    if (tasks.size < living.size) fail('bounded-everything', 'a task has two processes');
    for (const asked of tasks) if (asked.result !== undefined) this.#wrong(asked, 'is over, and lives');
  }

  /** Nothing happens any more. */
  lookBack(): void {
    for (const { asked } of this.runs)
      for (const one of asked) {
        if (one.result === undefined) {
          if (one.heard.length > 0) this.#wrong(one, 'was begun, and has no result');
          continue;
        }
        for (const why of wrongResult(one, { isHarmed: this.isHarmed, stoppedAt: this.stoppedAt }))
          this.#options.fail('results-tell-the-truth', `${nameOfAsked(one)} ${why}`);
      }
  }

  #wrong(asked: Asked, why: string): void {
    this.#options.fail('every-request-settles-once', `${nameOfAsked(asked)} ${why}`);
  }
}

const nameOfAsked = ({ ran, id, plan }: Asked): string =>
  `${id} of run ${ran.n} (${isMissing(plan.job) ? 'missing' : plan.job.kind})`;
