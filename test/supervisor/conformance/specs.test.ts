/** What cannot be meant is refused before anything is done, and says where the fault is; what is left out has OTP's defaults. */
import { describe, expect, test } from 'vitest';
import { parseSupervisorSpec } from '../../../src/supervisor/supervisor-spec.ts';
import { complaint } from '../../support/complaints.ts';
import { openStage, pidOf, which } from '../../support/conformance.ts';

const worker = (more: object = {}) => ({ id: 'child', command: 'child', ...more });

/** A child's options, and the place of the fault in them. */
const FAULTY: readonly [string, unknown, string][] = [
  ['A2.15 sup_start_map_faulty_specs: without an id', { command: 'x' }, 'id'],
  ['A2.15 sup_start_map_faulty_specs: without a command', { id: 'child' }, 'command'],
  ['A2.15 sup_start_map_faulty_specs: no spec at all', 'child4', ''],
  ['A4.26 child_specs: an array', ['child'], ''],
  ['A4.26 child_specs: a start that is no function', worker({ start: 'mfa' }), 'start'],
  ['A4.26 child_specs: an unknown restart type', worker({ restart: 'prmanent' }), 'restart'],
  ['A4.26 child_specs: a shutdown below zero', worker({ shutdown: -10 }), 'shutdown'],
  ['A4.26 child_specs: an unknown type', worker({ type: 'wrker' }), 'type'],
  // A worker has arguments where OTP's child has modules.
  ['A4.26 child_specs: arguments that are no array', worker({ args: 'dy' }), 'args'],
  ['A4.26 child_specs: arguments that are no strings', worker({ args: [1, 2, 3] }), 'args[0]'],
  ['A4.27 child_specs_map: nothing', {}, 'id'],
  ['A4.27 child_specs_map: perhaps significant', worker({ significant: 'maybe' }), 'significant'],
  // OTP ignores unknown keys: here they are taken for misspelt ones.
  ['A4.27 child_specs_map: a key that nobody knows', worker({ restrat: 'permanent' }), 'restrat'],
  ['C E6 start_child/2: a command that is none', { id: 'child', command: 2 }, 'command'],
  ['C E6 start_child/2: arguments that are no array', worker({ args: 'x' }), 'args'],
  ['C E6 start_child/2: a shutdown below zero', worker({ shutdown: -1 }), 'shutdown'],
  ['D20 a shutdown below zero', worker({ shutdown: -1 }), 'shutdown'],
];

test.each(FAULTY)(
  '%s is refused by startChild, by checkChildSpecs, and as one of the first',
  async (_, given, at) => {
    const stage = await openStage();
    const supervisor = await stage.supervise({ children: [] });
    const path = (place: string) => (at === '' ? place : `${place}.${at}`);
    await expect(supervisor.startChild(given as never)).rejects.toMatchObject({
      code: 'ERR_REEVE_OPTIONS',
      path: at,
    });
    expect(complaint(() => supervisor.checkChildSpecs([given as never])).path).toBe(path('children[0]'));
    const starting = stage.supervise({ id: 't', children: [stage.child('a'), given as never] });
    await expect(starting).rejects.toMatchObject({ code: 'ERR_REEVE_OPTIONS', path: path('children[1]') });
    expect(stage.events.filter(({ type }) => type === 'worker.state')).toEqual([]);
  },
);

test('A4.26 child_specs: what is no list, and two of one id, are refused; a dynamic one has one template', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({ children: [] });
  expect(complaint(() => supervisor.checkChildSpecs('child' as never)).path).toBe('children');
  expect(complaint(() => supervisor.checkChildSpecs([worker(), worker()])).path).toBe('children[1].id');
  for (const children of [[], [worker(), worker({ id: 'other' })]]) {
    const parse = () => parseSupervisorSpec({ id: 's', strategy: 'simple_one_for_one', children });
    expect(complaint(parse).path).toBe('children');
  }
});

