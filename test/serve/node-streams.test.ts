/** Workers in Node: streams, and those who cannot, or need not, keep up with them. */
import { describe, expect, test } from 'vitest';
import type { JsonWorker } from '../support/json-worker.ts';
import { CHANNELS, nodeWorker } from '../support/node-worker.ts';

const STREAM = { stream: true } as const;

async function itemsOf(worker: JsonWorker, method: string, params?: unknown) {
  const { id, result, error } = await worker.call(method, params, STREAM);
  return { items: worker.allTold('$/stream', id!).map(({ item }) => item), result, error };
}

describe.each(CHANNELS)('on %s', (channel) => {
  const start = () => nodeWorker('streams.mjs', channel);

  test('items come one by one, and an answer without a value', async () => {
    const worker = start();
    for (const method of ['items', 'itemsSlowly']) {
      const { items, result } = await itemsOf(worker, method, 300);
      expect(items).toEqual(Array.from({ length: 300 }, (_, index) => index));
      expect(result ?? null).toBeNull();
    }
    expect((await itemsOf(worker, 'itemsLater')).items).toEqual([0, 1, 2]);
  });

  test('items sent by hand come before what the handler returns', async () => {
    expect(await itemsOf(start(), 'itemsByHand', 300)).toEqual({
      items: Array.from({ length: 300 }, (_, index) => index),
      result: 'over',
    });
  });

  test('of a caller that wants no stream they are gathered', async () => {
    const worker = start();
    expect((await worker.call('items', 300)).result).toHaveLength(300);
    expect((await worker.call('itemsSlowly', 2)).result).toEqual([0, 1]);
    expect((await worker.call('itemsLater')).result).toEqual([0, 1, 2]);
    expect(worker.messages).toHaveLength(3);
  });

  test('a list is a result, also of a caller that wants a stream', async () => {
    expect(await itemsOf(start(), 'list')).toEqual({ items: [], result: [0, 1] });
  });

  test('an error comes after the items before it', async () => {
    const { items, error } = await itemsOf(start(), 'itemsThenFail');
    expect([items, error!.message]).toEqual([[0], 'no more']);
  });

  test.each(['pour', 'pourByHand'])('a reader that is slow stops the worker: %s', async (method) => {
    const COUNT = 1_000; // of 64 KiB
    const worker = start();
    await worker.call('$/ping');
    worker.pause();
    const id = worker.ask(method, COUNT, STREAM);
    await worker.until('it is stuck', () => worker.stderr.includes('stuck'));
    expect(Number(/stuck at (\d+)/.exec(worker.stderr)![1])).toBeLessThan(64);
    worker.resume();
    await worker.answerTo(id);
    const items = worker.allTold('$/stream', id).map(({ item }) => Number.parseInt(item, 10));
    expect(items).toEqual(Array.from({ length: COUNT }, (_, index) => index + 1));
  });

  test.each(['endless', 'endlessAsync', 'endlessByHand'])(
    'others have their turn while one never waits, and its cancellation is heard: %s',
    async (method) => {
      const worker = start();
      const id = worker.ask(method, undefined, STREAM);
      await worker.told('$/stream', id);
      expect((await worker.call('list')).result).toEqual([0, 1]);
      worker.cancel(id);
      expect((await worker.answerTo(id)).error!.code).toBe(-32_800);
      expect((await worker.call('cleared')).result).toEqual([method]);
    },
  );

  test.each(['endless', 'endlessAsync'])('so they have where items are gathered: %s', async (method) => {
    const worker = start();
    const id = worker.ask(method);
    expect((await worker.call('list')).result).toEqual([0, 1]);
    worker.cancel(id);
    expect((await worker.answerTo(id)).error!.code).toBe(-32_800);
    expect((await worker.call('cleared')).result).toEqual([method]);
  });
});

test('an item that cannot be sent is an error', async () => {
  const { items, error } = await itemsOf(nodeWorker('streams.mjs', 'frames'), 'unsendable');
  expect([items, error!.message]).toEqual([[0], expect.stringMatching(/^the item cannot be sent: /)]);
});
