/** Significant children and auto-shutdown: whose end ends the supervisor, and whose does not. */
import { describe, expect, test } from 'vitest';
import type { Supervisor } from '../../../src/supervisor/supervisor.ts';
import type { SupervisorOptions } from '../../../src/supervisor/supervisor-spec.ts';
import { type End, openStage, type Stage, which } from '../../support/conformance.ts';

const POLICIES = ['never', 'any_significant', 'all_significant'] as const;
const ENDS: readonly (End | 'terminate')[] = ['terminate', 'K', 'A', 'N'];
const ALL_UP = '[{child3,up},{child2,up},{child1,up}]';

async function end(stage: Stage, supervisor: Supervisor, id: string, how: End | 'terminate'): Promise<void> {
  if (how === 'terminate') await stage.run(supervisor.terminateChild(id));
  else await stage.dies(id, how);
}

/** Whether it is done, as its significant children are. */
const isDone = (stage: Stage) =>
  stage.events.some(
    ({ type, ...rest }) => type === 'supervisor.exited' && 'path' in rest && rest.path === 's',
  );

/** Three children, of which the first two are significant. */
function three(
  stage: Stage,
  restart: 'temporary' | 'transient',
  options: Partial<SupervisorOptions>,
): Promise<Supervisor> {
  const significant = { restart, significant: true } as const;
  return stage.supervise({
    intensity: 5,
    ...options,
    children: [stage.child('child1', significant), stage.child('child2', significant), stage.child('child3')],
  });
}

describe.each(POLICIES)('with auto-shutdown %s', (autoShutdown) => {
  test.each(ENDS)('A8.77 nonsignificant_temporary: the supervisor stays after %s', async (how) => {
    const stage = await openStage();
    const supervisor = await stage.supervise({
      autoShutdown,
      children: [stage.child('child1', { restart: 'temporary' }), stage.child('child2')],
    });
    await end(stage, supervisor, 'child1', how);
    expect(which(supervisor)).toBe('[{child2,up}]');
    expect(isDone(stage)).toBe(false);
  });

  test.each(ENDS)('A8.78 nonsignificant_transient: the supervisor stays after %s', async (how) => {
    const stage = await openStage();
    const supervisor = await stage.supervise({
      autoShutdown,
      intensity: 5,
      children: [stage.child('child1', { restart: 'transient' }), stage.child('child2')],
    });
    await end(stage, supervisor, 'child1', how);
    const state = how === 'K' || how === 'A' ? 'up' : 'undefined';
    expect(which(supervisor)).toBe(`[{child2,up},{child1,${state}}]`);
    expect(isDone(stage)).toBe(false);
  });
});

describe('A8.79 significant_temporary', () => {
  test('a call that ends one ends nobody else, and one that starts it puts it last', async () => {
    const stage = await openStage();
    const supervisor = await three(stage, 'temporary', { autoShutdown: 'any_significant' });
    await stage.run(supervisor.terminateChild('child1'));
    expect(which(supervisor)).toBe('[{child3,up},{child2,up}]');
    const again = stage.child('child1', { restart: 'temporary', significant: true });
    await stage.run(supervisor.startChild(again));
    expect(which(supervisor)).toBe('[{child1,up},{child3,up},{child2,up}]');
    await stage.dies('child1', 'K');
    expect(await stage.run(supervisor.stopped)).toMatchObject({ kind: 'auto-shutdown', path: 's/child1' });
    expect(stage.trace.slice(-3)).toEqual([
      '{die,child1,2,killed}',
      '{stop,child3,1,shutdown}',
      '{stop,child2,1,shutdown}',
    ]);
  });

  test.each(['K', 'A', 'N'] as const)('any: %s of one ends all, and the supervisor', async (how) => {
    const stage = await openStage();
    const supervisor = await three(stage, 'temporary', { autoShutdown: 'any_significant' });
    await stage.dies('child1', how);
    expect(await stage.run(supervisor.stopped)).toMatchObject({ kind: 'auto-shutdown' });
    expect(stage.trace.slice(-2)).toEqual(['{stop,child3,1,shutdown}', '{stop,child2,1,shutdown}']);
  });

  test.each(['K', 'A', 'N'] as const)(
    'all: %s of the last does, that of one before does not',
    async (how) => {
      const stage = await openStage();
      const supervisor = await three(stage, 'temporary', { autoShutdown: 'all_significant' });
      await stage.dies('child1', how);
      expect(which(supervisor)).toBe('[{child3,up},{child2,up}]');
      await stage.dies('child2', how);
      expect(await stage.run(supervisor.stopped)).toMatchObject({ kind: 'auto-shutdown', path: 's/child2' });
      expect(stage.trace.at(-1)).toBe('{stop,child3,1,shutdown}');
    },
  );
});