test('A4.26 child_specs: all combinations of restart, shutdown and type are taken', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({ children: [] });
  for (const restart of ['permanent', 'transient', 'temporary'] as const) {
    for (const shutdown of [0, 1_000, 'infinity', 'brutal_kill'] as const) {
      supervisor.checkChildSpecs([worker({ restart, shutdown })]);
      supervisor.checkChildSpecs([{ id: 'child', type: 'supervisor', children: [], restart, shutdown }]);
    }
  }
});

describe('A4.27 child_specs_map: significant children', () => {
  test.each([
    ['never', 'transient', false],
    ['never', 'temporary', false],
    ['any_significant', 'permanent', false],
    ['all_significant', undefined, false],
    ['any_significant', 'transient', true],
    ['any_significant', 'temporary', true],
    ['all_significant', 'transient', true],
    ['all_significant', 'temporary', true],
  ] as const)('go with auto-shutdown %s and restart %s: %s', (autoShutdown, restart, fits) => {
    const child = worker({ significant: true, ...(restart === undefined ? {} : { restart }) });
    const parse = () => parseSupervisorSpec({ id: 's', autoShutdown, children: [child] });
    if (fits) expect(parse().children).toMatchObject([{ significant: true }]);
    else expect(complaint(parse).path).toBe('children[0].significant');
  });
});

/** A supervisor's options, and the place of the fault in them. */
const FAULTY_FLAGS: readonly [string, object, string][] = [
  ['A4.28 sup_flags: an unknown strategy', { strategy: 'one_for_none' }, 'strategy'],
  ['A4.28 sup_flags: an intensity below zero', { intensity: -1 }, 'intensity'],
  ['A4.28 sup_flags: half an intensity', { intensity: 1.5 }, 'intensity'],
  ['A4.28 sup_flags: no period', { period: 0 }, 'period'],
  ['A4.28 sup_flags: an infinite period', { period: Number.POSITIVE_INFINITY }, 'period'],
  ['A4.28 sup_flags: an unknown auto-shutdown', { autoShutdown: 'sometimes' }, 'autoShutdown'],
  ['A4.28 sup_flags: a flag that nobody knows', { intensty: 3 }, 'intensty'],
  ['D2 an unknown strategy', { strategy: 'dynamc' }, 'strategy'],
  ['D2 an intensity below zero', { strategy: 'dynamic', intensity: -1 }, 'intensity'],
  ['D2 no period', { strategy: 'dynamic', period: 0 }, 'period'],
  ['D2 fewer children than none', { strategy: 'dynamic', maxChildren: -1 }, 'maxChildren'],
  ['D2 extra arguments that are no array', { strategy: 'dynamic', extraArguments: 'x' }, 'extraArguments'],
  ['D2 auto-shutdown', { strategy: 'dynamic', autoShutdown: 'any_significant' }, 'autoShutdown'],
  ['D2 children at the start', { strategy: 'dynamic', children: [worker()] }, 'children'],
];

test.each(FAULTY_FLAGS)('%s is refused', (_, flags, path) => {
  const children = 'strategy' in flags && flags.strategy === 'dynamic' ? {} : { children: [] };
  expect(complaint(() => parseSupervisorSpec({ id: 's', ...children, ...flags })).path).toBe(path);
});

test('A4.28 sup_flags: what is no object is refused, an intensity of 0 is taken', () => {
  expect(complaint(() => parseSupervisorSpec('flags')).path).toBe('');
  expect(parseSupervisorSpec({ id: 's', children: [], intensity: 0 }).intensity).toBe(0);
});

