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

type Step<Item, Result> = { readonly pulled: IteratorResult<Item, unknown> } | { readonly result: Result };

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
  const source = eachOf(items);
  const controller = new AbortController();
  const [aborted, forget] = whenAborted(signal);
  const underWay: Promise<{ readonly result: Result }>[] = [];
  let pulling: Promise<{ readonly pulled: IteratorResult<Item, unknown> }> | undefined;
  let isEnd = false;
  try {
    while (!isEnd || underWay.length > 0) {
      if (!isEnd && underWay.length < concurrency()) pulling ??= source.next().then((pulled) => ({ pulled }));
      // The item first: as many calls as may be are to be under way before a result is handed on.
      const next: Step<Item, Result> = await Promise.race(
        [pulling, underWay[0], aborted].filter((step) => step !== undefined),
      );
      if ('result' in next) {
        underWay.shift();
        yield next.result;
      } else {
        pulling = undefined;
        isEnd = next.pulled.done === true;
        if (!next.pulled.done) underWay.push(begin(call(next.pulled.value, controller.signal)));
      }
    }
  } finally {
    forget();
    controller.abort();
    const closed = source.return(undefined).catch(ignore);
    if (pulling === undefined)
      await closed; // one that is asked for an item first has to find it
    else pulling.catch(ignore);
  }
  return undefined;
}

/** Waited for when its turn comes, and until then no unhandled rejection. */
function begin<Result>(call: Promise<Result>): Promise<{ readonly result: Result }> {
  const step = call.then((result) => ({ result }));
  step.catch(ignore);
  return step;
}

async function* eachOf<Item>(
  items: Iterable<Item> | AsyncIterable<Item>,
): AsyncGenerator<Item, void, undefined> {
  yield* items;
}

/** Rejects with the signal's reason. */
function whenAborted(
  signal: AbortSignal | undefined,
): [aborted: Promise<never> | undefined, forget: () => void] {
  if (signal === undefined) return [undefined, ignore];
  let onAbort = ignore;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
  });
  aborted.catch(ignore);
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  return [aborted, () => signal.removeEventListener('abort', onAbort)];
}

const ignore = (): void => {};
