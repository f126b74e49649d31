/** Sockets that were connected ahead of time: who gets which, and who is told of a failure. */
import { Socket } from 'node:net';
import { expect, test } from 'vitest';
import type { SpawnFailure } from '../../src/errors.ts';
import { StreamEnd } from '../../src/os/forker/stream-end.ts';
import { StreamPool } from '../../src/os/forker/stream-pool.ts';
import type { HostEnd } from '../../src/os/forker/supply.ts';

const NO_DESCRIPTOR: SpawnFailure = {
  phase: 'streams',
  code: 'EMFILE',
  errno: -24,
  message: 'too many open files',
};

function setUp() {
  const asked: number[] = [];
  const pool = new StreamPool((count) => asked.push(count));
  let lastId = 0;
  const arrive = (count: number) => {
    for (let index = 0; index < count; index += 1) {
      lastId += 1;
      pool.add(new StreamEnd(lastId, new Socket()));
    }
  };
  const total = () => asked.reduce((sum, count) => sum + count, 0);
  return { pool, asked, total, arrive };
}

const ids = (ends: readonly HostEnd[]) => ends.map(({ source }) => source);

test('none are asked for before somebody wants them', () => {
  expect(setUp().asked).toEqual([]);
});

test('four are kept ready', () => {
  const { pool, asked } = setUp();
  pool.refill();
  expect(asked).toEqual([4]);
});

test('what is expected is not asked for twice', () => {
  const { pool, asked } = setUp();
  pool.refill();
  pool.refill();
  expect(asked).toEqual([4]);
});

test('a taker gets what is ready at once, the oldest first', async () => {
  const { pool, arrive } = setUp();
  arrive(4);
  expect(ids(await pool.take(2))).toEqual([1, 2]);
  expect(ids(await pool.take(2))).toEqual([3, 4]);
});

test('a taker of none waits for none', async () => {
  expect(await setUp().pool.take(0)).toEqual([]);
});

test('takers are served in order, each when all of its own are there', async () => {
  const { pool, arrive } = setUp();
  const order: string[] = [];
  const first = pool.take(3).then((ends) => order.push(`first ${ids(ends)}`));
  const second = pool.take(1).then((ends) => order.push(`second ${ids(ends)}`));
  arrive(2);
  await Promise.resolve();
  expect(order).toEqual([]); // the second could be served, and would overtake
  arrive(2);
  await Promise.all([first, second]);
  expect(order).toEqual(['first 1,2,3', 'second 4']);
});

test('a burst asks for what it needs beyond what is kept', () => {
  const { pool, total } = setUp();
  for (let taker = 0; taker < 10; taker += 1) void pool.take(3);
  expect(total()).toBe(34);
});

test('when half are taken, more are asked for', async () => {
  const { pool, asked, arrive } = setUp();
  pool.refill();
  arrive(4);
  await pool.take(1);
  pool.refillWhenLow();
  expect(asked).toEqual([4]);
  await pool.take(1);
  pool.refillWhenLow();
  expect(asked).toEqual([4, 2]);
});

test('a failure is told to all who wait, and not asked for again by itself', async () => {
  const { pool, asked } = setUp();
  const takers = [pool.take(1), pool.take(2)];
  const before = asked.length;
  pool.fail(NO_DESCRIPTOR);
  for (const taker of takers) await expect(taker).rejects.toEqual(NO_DESCRIPTOR);
  expect(asked.length).toBe(before);
});

test('the next taker after a failure tries again', async () => {
  const { pool, asked, arrive } = setUp();
  const failing = pool.take(1);
  pool.fail(NO_DESCRIPTOR);
  await expect(failing).rejects.toEqual(NO_DESCRIPTOR);
  const before = asked.length;
  const next = pool.take(1);
  expect(asked.length).toBe(before + 1);
  arrive(1);
  expect(ids(await next)).toEqual([1]);
});

test('who comes after a failure is not told of others of its kind that were on their way', async () => {
  const { pool, arrive } = setUp();
  const first = pool.take(4);
  pool.fail(NO_DESCRIPTOR, 1);
  await expect(first).rejects.toEqual(NO_DESCRIPTOR);
  const second = pool.take(2);
  for (let late = 0; late < 7; late += 1) pool.fail(NO_DESCRIPTOR, 1);
  arrive(2);
  expect(ids(await second)).toEqual([1, 2]);
});

test('who comes after a failure is told of the next', async () => {
  const { pool } = setUp();
  const first = pool.take(4);
  for (let failed = 0; failed < 8; failed += 1) pool.fail(NO_DESCRIPTOR, 1);
  await expect(first).rejects.toEqual(NO_DESCRIPTOR);
  const second = pool.take(2);
  pool.fail(NO_DESCRIPTOR, 1);
  await expect(second).rejects.toEqual(NO_DESCRIPTOR);
});

test('who waits when the forker is lost gets streams of the next one', async () => {
  const { pool, asked, arrive } = setUp();
  const waiting = pool.take(2);
  arrive(1);
  pool.clear();
  pool.refill();
  expect(asked).toEqual([6, 6]);
  arrive(2);
  expect(ids(await waiting)).toEqual([2, 3]);
});

test('ends of a lost forker are closed', async () => {
  const { pool } = setUp();
  const socket = new Socket();
  pool.add(new StreamEnd(1, socket));
  pool.clear();
  expect(socket.destroyed).toBe(true);
});
