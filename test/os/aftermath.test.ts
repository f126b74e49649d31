/** What a host does about the workers of forkers that it has lost, on a hand-built table of processes. */
import { expect, test } from 'vitest';
import { SharedCensus } from '../../src/os/census.ts';
import { Aftermath } from '../../src/os/forker/aftermath.ts';
import { Birth } from '../../src/os/forker/birth.ts';
import { FakeKernel } from '../support/fake-kernel.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { BOOT, mark, sighting } from '../support/sightings.ts';

const ENOUGH_MS = 10_000;
const REQUEST = {
  workerId: 'w',
  command: 'c',
  args: [],
  cwd: undefined,
  env: {},
  stdin: 'ignore',
  stdout: 'ignore',
  stderr: 'ignore',
  fd3: 'ignore',
} as const;

/** Pid 600 was a lost forker's: without its mark, and settled, unless told otherwise. Pid 700 carries the run's mark. */
function afterALoss({ settled = true } = {}) {
  const kernel = new FakeKernel(sighting(600), sighting(700, { cookies: [mark('run', 'x')] }));
  const clock = new ManualClock();
  const tools = { kernel, clock, census: new SharedCensus(kernel, clock) };
  const aftermath = new Aftermath({ tools, runId: 'run', orphanGrace: 300 });
  const birth = new Birth(1, REQUEST, () => {});
  Object.assign(birth, { phase: 'alive', identity: { ...BOOT, pid: 600, startTime: 600 }, settled });
  aftermath.begin([birth]);
  const clear = async () => {
    const cleared = aftermath.clear();
    cleared.catch(() => {}); // it is awaited below
    await clock.advance(ENOUGH_MS);
    return cleared;
  };
  return { aftermath, kernel, clear };
}

const cannotList = (): void => {
  throw new Error('no descriptor left');
};

test('it is ended, marked or settled, and once is enough', async () => {
  const { aftermath, kernel, clear } = afterALoss();
  expect(aftermath.isPending).toBe(true);
  expect(await clear()).toEqual([]);
  expect([kernel.table.has(600), kernel.table.has(700)]).toEqual([false, false]);
  expect(aftermath.isPending).toBe(false);
  const looks = kernel.censuses;
  expect(await clear()).toEqual([]);
  expect(kernel.censuses).toBe(looks);
});

test('whoever shares its start time with another, perhaps, goes by its mark', async () => {
  const { kernel, clear } = afterALoss({ settled: false });
  await clear();
  expect([kernel.table.has(600), kernel.table.has(700)]).toEqual([true, false]);
});

test('when it cannot be looked for it is to be ended still, and known still', async () => {
  const { aftermath, kernel, clear } = afterALoss();
  kernel.afterCensus = cannotList;
  await expect(clear()).rejects.toThrow('no descriptor left');
  expect(aftermath.isPending).toBe(true);
  kernel.afterCensus = () => {};
  aftermath.begin([]); // another forker was lost meanwhile
  expect(await clear()).toEqual([]);
  expect([kernel.table.has(600), kernel.table.has(700)]).toEqual([false, false]);
});

test('what outlives SIGKILL is told, each once, until it is gone; who cannot be looked at counts as there', async () => {
  const { aftermath, kernel, clear } = afterALoss();
  kernel.dies = () => false;
  expect(await clear()).toEqual([600, 700]);
  aftermath.begin([]);
  expect(await clear()).toEqual([700]); // of the other nothing but its identity is known by now
  expect(aftermath.isPending).toBe(false);
  expect(await aftermath.left()).toEqual([600, 700]);
  kernel.table.delete(600);
  expect(await aftermath.left()).toEqual([700]);
  kernel.sight = async () => cannotList() as never;
  expect(await aftermath.left()).toEqual([600, 700]);
});
