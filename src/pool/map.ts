/** Many calls at a time, their results in the order of what they were made of. */
import { forgetAbort, onAbort } from '../flow/shared-signal.ts';

/** Calls made of items. */
export interface Mapping<Item, Result> {
  readonly items: Iterable<Item> | AsyncIterable<Item>;
  /** `signal` is aborted when its result is not wanted any more. */
  readonly call: (item: Item, signal: AbortSignal) => Promise<Result>;
  /** Calls at a time. Asked again and again: it may change. */
  readonly concurrency: () => number;
  /** When it is aborted nothing more is waited for, an item neither, of which no call knows. */
  readonly signal: AbortSignal | undefined;
}

/**
 * Pulls no more than it needs. A result that is there waits neither for items that are long in coming nor for a full set
 * of calls. Whoever leaves the loop, or an error, ends the calls under way.
 */
export async function* mapInOrder<Item, Result>({
  items,
  call,
  concurrency,
  signal,
}: Mapping<Item, Result>): AsyncGenerator<Result, undefined> {
  const controller = new AbortController();
  const underWay: { readonly result: Promise<Result>; isSettled: boolean }[] = [];
  // One bell for all that is waited for: a race would leave something behind in the slowest of them each time.
  let ring = (): void => {};
  const rung = () => ring();
  const source = new Source(items, rung);
  if (signal !== undefined) onAbort(signal, rung);
  try {
    while (!source.isExhausted || underWay.length > 0) {
      const bell = new Promise<void>((resolve) => {
        ring = resolve;
      });
      const pulled = underWay.length < concurrency() ? source.take() : undefined;
      if (pulled !== undefined) {
        const asked = { result: call(pulled.item, controller.signal), isSettled: false };
        const settled = () => {
          asked.isSettled = true;
          ring();
        };
        asked.result.then(settled, settled);
        underWay.push(asked);
      } else if (underWay[0]?.isSettled === true) yield await underWay.shift()!.result;
      else if (signal?.aborted === true) throw signal.reason;
      else await bell;
    }
  } finally {
    if (signal !== undefined) forgetAbort(signal, rung);
    if (underWay.length > 0) controller.abort();
    await source.close();
  }
  return undefined;
}

/** Where items come from: one is pulled at a time, and waited for without holding up anything else. */
class Source<Item> {
  readonly #iterator: Iterator<Item> | AsyncIterator<Item>;
  readonly #onPulled: () => void;
  #isPulling = false;
  #pulled: { readonly item: Item } | undefined;
  #failure: { readonly error: unknown } | undefined;
  #isOpen = true;

  constructor(items: Iterable<Item> | AsyncIterable<Item>, onPulled: () => void) {
    this.#iterator =
      Symbol.asyncIterator in Object(items)
        ? (items as AsyncIterable<Item>)[Symbol.asyncIterator]()
        : (items as Iterable<Item>)[Symbol.iterator]();
    this.#onPulled = onPulled;
  }

  /** Nothing more is to be had of it, nor to be thrown. */
  get isExhausted(): boolean {
    return !this.#isOpen && this.#failure === undefined;
  }

  /** The next item, if there is one already; if not, it is told of when it has come. Throws what the source threw. */
  take(): { readonly item: Item } | undefined {
    if (this.#isOpen && !this.#isPulling && this.#pulled === undefined) void this.#pull();
    const pulled = this.#pulled;
    this.#pulled = undefined;
    if (this.#failure !== undefined) throw this.#failure.error;
    return pulled;
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    const closing = Promise.resolve(this.#iterator.return?.());
    closing.catch(() => {}); // if nobody waits for it
    if (!this.#isPulling) await closing; // a generator is closed when it has yielded, which may be never
  }

  async #pull(): Promise<void> {
    this.#isPulling = true;
    try {
      const { done, value } = await this.#iterator.next();
      if (done === true) this.#isOpen = false;
      else this.#pulled = { item: await value };
    } catch (error) {
      this.#isOpen = false; // as in any loop: what has thrown is not closed
      this.#failure = { error };
    }
    this.#isPulling = false;
    this.#onPulled();
  }
}
