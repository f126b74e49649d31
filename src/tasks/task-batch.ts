/** Many tasks, so many at a time: pulled as they are needed, begun when what they depend on is ok, told of as they end. */

import { pause } from '../flow/pause.ts';
import { onAbort } from '../flow/shared-signal.ts';
import type { Clock, Timer } from '../os/os.ts';
import { JoinedSignal, TimeIsOver } from './joined-signal.ts';
import { type TaskResult, unbegun } from './result.ts';
import type { RunPlan, TaskOutput, TaskProgress } from './run-options.ts';
import { Dependencies } from './task-order.ts';
import { TaskRun, type TaskRunOptions, type TaskTools } from './task-run.ts';
import type { TaskSpec } from './task-spec.ts';

/** Of tasks that wait for others, before no more are pulled. */
const MOST_PARKED = 1_000;

/** A task that was pulled: complete, or why it cannot be meant. */
export type Pulled = TaskSpec | { readonly index: number; readonly id: string; readonly error: Error };

export interface BatchOptions {
  readonly plan: RunPlan;
  readonly tools: TaskTools;
  readonly source: AsyncIterator<Pulled> | Iterator<Pulled>;
  /** Undefined while it is not known. */
  readonly total: number | undefined;
  /** Milliseconds for all. */
  readonly totalTimeout: number;
  /** Each ends it all. */
  readonly signals: readonly (AbortSignal | undefined)[];
  readonly parse: TaskRunOptions['parse'];
  readonly onResult: (result: TaskResult) => void;
  /** Whether somebody takes the results: while nobody does no more are begun. */
  readonly isTaken: () => boolean;
  readonly complain: (error: unknown, what: string) => void;
}

export class TaskBatch {
  readonly #options: BatchOptions;
  readonly #clock: Clock;
  readonly #end: JoinedSignal;
  readonly #dependencies = new Dependencies();
  readonly #ready: TaskSpec[] = [];
  #running = 0;
  #done = 0;
  #isPulling = false;
  #isFilling = false;
  #isExhausted = false;
  #failure: { readonly error: unknown } | undefined;
  #timer: Timer | undefined;
  #nextStartAt = 0;
  #onOver: () => void = () => {};

  constructor(options: BatchOptions) {
    this.#options = options;
    this.#clock = options.tools.clock;
    this.#end = new JoinedSignal(options.signals);
  }

