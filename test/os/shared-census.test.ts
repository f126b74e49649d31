/** One census serves many who ask, and never one who asked after it began. */
import { expect, test } from 'vitest';
import { SharedCensus } from '../../src/os/census.ts';
import { realClock } from '../../src/os/real-clock.ts';
import { FakeKernel } from '../support/fake-kernel.ts';

test('all who ask in one turn share one census', async () => {
  const kernel = new FakeKernel();
  const shared = new SharedCensus(kernel, realClock);
  const [first, second] = await Promise.all([shared.take(), shared.take()]);
  expect(second).toBe(first);
  expect(kernel.censuses).toBe(1);
});

test('who asks while one is under way gets the next', async () => {
  const kernel = new FakeKernel();
  const shared = new SharedCensus(kernel, realClock);
  let late: Promise<unknown> | undefined;
  kernel.afterCensus = () => {
    late ??= shared.take();
  };
  const first = await shared.take();
  expect(await late).not.toBe(first);
  expect(kernel.censuses).toBe(2);
});

test('a census that fails does not spoil the next', async () => {
  const kernel = new FakeKernel();
  const shared = new SharedCensus(kernel, realClock);
  kernel.afterCensus = () => {
    throw new Error('no descriptor left');
  };
  await expect(shared.take()).rejects.toThrow('no descriptor left');
  kernel.afterCensus = () => {};
  await expect(shared.take()).resolves.toBeDefined();
});
