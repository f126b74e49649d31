/** Items, such as those of a call, one by one. While nobody takes them their source has to wait, a worker by not being read. */

/** Items kept for whoever is slower than their source; from so many on it has to wait, until there are few again. */
export interface Room {
  readonly full: number;
  readonly few: number;
}

const ROOM: Room = { full: 64, few: 16 };

/** Where the items come from, once it is known: for a call, when a worker has it. */
export interface ItemSource {
  pause(): void;
  resume(): void;
}

interface Taker<Item> {
  readonly resolve: (result: IteratorResult<Item, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

export class ItemStream<Item = unknown> implements AsyncIterableIterator<Item, undefined> {
  readonly #cancel: () => void;
  readonly #room: Room;
  #source: ItemSource | undefined;
  readonly #items: Item[] = [];
  readonly #takers: Taker<Item>[] = [];
  #end: { readonly error?: unknown; readonly isError: boolean } | undefined;
  #paused = false;

  /** @param cancel nobody wants the rest */
  constructor(cancel: () => void, room = ROOM) {
    this.#cancel = cancel;
    this.#room = room;
  }

  /** @internal */
  comesFrom(source: ItemSource): void {
    this.#source = source;
  }

  /** @internal */
  add(item: Item): void {
    if (this.#end !== undefined) return;
    const taker = this.#takers.shift();
    if (taker !== undefined) {
      taker.resolve({ value: item, done: false });
      return;
    }
    this.#items.push(item);
    if (this.#paused || this.#items.length < this.#room.full) return;
    this.#paused = true;
    this.#source?.pause();
  }

  /** @internal there are no more */
  finish(): void {
    this.#close({ isError: false });
  }

  /** @internal told to whoever has taken the items that came before */
  fail(error: unknown): void {
    this.#close({ isError: true, error });
  }

  next(): Promise<IteratorResult<Item, undefined>> {
    if (this.#items.length > 0) {
      const value = this.#items.shift()!;
      if (this.#items.length <= this.#room.few) this.#resume();
      return Promise.resolve({ value, done: false });
    }
    const end = this.#end;
    if (end === undefined) return new Promise((resolve, reject) => this.#takers.push({ resolve, reject }));
    if (!end.isError) return Promise.resolve(DONE);
    this.#end = { isError: false }; // told once
    return Promise.reject(end.error);
  }

  /** Who leaves the loop wants no more: whoever has them is told so. */
  async return(): Promise<IteratorResult<Item, undefined>> {
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