  /** Resolves when every task is over. Rejects with what the source threw, when those that were begun are over. */
  async run(): Promise<void> {
    const { totalTimeout } = this.#options;
    const over = new Promise<void>((resolve) => {
      this.#onOver = resolve;
    });
    if (Number.isFinite(totalTimeout)) {
      this.#timer = this.#clock.setTimeout(() => this.#end.abort(new TimeIsOver(totalTimeout)), totalTimeout);
    }
    onAbort(this.#end.signal, () => this.#ended());
    if (this.#end.signal.aborted) this.#ended();
    this.fill();
    await over;
    this.#end.release();
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Of an array each task has a result; where they are pulled, nobody knows how many there would be. */
  #ended(): void {
    if (this.#options.total === undefined) this.leave();
    else this.fill();
  }

  /** No more is pulled, and what is being pulled is not waited for: it may never come. */
  leave(): void {
    if (this.#isExhausted) return;
    this.#isExhausted = true;
    this.#isPulling = false;
    const { source } = this.#options;
    void Promise.resolve(source.return?.()).catch((error: unknown) => this.#options.complain(error, 'tasks'));
    this.fill();
  }

  /** Begins what may be begun. */
  fill(): void {
    if (this.#isFilling) return; // what has happened meanwhile is seen by the loop
    this.#isFilling = true;
    const { plan, isTaken } = this.#options;
    // What is given up has no process, and need not wait until somebody takes it.
    while (this.#running < plan.concurrency && (isTaken() || this.#end.signal.aborted)) {
      const spec = this.#ready.shift();
      if (spec !== undefined) void this.#begin(spec);
      else if (this.#isPulling || this.#isExhausted || this.#dependencies.parked >= MOST_PARKED) break;
      else this.#pull();
    }
    this.#isFilling = false;
    const isOver = this.#isExhausted && this.#running === 0 && !this.#isPulling && this.#ready.length === 0;
    if (isOver) this.#onOver(); // who is parked waits for one that runs
  }

  #pull(): void {
    try {
      const next = this.#options.source.next();
      if (next instanceof Promise) void this.#await(next);
      else this.#pulled(next);
    } catch (error) {
      this.#fail(error);
    }
  }

  async #await(next: Promise<IteratorResult<Pulled, unknown>>): Promise<void> {
    this.#isPulling = true;
    try {
      const pulled = await next;
      if (!this.#isExhausted) this.#pulled(pulled);
    } catch (error) {
      if (this.#isExhausted) this.#options.complain(error, 'tasks');
      else this.#fail(error);
    }
    this.#isPulling = false;
    this.fill();
  }

  #pulled({ done, value }: IteratorResult<Pulled, unknown>): void {
    if (done === true) this.#isExhausted = true;
    else this.#admit(value as Pulled);
  }

  #fail(error: unknown): void {
    this.#failure = { error };
    this.#isExhausted = true;
  }

  #admit(pulled: Pulled): void {
    if ('error' in pulled) this.#refuse(pulled, pulled.error);
    else if (this.#dependencies.knows(pulled.id))
      this.#refuse(pulled, new TypeError(`there are two tasks of the id '${pulled.id}'`));
    else if (!this.#skips(pulled) && !this.#dependencies.add(pulled)) this.#ready.push(pulled);
  }

  /** What it depends on is over, and was not ok. */
  #skips(spec: TaskSpec): boolean {
    const error = this.#dependencies.refusal(spec);
    if (error === undefined) return false;
    this.#finish({ ...unbegun(spec), status: 'skipped', error });
    return true;
  }

  async #begin(spec: TaskSpec): Promise<void> {
    this.#running += 1;
    const { tools, parse } = this.#options;
    const run = new TaskRun(spec, {
      tools,
      signal: this.#end.signal,
      onPhase: (status) => {
        if (status !== 'waiting') this.#tell(spec, status, undefined);
      },
      onOutput: (stream, bytes) => this.#wrote({ index: spec.index, id: spec.id, stream, bytes }),
      turn: (signal) => this.#turn(signal),
      parse,
    });
    const result = await run.result();
    this.#running -= 1;
    this.#finish(result);
    this.fill();
  }

  /** Another of its id goes its own way. */
  #refuse(task: { readonly id: string; readonly index: number }, error: Error): void {
    const result = unmeant(task, error);
    if (this.#dependencies.knows(task.id)) this.#hand(result);
    else this.#finish(result);
  }

  #hand(result: TaskResult): void {
    this.#done += 1;
    this.#tell(result, result.status, result);
    this.#options.onResult(result);
  }

  #finish(result: TaskResult): void {
    this.#hand(result);
    for (const spec of this.#dependencies.settle(result.id, result.status)) {
      if (!this.#skips(spec)) this.#ready.push(spec);
    }
  }

  /** Resolves when it is time for another start. */
  async #turn(signal: AbortSignal): Promise<void> {
    const { stagger } = this.#options.plan;
    if (stagger === 0) return;
    const now = this.#clock.monotonic();
    const at = Math.max(now, this.#nextStartAt);
    this.#nextStartAt = at + stagger;
    if (at > now) await pause(this.#clock, at - now, signal);
  }

  #wrote(output: TaskOutput): Promise<void> | undefined {
    return this.#call('onOutput', () => this.#options.plan.onOutput?.(output));
  }

  /** What a listener throws, or rejects with, is a warning. Resolves when it has done. */
  #call(name: string, listener: () => unknown): Promise<void> | undefined {
    const failed = (error: unknown): void => this.#options.complain(error, name);
    try {
      const answer = listener();
      return answer instanceof Promise ? answer.then(() => undefined, failed) : undefined;
    } catch (error) {
      failed(error);
      return undefined;
    }
  }

  #tell(
    { index, id }: Pick<TaskResult, 'index' | 'id'>,
    status: TaskProgress['status'],
    result: TaskResult | undefined,
  ): void {
    const { plan, total } = this.#options;
    void this.#call('onProgress', () =>
      plan.onProgress?.({ index, total, id, status, done: this.#done, result }),
    );
  }
}

/** It cannot be meant, which is known only now that it was pulled. */
const unmeant = (
  { id, index }: { readonly id: string; readonly index: number },
  error: Error,
): TaskResult => ({
  ...unbegun({ id, index, key: undefined, adhoc: false }),
  status: 'failed',
  category: 'permanent',
  error,
});
