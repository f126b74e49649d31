/** Restart types against the ways to end: who is started again, who stays down, of whom nothing is kept. */
import { describe, expect, test } from 'vitest';
import { cnt, type End, openStage, pidOf, which } from '../../support/conformance.ts';

const UP = '[{child1,up}]';
const DOWN = '[{child1,undefined}]';
const GONE = '[]';
const NUMBERS: Readonly<Record<string, readonly number[]>> = {
  [UP]: [1, 1, 0, 1],
  [DOWN]: [1, 0, 0, 1],
  [GONE]: [0, 0, 0, 0],
};

/** By the list: the ends one after the other, and what is there after each. */
const CASES: readonly [string, 'permanent' | 'transient' | 'temporary', readonly End[], string][] = [
  ['A5.32 permanent_normal', 'permanent', ['N'], UP],
  ['A5.33 transient_normal', 'transient', ['N'], DOWN],
  ['A5.34 temporary_normal', 'temporary', ['N'], GONE],
  ['A5.35 permanent_shutdown', 'permanent', ['S', 'S(t)'], UP],
  ['A5.36 transient_shutdown', 'transient', ['S', 'S(t)'], DOWN],
  ['A5.37 temporary_shutdown', 'temporary', ['S', 'S(t)'], GONE],
  ['A5.38 permanent_abnormal', 'permanent', ['A', 'K'], UP],
  ['A5.39 transient_abnormal', 'transient', ['A', 'K'], UP],
  ['A5.40 temporary_abnormal', 'temporary', ['A', 'K'], GONE],
];

for (const [name, restart, ends, outcome] of CASES) {
  test(`${name}: after ${ends.join(', ')} of a ${restart} child ${outcome} is left`, async () => {
    const stage = await openStage();
    const child1 = stage.child('child1', { restart });
    const supervisor = await stage.supervise({ children: [child1] });
    for (const end of ends) {
      const pid = pidOf(supervisor, 'child1');
      await stage.dies('child1', end);
      expect(which(supervisor)).toBe(outcome);
      expect(cnt(supervisor)).toEqual(NUMBERS[outcome]);
      if (outcome === UP) expect(pidOf(supervisor, 'child1')).not.toBe(pid);
      if (outcome === DOWN) expect(await stage.answer(supervisor.restartChild('child1'))).toBe('ok');
      if (outcome === GONE) expect(await stage.answer(supervisor.startChild(child1))).toBe('ok');
      expect(which(supervisor)).toBe(UP);
    }
  });
}

test.each(['one_for_all', 'rest_for_one'] as const)(
  'A5.42 temporary_bystander: %s stops a temporary sibling, and forgets it',
  async (strategy) => {
    const stage = await openStage();
    const supervisor = await stage.supervise({
      strategy,
      period: 300_000,
      children: [stage.child('child1'), stage.child('child2', { restart: 'temporary' })],
    });
    await stage.dies('child1', 'N');
    expect(stage.trace.slice(2)).toEqual([
      '{die,child1,1,normal}',
      '{stop,child2,1,shutdown}',
      '{start,child1,2}',
    ]);
    expect(which(supervisor)).toBe(UP);
  },
);

test('C E5 start_link/2: a child that ends normally comes back as it was in the beginning', async () => {
  const stage = await openStage();
  const child = stage.child('child1', { env: { STATE: 'initial' } });
  const supervisor = await stage.supervise({ children: [child] });
  const state = () => stage.simulation.machine.find(pidOf(supervisor, 'child1')!)!.environment.STATE;
  expect(state()).toBe('initial');
  await stage.dies('child1', 'N');
  expect(state()).toBe('initial');
  expect(supervisor.path).toBe('s');
  expect(supervisor.whichChild('child1')).toMatchObject({ path: 's/child1', starts: 2 });
});

describe('under a dynamic supervisor', () => {
  test.each(['S', 'A'] as const)(
    'D10 a temporary child is never started again: after %s it is gone',
    async (end) => {
      const stage = await openStage();
      const supervisor = await stage.supervise({ strategy: 'dynamic' });
      await stage.run(supervisor.startChild(stage.child('w', { restart: 'temporary' })));
      await stage.dies('w.1', end);
      expect(which(supervisor)).toBe('[]');
      expect(cnt(supervisor)).toEqual([0, 0, 0, 0]);
    },
  );

  test.each([
    ['S', '[]', [0, 0, 0, 0]],
    ['S(t)', '[]', [0, 0, 0, 0]],
    ['A', '[{w.1,up}]', [1, 1, 0, 1]],
  ] as const)(
    'D11 a transient child is started again after an abnormal end only: after %s %s is left',
    async (end, left, numbers) => {
      const stage = await openStage();
      const supervisor = await stage.supervise({ strategy: 'dynamic' });
      await stage.run(supervisor.startChild(stage.child('w', { restart: 'transient' })));
      await stage.dies('w.1', end);
      expect(which(supervisor)).toBe(left);
      expect(cnt(supervisor)).toEqual(numbers);
    },
  );

  test('D12 a permanent child is always started again', async () => {
    const stage = await openStage();
    const supervisor = await stage.supervise({ strategy: 'dynamic', intensity: 100 });
    for (const [index, end] of (['S', 'S(t)', 'A'] as const).entries()) {
      const number = index + 1;
      await stage.run(supervisor.startChild(stage.child('w')));
      await stage.dies(`w.${number}`, end);
      expect(supervisor.whichChild(`w.${number}`)).toMatchObject({ state: 'running', starts: 2 });
      expect(cnt(supervisor)).toEqual([number, number, 0, number]);
    }
  });

  test('D6 D16 extra arguments come before those of a child, at its start and at its restart', async () => {
    const stage = await openStage();
    const supervisor = await stage.supervise({ strategy: 'dynamic', extraArguments: ['--extra', '1'] });
    const commandLine = () => stage.simulation.machine.find(pidOf(supervisor, 'w.1')!)!.commandLine;
    await stage.run(supervisor.startChild(stage.child('w', { args: ['own'] })));
    expect(commandLine()).toBe('w --extra 1 own');
    await stage.dies('w.1', 'A');
    expect(supervisor.whichChild('w.1')).toMatchObject({ starts: 2, state: 'running' });
    expect(commandLine()).toBe('w --extra 1 own');
    expect(cnt(supervisor)).toEqual([1, 1, 0, 1]);
  });

  test('D18 a restart that fails counts as another: with one allowed the supervisor ends', async () => {
    const stage = await openStage();
    const supervisor = await stage.supervise({ strategy: 'dynamic', intensity: 1 });
    await stage.run(supervisor.startChild(stage.child('w')));
    stage.always('w', 'error');
    await stage.dies('w.1', 'A');
    expect(await stage.run(supervisor.stopped)).toMatchObject({ kind: 'intensity-exceeded', path: 's/w.1' });
    expect(stage.trace.slice(2)).toEqual(['{start_fail,w.1,2}']);
  });

  test('D19 a restart is tried again until the intensity is used up', async () => {
    const stage = await openStage();
    const supervisor = await stage.supervise({ strategy: 'dynamic', intensity: 10 });
    await stage.run(supervisor.startChild(stage.child('w')));
    stage.always('w', 'error');
    await stage.dies('w.1', 'A');
    expect(await stage.run(supervisor.stopped)).toMatchObject({ kind: 'intensity-exceeded' });
    expect(stage.trace.filter((line) => line.startsWith('{start_fail'))).toHaveLength(10);
  });
});
