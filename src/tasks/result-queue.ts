/** Results on their way to whoever takes them one by one. */

export interface ResultQueueOptions {
  readonly onTaken: () => void;
  /** Nobody wants the rest. */
  readonly onLeft: () => void;
}

type Ended = { readonly error: unknown } | 'end';

export class ResultQueue<Result> implements AsyncIterableIterator<Result> {
  readonly #options: ResultQueueOptions;
  readonly #results: Result[] = [];
  readonly #takers: {
    resolve: (step: IteratorResult<Result, undefined>) => void;
    reject: (error: unknown) => void;
  }[] = [];
  #ended: Ended | undefined;

  constructor(options: ResultQueueOptions) {
    this.#options = options;
  }

  /** How many wait to be taken. */
  get size(): number {
    return this.#results.length;
  }

  add(result: Result): void {
    if (this.#ended !== undefined) return;
    const taker = this.#takers.shift();
    if (taker === undefined) this.#results.push(result);
    else taker.resolve({ done: false, value: result });
  }

  end(): void {
    this.#ended ??= 'end';
    for (const { resolve } of this.#takers.splice(0)) resolve(DONE);
  }

  fail(error: unknown): void {
    this.#ended ??= { error };
    const [first, ...others] = this.#takers.splice(0);
    if (first === undefined) return;
    this.#ended = 'end';
    first.reject(error);
    for (const { resolve } of others) resolve(DONE);
  }

  next(): Promise<IteratorResult<Result, undefined>> {
    const result = this.#results.shift();
    if (result !== undefined) {
      this.#options.onTaken();
      return Promise.resolve({ done: false, value: result });
    }
    const ended = this.#ended;
    if (ended === undefined) return new Promise((resolve, reject) => this.#takers.push({ resolve, reject }));
    this.#ended = 'end';
    return ended === 'end' ? Promise.resolve(DONE) : Promise.reject(ended.error);
  }

  return(): Promise<IteratorResult<Result, undefined>> {
    const wasOver = this.#ended !== undefined;
    this.#results.length = 0;
    this.end();
    if (!wasOver) this.#options.onLeft();
    return Promise.resolve(DONE);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

const DONE = { done: true, value: undefined } as const;
