/** Whoever asks a host for tasks, as a plan has it: each tells the judge what is asked for, and what comes of it. */
import type { Host } from '../src/host/host.ts';
import type { SimMachine } from '../src/sim/index.ts';
import type { TaskResult } from '../src/tasks/result.ts';
import type { RunOptions } from '../src/tasks/run-options.ts';
import type { TaskHandle } from '../src/tasks/task-handle.ts';
import type { Fallback, TaskOptions } from '../src/tasks/task-spec.ts';
import { commandOf } from './tasks-jobs.ts';
import type { TasksJudge } from './tasks-judge.ts';
import { AUTO_TIMEOUT_MS, FALLBACKS, RETRIES, type RunPlan, SHUTDOWN_MS, TAIL_BYTES } from './tasks-plan.ts';
import type { Asked, Ran } from './tasks-records.ts';

/** What a source throws. */
const NO_MORE = new Error('there are no more');
/** Between two tasks of a source that takes its time, and until a fallback is known, ms. */
const PULL_MS = 5;

export class TasksCallers {
  readonly #judge: TasksJudge;
  readonly #host: Host;
  readonly #machine: SimMachine;
  /** Those whose phases nobody tells: they are looked at. */
  readonly #handles = new Map<TaskHandle, Asked>();
  /** What is not over. */
  readonly waiting = new Set<string>();
  readonly seen = { thrown: 0, left: 0, refused: 0 };

  constructor(judge: TasksJudge, host: Host, machine: SimMachine) {
    this.#judge = judge;
    this.#host = host;
    this.#machine = machine;
  }

