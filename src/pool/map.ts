/** Many calls at a time, their results in the order of what they were made of. */

/** Pulls no more than it needs. Whoever leaves the loop, or an error, ends the calls under way. */
export async function* mapInOrder<Item, Result>(
  items: Iterable<Item> | AsyncIterable<Item>,
  call: (item: Item, signal: AbortSignal) => Promise<Result>,
  concurrency: number,
): AsyncGenerator<Result, undefined> {
  const controller = new AbortController();
  const underWay: Promise<Result>[] = [];
  try {
    for await (const item of items) {
      const result = call(item, controller.signal);
      result.catch(() => {}); // it is waited for when its turn comes
      underWay.push(result);
      if (underWay.length >= concurrency) yield await underWay.shift()!;
    }
    while (underWay.length > 0) yield await underWay.shift()!;
  } finally {
    if (underWay.length > 0) controller.abort();
  }
  return undefined;
}