describe('A8.80 significant_transient', () => {
  test.each(['terminate', 'K', 'A'] as const)('any: the supervisor stays after %s', async (how) => {
    const stage = await openStage();
    const supervisor = await three(stage, 'transient', { autoShutdown: 'any_significant' });
    await end(stage, supervisor, 'child1', how);
    const left = how === 'terminate' ? ALL_UP.replace('{child1,up}', '{child1,undefined}') : ALL_UP;
    expect(which(supervisor)).toBe(left);
    expect(isDone(stage)).toBe(false);
  });

  test.each(['N', 'S', 'S(t)'] as const)('any: %s of one ends all, and the supervisor', async (how) => {
    const stage = await openStage();
    const supervisor = await three(stage, 'transient', { autoShutdown: 'any_significant' });
    await stage.dies('child1', how);
    expect(await stage.run(supervisor.stopped)).toMatchObject({ kind: 'auto-shutdown', path: 's/child1' });
  });

  test('all: N of the second does, that of the first does not', async () => {
    const stage = await openStage();
    const supervisor = await three(stage, 'transient', { autoShutdown: 'all_significant' });
    await stage.dies('child1', 'N');
    expect(which(supervisor)).toBe(ALL_UP.replace('{child1,up}', '{child1,undefined}'));
    await stage.dies('child2', 'N');
    expect(await stage.run(supervisor.stopped)).toMatchObject({ kind: 'auto-shutdown', path: 's/child2' });
  });
});

test.each([
  ['any_significant', ['child.1']],
  ['all_significant', ['child.1', 'child.2']],
] as const)(
  'A8.81 significant_simple: %s of the dynamic children ends the supervisor',
  async (autoShutdown, ids) => {
    const stage = await openStage();
    const supervisor = await stage.supervise({
      strategy: 'simple_one_for_one',
      autoShutdown,
      children: [stage.child('child', { restart: 'temporary', significant: true })],
    });
    await stage.run(supervisor.startChild());
    await stage.run(supervisor.startChild());
    for (const id of ids) {
      expect(isDone(stage)).toBe(false);
      await stage.dies(id, 'N');
    }
    expect(await stage.run(supervisor.stopped)).toMatchObject({
      kind: 'auto-shutdown',
      path: `s/${ids.at(-1)}`,
    });
    expect(stage.lettersOf('child.2')).toEqual([ids.length === 1 ? 'S' : 'N']);
  },
);

describe.each(['one_for_one', 'one_for_all', 'rest_for_one'] as const)('under %s', (strategy) => {
  test.each(['any_significant', 'all_significant'] as const)(
    'A8.82 significant_bystander: who is stopped for a sibling is not done, by %s',
    async (autoShutdown) => {
      const stage = await openStage();
      const significant = { restart: 'transient', significant: true } as const;
      const supervisor = await stage.supervise({
        strategy,
        autoShutdown,
        children: [
          stage.child('child1', significant),
          stage.child('child2'),
          stage.child('child3', significant),
        ],
      });
      await stage.dies('child2', 'K');
      expect(which(supervisor)).toBe(ALL_UP);
      expect(isDone(stage)).toBe(false);
    },
  );
});

test.each([true, false])(
  'A8.83 significant_escalation: a supervisor that is done ends the one above if it is significant: %s',
  async (significant) => {
    const stage = await openStage();
    const child = stage.child('c', { restart: 'transient', significant: true });
    const b = { id: 'b', restart: 'transient', autoShutdown: 'any_significant', children: [child] } as const;
    const supervisor = await stage.supervise({
      autoShutdown: 'any_significant',
      children: [stage.child('other'), { ...b, significant }],
    });
    await stage.dies('c', 'N');
    expect(stage.endsOf('b')).toMatchObject([{ kind: 'auto-shutdown', path: 's/b/c' }]);
    expect(isDone(stage)).toBe(significant);
    const state = significant ? 'undefined' : 'up';
    expect(which(supervisor)).toBe(`[{b,undefined},{other,${state}}]`);
  },
);

describe('A8.84 significant_upgrade', () => {
  test.each([
    ['never', 'any_significant', true],
    ['never', 'all_significant', false],
    ['any_significant', 'never', false],
    ['any_significant', 'all_significant', false],
    ['all_significant', 'never', false],
    ['all_significant', 'any_significant', true],
  ] as const)(
    '%s, then %s: the new one counts for the next end, and it ends the supervisor: %s',
    async (before, after, ends) => {
      const stage = await openStage();
      const children = (autoShutdown: (typeof POLICIES)[number]) =>
        ['child1', 'child2'].map((id) =>
          stage.child(id, { restart: 'transient', significant: autoShutdown !== 'never' }),
        );
      const options = (autoShutdown: (typeof POLICIES)[number]) => ({
        intensity: 2,
        period: 3_600_000,
        autoShutdown,
        children: children(autoShutdown),
      });
      const supervisor = await stage.supervise(options(before));
      await stage.run(supervisor.reconfigure(options(after)));
      expect(which(supervisor)).toBe('[{child2,up},{child1,up}]');
      await stage.dies('child1', 'N');
      expect(isDone(stage)).toBe(ends);
    },
  );

  test('significant children are refused where nothing can come of them', async () => {
    const stage = await openStage();
    const significant = { restart: 'transient', significant: true } as const;
    const options = { autoShutdown: 'any_significant', children: [stage.child('a', significant)] } as const;
    const supervisor = await stage.supervise(options);
    expect(await stage.answer(supervisor.reconfigure({ ...options, autoShutdown: 'never' }))).toBe('options');
    expect(which(supervisor)).toBe('[{a,up}]');
  });
});
