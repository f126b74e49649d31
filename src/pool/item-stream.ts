/** The items of a call, one by one. While nobody takes them the worker is not read, and so waits in its turn. */

/** Items kept for a caller who is slower than the worker; from so many on it is not read, until there are few again. */
const FULL = 64;
const FEW = 16;

/** Where the items come from, once a worker has the call. */
export interface ItemSource {
  pause(): void;
  resume(): void;
}

interface Taker {
  readonly resolve: (result: IteratorResult<unknown, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

export class ItemStream implements AsyncIterableIterator<unknown, undefined> {
  readonly #cancel: () => void;
  #source: ItemSource | undefined;
  readonly #items: unknown[] = [];
  readonly #takers: Taker[] = [];
  #end: { readonly error?: unknown; readonly isError: boolean } | undefined;
  #paused = false;

  /** @param cancel nobody wants the rest */
  constructor(cancel: () => void) {
    this.#cancel = cancel;
  }

  /** @internal */
  comesFrom(source: ItemSource): void {
    this.#source = source;
  }

  /** @internal */
  add(item: unknown): void {
    if (this.#end !== undefined) return;
    const taker = this.#takers.shift();
    if (taker !== undefined) {
      taker.resolve({ value: item, done: false });
      return;
    }
    this.#items.push(item);
    if (this.#paused || this.#items.length < FULL) return;
    this.#paused = true;
    this.#source?.pause();
  }

  /** @internal the call is over */
  finish(): void {
    this.#close({ isError: false });
  }

  /** @internal told to whoever has taken the items that came before */
  fail(error: unknown): void {
    this.#close({ isError: true, error });
  }

  next(): Promise<IteratorResult<unknown, undefined>> {
    if (this.#items.length > 0) {
      const value = this.#items.shift();
      if (this.#items.length <= FEW) this.#resume();
      return Promise.resolve({ value, done: false });
    }
    const end = this.#end;
    if (end === undefined) return new Promise((resolve, reject) => this.#takers.push({ resolve, reject }));
    if (!end.isError) return Promise.resolve(DONE);
    this.#end = { isError: false }; // told once
    return Promise.reject(end.error);
  }

  /** Who leaves the loop wants no more: the worker is told so. */
  async return(): Promise<IteratorResult<unknown, undefined>> {
    this.#items.length = 0;
    const wasOpen = this.#end === undefined;
    this.#close({ isError: false });
    this.#resume();
    if (wasOpen) this.#cancel();
    return DONE;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  #close(end: { readonly error?: unknown; readonly isError: boolean }): void {
    if (this.#end !== undefined) return;
    this.#end = end;
    for (const { resolve, reject } of this.#takers.splice(0)) {
      if (end.isError) reject(end.error);
      else resolve(DONE);
    }
    this.#resume();
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#source?.resume();
  }
}

const DONE: IteratorReturnResult<undefined> = { value: undefined, done: true };