  run(plan: RunPlan): void {
    const ran = this.#judge.asks(plan);
    const work = { all: this.#all, each: this.#each, one: this.#one }[plan.how].bind(this);
    const name = `run ${ran.n}`;
    this.waiting.add(name);
    void work(ran)
      .catch((error: unknown) => this.#failed(ran, error))
      .then(() => this.waiting.delete(name));
  }

  /** How far those are of which nobody tells. */
  look(): void {
    for (const [handle, asked] of this.#handles) {
      const phase = handle.status();
      if (asked.result !== undefined) this.#handles.delete(handle);
      else if (phase === 'running' || phase === 'retrying' || phase === 'fallback') {
        const last = asked.heard.at(-1)?.status;
        if (phase === 'retrying' && last === undefined) this.#judge.phase(asked, 'running'); // within one moment
        if (last !== phase) this.#judge.phase(asked, phase);
      }
    }
  }

  async #all(ran: Ran): Promise<void> {
    const results = await this.#host.runAll(this.#sourceOf(ran), this.#optionsOf(ran));
    if (throwsAt(ran) !== undefined && !this.#judge.isCut(ran))
      this.#judge.broken(ran, 'does not throw what its source threw');
    this.#judge.got(ran, results);
  }

  async #each(ran: Ran): Promise<void> {
    const { takes, pace } = ran.plan;
    const taken: TaskResult[] = [];
    for await (const result of this.#host.runEach(this.#sourceOf(ran), this.#optionsOf(ran))) {
      if (result !== ran.asked[result.index]?.result || taken.includes(result))
        this.#judge.broken(ran, `gives another result of ${result.id}`);
      taken.push(result);
      if (taken.length === takes) {
        this.#judge.aborts(ran);
        this.seen.left += 1;
        break;
      }
      if (pace > 0) await this.#after(pace);
    }
    if (taken.length < takes && taken.length < ran.asked.length && !this.#judge.isCut(ran))
      this.#judge.broken(ran, `gives ${taken.length} results`);
  }

  async #one(ran: Ran): Promise<void> {
    const [asked] = ran.asked;
    const { breaker, cancelAfter } = ran.plan;
    const handle = await this.#host.run(this.#taskOf(asked!), { breaker });
    this.#handles.set(handle, asked!);
    if (cancelAfter !== undefined)
      this.#machine.timeline.add(cancelAfter, () => {
        this.#judge.aborts(ran);
        void handle.stop();
      });
    const result = await handle.result;
    // What has passed within one moment could not be seen.
    if (result.startedAt !== undefined && asked!.heard.length === 0) this.#judge.phase(asked!, 'running');
    this.#judge.ended(asked!, result);
  }

  #failed(ran: Ran, error: unknown): void {
    const { code } = (error ?? {}) as { code?: unknown };
    if (code === 'ERR_REEVE_STOPPED' && this.#judge.now >= this.#judge.stoppedAt) this.seen.refused += 1;
    else if (error === NO_MORE && throwsAt(ran) !== undefined) this.seen.thrown += 1;
    else this.#judge.broken(ran, `rejects: ${String(error)}`);
    for (const { heard, result, id } of ran.asked)
      if (heard.length > 0 && result === undefined) this.#judge.broken(ran, `is over before ${id} is`);
  }

  #optionsOf(ran: Ran): RunOptions {
    const { concurrency, stagger, totalTimeout, breaker, cancelAfter } = ran.plan;
    const signal = this.#signalAfter(ran, cancelAfter);
    return {
      concurrency,
      stagger,
      breaker,
      shutdown: SHUTDOWN_MS,
      output: { tail: TAIL_BYTES },
      onProgress: (progress) => this.#judge.told(ran, progress),
      ...(totalTimeout === undefined ? {} : { totalTimeout }),
      ...(totalTimeout === 'auto' ? { timeout: AUTO_TIMEOUT_MS } : {}),
      ...(signal === undefined ? {} : { signal }),
    };
  }

  #sourceOf(ran: Ran) {
    const tasks = ran.asked.map((asked) => this.#taskOf(asked));
    const end = throwsAt(ran) ?? tasks.length;
    const { source, isEndless } = ran.plan;
    const after = (ms: number) => this.#after(ms);
    function* given(): Iterable<TaskOptions> {
      yield* tasks.slice(0, end);
      if (end < tasks.length) throw NO_MORE;
    }
    async function* slowly(): AsyncIterable<TaskOptions> {
      for (const task of given()) {
        await after(PULL_MS);
        yield task;
      }
      if (isEndless) await new Promise(() => {});
    }
    return source === 'iterable' ? given() : source === 'async' ? slowly() : tasks;
  }

  #taskOf(asked: Asked): TaskOptions {
    const { ran, index, id, dependsOn, plan } = asked;
    const { key, adhoc, timeout, retries, detect, stdin, job } = plan;
    const fallback = this.#fallbackOf(asked);
    return {
      id,
      ...commandOf({ run: ran.n, index, part: 'own' }, job),
      dependsOn,
      detect,
      retries: { retries, ...RETRIES },
      ...(ran.plan.how === 'one' ? { shutdown: SHUTDOWN_MS, output: { tail: TAIL_BYTES } } : {}),
      ...(key === undefined ? {} : { key }),
      ...(adhoc === undefined ? {} : { adhoc }),
      ...(timeout === undefined ? {} : { timeout }),
      ...(stdin === 'none' ? {} : { stdin: stdin === 'text' ? 'read this' : words() }),
      ...(fallback === undefined ? {} : { fallback }),
    };
  }

  #fallbackOf({ ran, index, plan }: Asked): Fallback | undefined {
    const job = FALLBACKS[plan.fallback];
    if (job !== undefined) return commandOf({ run: ran.n, index, part: 'fallback' }, job);
    switch (plan.fallback) {
      case 'text':
        return () => 'instead';
      case 'late-text':
        return () => this.#after(PULL_MS).then(() => 'instead');
      case 'nothing':
        return () => undefined;
      case 'throws':
        return () => {
          throw new Error('nothing can');
        };
      default:
        return undefined;
    }
  }

  #signalAfter(ran: Ran, ms: number | undefined): AbortSignal | undefined {
    if (ms === undefined) return undefined;
    const controller = new AbortController();
    const abort = (): void => {
      this.#judge.aborts(ran);
      controller.abort();
    };
    if (ms === 0) abort();
    else this.#machine.timeline.add(ms, abort);
    return controller.signal;
  }

  #after(ms: number): Promise<void> {
    return new Promise((resolve) => this.#machine.timeline.add(ms, resolve));
  }
}

/** Only what is iterated over can throw, and only before its end. */
function throwsAt({ plan: { source, tasks, throwsAt: at, how } }: Ran): number | undefined {
  const isIterated = how !== 'one' && (source === 'iterable' || source === 'async');
  return isIterated && at !== undefined && at < tasks.length ? at : undefined;
}

async function* words(): AsyncIterable<string> {
  yield 'read ';
  yield 'this';
}
