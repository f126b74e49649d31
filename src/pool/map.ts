/** Many calls at a time, their results in the order of what they were made of. */

/** Calls made of items. */
export interface Mapping<Item, Result> {
  readonly items: Iterable<Item> | AsyncIterable<Item>;
  /** `signal` is aborted when its result is not wanted any more. */
  readonly call: (item: Item, signal: AbortSignal) => Promise<Result>;
  /** Calls at a time. Asked again and again: it may change. */
  readonly concurrency: () => number;
  /** When it is aborted, nothing more is waited for. */
  readonly signal: AbortSignal | undefined;
}

/** One call. */
interface Step<Result> {
  outcome?: { readonly result: Result } | { readonly error: unknown };
}

/**
 * Pulls no more than it needs, and holds no result back for an item that has not come yet. Whoever leaves the loop, or
 * an error, ends the calls under way.
 */
export async function* mapInOrder<Item, Result>({
  items,
  call,
  concurrency,
  signal,
}: Mapping<Item, Result>): AsyncGenerator<Result, undefined> {
  const source = new Source(eachOf(items));
  const controller = new AbortController();
  const alarm = new Alarm();
  const underWay: Step<Result>[] = [];
  signal?.addEventListener('abort', alarm.ring, { once: true });
  try {
    while (!source.isEnd || underWay.length > 0) {
      if (signal?.aborted) throw signal.reason;
      if (underWay.length < concurrency()) source.pull(alarm.ring);
      const pulled = source.take();
      const head = underWay[0]?.outcome;
      // The item first: as many calls as may be are to be under way before a result is handed on.
      if (pulled !== undefined) {
        underWay.push(begin(call(pulled.item, controller.signal), alarm.ring));
      } else if (head !== undefined) {
        underWay.shift();
        if ('error' in head) throw head.error;
        yield head.result;
      } else if (!source.isEnd || underWay.length > 0) await alarm.rung();
    }
  } finally {
    signal?.removeEventListener('abort', alarm.ring);
    controller.abort();
    await source.close();
  }
  return undefined;
}

function begin<Result>(call: Promise<Result>, onSettled: () => void): Step<Result> {
  const step: Step<Result> = {};
  call
    .then(
      (result) => {
        step.outcome = { result };
      },
      (error: unknown) => {
        step.outcome = { error };
      },
    )
    .finally(onSettled);
  return step;
}

/** Wakes whoever waits for something to happen. A race of promises would keep each of its rounds as long as the slowest. */
class Alarm {
  #wake: () => void = () => {};
  #hasRung = false;

  readonly ring = (): void => {
    this.#hasRung = true;
    this.#wake();
  };

  /** Resolves when it has rung since the last time. */
  async rung(): Promise<void> {
    if (!this.#hasRung) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#hasRung = false;
  }
}

/** Items, one asked for at a time. */
class Source<Item> {
  readonly #items: AsyncGenerator<Item, void, undefined>;
  #isAsked = false;
  #pulled: { readonly item: Item } | undefined;
  #failure: { readonly error: unknown } | undefined;
  isEnd = false;

  constructor(items: AsyncGenerator<Item, void, undefined>) {
    this.#items = items;
  }

  /** Asks for the next one, if none is asked for, or there. */
  pull(onCome: () => void): void {
    if (this.#isAsked || this.#pulled !== undefined || this.isEnd) return;
    this.#isAsked = true;
    this.#items
      .next()
      .then(
        ({ done, value }) => {
          if (done) this.isEnd = true;
          else this.#pulled = { item: value };
        },
        (error: unknown) => {
          this.#failure = { error };
        },
      )
      .finally(() => {
        this.#isAsked = false;
        onCome();
      });
  }

  /** Throws what the items threw. */
  take(): { readonly item: Item } | undefined {
    if (this.#failure !== undefined) throw this.#failure.error;
    const pulled = this.#pulled;
    this.#pulled = undefined;
    return pulled;
  }

  /** One that is asked for an item has to find it first, and is not waited for. */
  async close(): Promise<void> {
    const closed = this.#items.return(undefined).catch(() => {});
    if (!this.#isAsked) await closed;
  }
}

async function* eachOf<Item>(
  items: Iterable<Item> | AsyncIterable<Item>,
): AsyncGenerator<Item, void, undefined> {
  yield* items;
}
