/** FIFOs made ahead of time: who gets which, which come back, and who does without. */
import { closeSync, existsSync, openSync, readdirSync, rmSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import type { SpawnFailure } from '../../src/errors.ts';
import { fifoPath, makeFifos, openToWrite } from '../../src/os/forker/fifo.ts';
import { FifoPool } from '../../src/os/forker/fifo-pool.ts';
import type { FifoBatch } from '../../src/os/forker/messages.ts';
import type { StreamEnd } from '../../src/os/forker/stream-end.ts';
import { until } from '../support/processes.ts';
import { temporaryDirectory } from '../support/temporary.ts';

function setUp() {
  const directory = temporaryDirectory();
  const asked: FifoBatch[] = [];
  const pool = new FifoPool(directory, (batch) => asked.push(batch));
  /** What the forker does when it is asked. */
  const make = async (batch: FifoBatch | undefined) => {
    expect(await makeFifos(directory, batch!)).toBe(true);
    pool.add(batch!);
  };
  const take = async (count: number) => {
    const ends = await pool.take(count);
    onTestFinished(() => ends?.forEach(({ socket }) => void socket.destroy()));
    return ends;
  };
  const pathOf = ({ source }: StreamEnd) => fifoPath(directory, (source as { fifo: number }).fifo);
  return { directory, asked, pool, make, take, pathOf };
}

/** What it was lent for writes nothing, and ends. */
async function useUp(end: StreamEnd, path: string): Promise<void> {
  end.socket.resume();
  closeSync(openToWrite(path));
  await until('its end is seen', () => end.socket.closed);
}

test('the first batch is asked of a forker before it is ready', async () => {
  const { pool, make, take, asked, directory } = setUp();
  await make(pool.firstBatch());
  expect(readdirSync(directory).length).toBe(64);
  expect((await take(2))?.length).toBe(2);
  expect(asked).toEqual([]);
});

test('a taker of none waits for none', async () => {
  expect(await setUp().take(0)).toEqual([]);
});

test('who comes before they are made waits for them, and they are not asked for twice', async () => {
  const { pool, make, take, asked } = setUp();
  const batch = pool.firstBatch();
  const waiting = take(2);
  await make(batch);
  expect((await waiting)?.length).toBe(2);
  expect(asked).toEqual([]);
});

test('a burst asks for as many as are missing', async () => {
  const { pool, make, take, asked } = setUp();
  await make(pool.firstBatch());
  const ends = Promise.all([take(60), take(100)]);
  await until('more are asked for', () => asked.length > 0);
  expect(asked).toEqual([{ first: 65, count: 96 }]);
  await make(asked[0]);
  expect((await ends).map((each) => each?.length)).toEqual([60, 100]);
});

test('when few are left, more are asked for', async () => {
  const { pool, make, take, asked } = setUp();
  await make(pool.firstBatch());
  await take(48);
  pool.refillWhenLow();
  expect(asked).toEqual([]);
  await take(1);
  pool.refillWhenLow();
  pool.refillWhenLow();
  expect(asked).toEqual([{ first: 65, count: 64 }]);
});

test('one that has ended is the next to be taken', async () => {
  const { pool, make, take, pathOf } = setUp();
  await make(pool.firstBatch());
  const [end] = (await take(1))!;
  await useUp(end!, pathOf(end!));
  expect((await take(1))![0]!.source).toEqual(end!.source);
});

test('one whose end has not been seen is removed, and never taken again', async () => {
  const { pool, make, take, pathOf, directory } = setUp();
  await make(pool.firstBatch());
  const [end] = (await take(1))!;
  const stranger = openToWrite(pathOf(end!));
  end!.socket.destroy();
  await until('it is removed', () => !existsSync(pathOf(end!)));
  closeSync(stranger);
  const others = (await take(63))!;
  expect(others.map(({ source }) => source)).not.toContainEqual(end!.source);
  expect(readdirSync(directory).length).toBe(63);
});

test('one that somebody still reads is removed, though its end was seen', async () => {
  const { pool, make, take, pathOf } = setUp();
  await make(pool.firstBatch());
  const [end] = (await take(1))!;
  const writer = openToWrite(pathOf(end!));
  const reader = openSync(pathOf(end!), 'r');
  onTestFinished(() => closeSync(reader));
  end!.socket.resume();
  closeSync(writer);
  await until('it is removed', () => !existsSync(pathOf(end!)));
});

test('after a crowd no more than 256 are kept', async () => {
  const { make, take, pathOf, asked, directory } = setUp();
  const crowd = take(300);
  await make(asked[0]);
  await Promise.all((await crowd)!.map((end) => useUp(end, pathOf(end))));
  expect(readdirSync(directory).length).toBe(256);
});

test('who waits when none can be made does without, as does who comes later', async () => {
  const { pool, take, asked } = setUp();
  pool.firstBatch();
  const waiting = take(2);
  pool.refuse();
  expect(await waiting).toBeUndefined();
  expect(await take(2)).toBeUndefined();
  expect(pool.available).toBe(false);
  expect(asked).toEqual([]);
});

test('the next forker is asked again, for those who wait as well', async () => {
  const { pool, make, take } = setUp();
  pool.firstBatch();
  const waiting = take(70);
  const batch = pool.firstBatch();
  expect(batch).toMatchObject({ count: 70 });
  await make(batch);
  expect((await waiting)?.length).toBe(70);
});

test('who waits when there will be no forker is told so', async () => {
  const { pool, take } = setUp();
  pool.firstBatch();
  const waiting = take(1);
  const failure: SpawnFailure = { phase: 'forker', code: 'X', errno: undefined, message: 'none' };
  pool.failAll(failure);
  await expect(waiting).rejects.toEqual(failure);
});

test('when somebody has taken them away, they are done without', async () => {
  const { pool, make, take, directory } = setUp();
  await make(pool.firstBatch());
  rmSync(directory, { recursive: true });
  expect(await take(2)).toBeUndefined();
  expect(pool.available).toBe(false);
});

test('without a directory none are asked for', async () => {
  const pool = new FifoPool(undefined, () => expect.unreachable());
  expect(pool.firstBatch()).toBeUndefined();
  expect(await pool.take(2)).toBeUndefined();
});
