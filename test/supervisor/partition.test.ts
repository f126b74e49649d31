/** One supervisor for each partition of the keys. */
import { describe, expect, test } from 'vitest';
import { type PartitionKey, partition } from '../../src/index.ts';
import { programs, Simulation } from '../../src/sim/index.ts';
import { partitionOf } from '../../src/supervisor/partition.ts';
import { complaint } from '../support/complaints.ts';

test('whole numbers go round in circles, as in Elixir', () => {
  expect([0, 1, 2, 3, -1, -4].map((key) => partitionOf(key, 3))).toEqual([0, 1, 2, 0, 1, 1]);
  expect([5n, -7n].map((key) => partitionOf(key, 3))).toEqual([2, 1]);
});

test('any other key has its place, always the same, and all places are taken', () => {
  const keys: readonly PartitionKey[] = [...Array.from({ length: 200 }, (_, nth) => `key ${nth}`), 1.5, ''];
  const places = keys.map((key) => partitionOf(key, 8));
  expect(keys.map((key) => partitionOf(key, 8))).toEqual(places);
  expect([...new Set(places)].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(partitionOf('anna', 1_000)).toBe(739); // the same on every machine
});

test('children are started where their key belongs, and found there', async () => {
  const simulation = new Simulation({ programs: { job: programs.obeys } });
  const one = await simulation.run(simulation.startHost());
  await simulation.run(one.supervise(partition(3, { id: 'shards', strategy: 'dynamic' })));
  const shards = one.host!.supervisor('shards');
  for (const key of [0, 1, 2, 3, 4]) {
    await simulation.run(shards.partition(key).startChild({ id: 'job', command: 'job' }));
  }
  const counts = shards.whichChildren().map(({ id }) => shards.supervisor(id).countChildren().workers);
  expect(counts).toEqual([1, 2, 2]); // the newest first
  expect(shards.countChildren()).toEqual({ specs: 3, active: 3, supervisors: 3, workers: 0 });
  await simulation.run(one.stop());
  expect(simulation.violations).toEqual([]);
});

describe('what cannot be meant', () => {
  test.each([0, -1, 1.5, 10_001])('%s partitions', (count) => {
    expect(complaint(() => partition(count, { id: 's', strategy: 'dynamic' })).path).toBe('count');
  });

  test('a partition that may end by itself', () => {
    const spec = { id: 's', autoShutdown: 'any_significant', children: [] } as const;
    expect(complaint(() => partition(2, spec)).path).toBe('spec.autoShutdown');
  });

  test('a key for a supervisor that is not made of partitions', async () => {
    const simulation = new Simulation({ programs: { job: programs.obeys } });
    const one = await simulation.run(simulation.startHost());
    await simulation.run(one.supervise({ id: 's', children: [{ id: 'a', command: 'job' }] }));
    expect(complaint(() => one.host!.supervisor('s').partition('x')).path).toBe('key');
  });
});
