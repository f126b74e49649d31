/** Tasks that come one by one, from whatever can be iterated over: each is read as it comes, and may be meaningless. */
import { errorOf } from '../errors.ts';
import type { Pulled } from './task-batch.ts';
import type { TaskOptions, TaskSpec } from './task-spec.ts';

export type TaskIterable = Iterable<TaskOptions> | AsyncIterable<TaskOptions>;

/** No generator: that could not hand on `return()` while it waits for the next task, which may never come. */
export class PulledTasks implements AsyncIterator<Pulled, undefined> {
  readonly #tasks: TaskIterable;
  readonly #parse: (task: TaskOptions, index: number) => TaskSpec;
  #source: AsyncIterator<TaskOptions> | Iterator<TaskOptions> | undefined;
  #index = 0;

  /** @param parse throws when a task cannot be meant */
  constructor(tasks: TaskIterable, parse: (task: TaskOptions, index: number) => TaskSpec) {
    this.#tasks = tasks;
    this.#parse = parse;
  }

  /** Rejects with what the source throws. */
  async next(): Promise<IteratorResult<Pulled, undefined>> {
    this.#source ??= iteratorOf(this.#tasks);
    const { done, value } = await this.#source.next();
    if (done === true) return OVER;
    const task = (await value) as TaskOptions;
    const index = this.#index;
    this.#index += 1;
    try {
      return { done: false, value: this.#parse(task, index) };
    } catch (error) {
      const id = String((task as Partial<TaskOptions> | undefined)?.id ?? index);
      return { done: false, value: { index, id, error: errorOf(error) } };
    }
  }

  /** Rejects with what the source throws. */
  async return(): Promise<IteratorResult<Pulled, undefined>> {
    await this.#source?.return?.();
    return OVER;
  }
}

const OVER = { done: true, value: undefined } as const;

function iteratorOf(tasks: TaskIterable): AsyncIterator<TaskOptions> | Iterator<TaskOptions> {
  return Symbol.asyncIterator in tasks ? tasks[Symbol.asyncIterator]() : tasks[Symbol.iterator]();
}
