/** What is kept of children that are no more, and how the work grows with their number. */
import { describe, expect, test } from 'vitest';
import { openStage, type Stage } from '../../support/conformance.ts';
import { collectGarbage } from '../../support/memory.ts';

const STATIC = ['one_for_one', 'one_for_all', 'rest_for_one'] as const;
const CHILDREN = 100;

/** A child whose arguments can be told to be kept or not: they hold on to what is handed back. */
function loaded(stage: Stage, id: string, restart: 'permanent' | 'transient' | 'temporary') {
  const load = { big: 'x'.repeat(1_000) };
  const start = () => (load.big === '' ? 'ignore' : undefined);
  // The simulation keeps descriptor 3 of the dead with whoever listened, and cancelled timers until they are due.
  const options = { restart, start, ready: 'spawn', startTimeout: 1_000 } as const;
  return { child: stage.child(id, options), load: new WeakRef(load) };
}

/** What one collection leaves, because the last to use it was still about, the next may take. */
const COLLECTIONS = 10;

/** How many are still there; a turn of the event loop lies between the last use of a WeakRef and its clearing. */
async function kept(stage: Stage, loads: readonly WeakRef<object>[]): Promise<number> {
  const left = () => loads.filter((load) => load.deref() !== undefined).length;
  await stage.pass(10_000);
  for (let collection = 0; collection < COLLECTIONS; collection += 1) {
    collectGarbage();
    if (left() === 0) return 0;
    await stage.pass(1_000);
  }
  return left();
}

describe.each([...STATIC, 'dynamic'] as const)('under %s', (strategy) => {
  // OTP forgets the arguments when a temporary child has started; here whichChildren tells them while it lives.
  test('A7.65 do_not_save_start_parameters_for_temporary_children: nothing is held of those that have ended', async () => {
    const stage = await openStage();
    const supervisor = await stage.supervise(
      strategy === 'dynamic' ? { strategy } : { strategy, children: [] },
    );
    const run = async (restart: 'transient' | 'temporary') => {
      const loads: WeakRef<object>[] = [];
      for (let index = 0; index < CHILDREN; index += 1) {
        const { child, load } = loaded(stage, `${restart}${index}`, restart);
        loads.push(load);
        await stage.run(supervisor.startChild(child));
      }
      await stage.settle();
      for (const { id, state } of supervisor.whichChildren()) if (state === 'running') stage.kill(id, 'N');
      return loads;
    };
    expect(await kept(stage, await run('temporary'))).toBe(0);
    // A static supervisor can start a transient child again, and so it holds it; a dynamic one cannot.
    expect(await kept(stage, await run('transient'))).toBe(strategy === 'dynamic' ? 0 : CHILDREN);
  });
});

test('A6.54 simple_one_for_one_corruption: what a crashed temporary child was given is not held', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({ strategy: 'dynamic' });
  const run = async () => {
    const { child, load } = loaded(stage, 'child', 'temporary');
    await stage.run(supervisor.startChild(child));
    await stage.settle();
    await stage.dies('child.1', 'A');
    return [load];
  };
  expect(await kept(stage, await run())).toBe(0);
  expect(supervisor.getChildSpec('child.1')).toBeUndefined();
  expect(supervisor.whichChildren()).toEqual([]);
});

/** Milliseconds of work, whoever else has the machine. */
async function work(doing: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await doing();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

// Children that are supervisors of none: what is measured is the supervisor above, not processes.
const EMPTY = { id: 'child', type: 'supervisor', children: [], restart: 'temporary' } as const;
const FEW = 200;
const MANY = 2_000;

test('A7.67 simple_one_for_one_scale_many_temporary_children: to terminate ten times as many is not a hundred times the work', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({ strategy: 'simple_one_for_one', children: [EMPTY] });
  const terminate = async (count: number) => {
    const starts = Array.from({ length: count }, () => supervisor.startChild());
    const children = await stage.run(Promise.all(starts));
    return work(() => stage.run(Promise.all(children.map(({ id }) => supervisor.terminateChild(id)))));
  };
  await terminate(FEW); // the first time the code is cold
  const few = await terminate(FEW);
  expect((await terminate(MANY)) / few).toBeLessThan(50);
});

test('A7.75 scale_start_stop_many_children: to start and stop ten times as many is not a hundred times the work', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({ children: [] });
  const startAndStop = (count: number) =>
    work(async () => {
      const ids = Array.from({ length: count }, (_, index) => `child${index}`);
      await stage.run(Promise.all(ids.map((id) => supervisor.startChild({ ...EMPTY, id }))));
      await stage.run(Promise.all(ids.map((id) => supervisor.terminateChild(id))));
    });
  await startAndStop(FEW);
  const few = await startAndStop(FEW);
  expect((await startAndStop(MANY)) / few).toBeLessThan(50);
});