test('A2.13 sup_start_map: what a child was not told has its default', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({
    children: [
      { ...stage.child('plain'), shutdown: 5_000 },
      stage.child('killed', { shutdown: 'brutal_kill' }),
      { id: 'in', children: [] },
    ],
  });
  const term = { signal: 'SIGTERM', wait: 5_000 };
  expect(supervisor.getChildSpec('plain')).toMatchObject({
    id: 'plain',
    restart: 'permanent',
    type: 'worker',
    significant: false,
    stopPlan: [term, { signal: 'SIGKILL' }],
  });
  expect(supervisor.getChildSpec('killed')).toMatchObject({ stopPlan: [{ signal: 'SIGKILL' }] });
  expect(supervisor.getChildSpec('in')).toMatchObject({
    type: 'supervisor',
    stopTimeout: Number.POSITIVE_INFINITY,
  });
  expect(supervisor.getChildSpec('unknown')).toBeUndefined();
});

test('A2.14 sup_start_map_simple: each dynamic child has the complete template', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({
    strategy: 'simple_one_for_one',
    children: [stage.child('child', { restart: 'temporary' })],
  });
  for (let number = 1; number <= 3; number += 1) {
    const { id } = await stage.run(supervisor.startChild());
    expect(supervisor.getChildSpec(id)).toMatchObject({
      id: 'child',
      restart: 'temporary',
      type: 'worker',
      significant: false,
      stopPlan: [{ signal: 'SIGTERM', wait: 1_000 }, { signal: 'SIGKILL' }],
    });
  }
  expect(supervisor.getChildSpec('foreign')).toBeUndefined();
});

test('C E1 child_spec/2: what one child has more is added to the template, what is unknown is refused', async () => {
  const stage = await openStage();
  const template = stage.child('child', { args: ['a'], env: { A: '1', B: '1' } });
  const supervisor = await stage.supervise({ strategy: 'simple_one_for_one', children: [template] });
  const { id } = await stage.run(supervisor.startChild({ args: ['b'], env: { B: '2' } }));
  const process = stage.simulation.machine.find(pidOf(supervisor, id)!)!;
  expect(process.commandLine).toBe('child a b');
  expect(process.environment).toMatchObject({ A: '1', B: '2' });
  await expect(supervisor.startChild({ argz: ['b'] } as never)).rejects.toThrow(/argz.*did you mean 'args'/);
});

test("C E2 init/2: the defaults are OTP's, the strategy's among them", () => {
  // Elixir asks for a strategy; OTP does not.
  expect(parseSupervisorSpec({ id: 's', children: [] })).toMatchObject({
    strategy: 'one_for_one',
    intensity: 3,
    period: 5_000,
    autoShutdown: 'never',
  });
});

test('D1 the defaults of a dynamic supervisor', () => {
  expect(parseSupervisorSpec({ id: 's', strategy: 'dynamic' })).toMatchObject({
    intensity: 3,
    period: 5_000,
    maxChildren: Number.POSITIVE_INFINITY,
    extraArguments: [],
  });
});

test('D5 a faulty child never reaches the supervisor: no number is used up for it', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({ strategy: 'dynamic' });
  for (const given of [{}, worker({ command: 2 }), worker({ shutdown: -1 }), worker({ significant: true })]) {
    expect(await stage.answer(supervisor.startChild(given as never))).toBe('options');
  }
  await stage.run(supervisor.startChild(stage.child('child')));
  expect(which(supervisor)).toBe('[{child.1,up}]');
});

test.each([
  ['C E7', 'one_for_one', 0],
  ['C E7', 'one_for_one', 1],
  ['D20', 'dynamic', 0],
  ['D20', 'dynamic', 1],
] as const)(
  '%s under %s a shutdown of %i ms is taken, and the child is killed',
  async (_, strategy, shutdown) => {
    const stage = await openStage();
    const supervisor = await stage.supervise(
      strategy === 'dynamic' ? { strategy } : { strategy, children: [] },
    );
    const { id } = await stage.run(supervisor.startChild(stage.stubborn('child', { shutdown })));
    expect(await stage.answer(supervisor.terminateChild(id))).toBe('ok');
    expect(stage.lettersOf(id)).toEqual(['K']);
  },
);
