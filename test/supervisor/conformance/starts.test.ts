/** How supervisors and children start, or do not. */
import { expect, test } from 'vitest';
import { OptionsError, StartError } from '../../../src/errors.ts';
import { cnt, openStage, which } from '../../support/conformance.ts';

test('A1.1 sup_start_normal: one without children starts, and its end is a shutdown', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({ children: [] });
  await stage.run(supervisor.stop());
  expect(await stage.run(supervisor.stopped)).toEqual({
    kind: 'shutdown',
    code: null,
    signal: null,
    forced: false,
  });
});

test('A1.2 sup_start_ignore_init: one that is not needed is no failure, and is not there', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({ start: () => 'ignore', children: [stage.child('a')] });
  expect(await stage.run(supervisor.stopped)).toEqual({ kind: 'ignored' });
  expect(stage.host.supervisors).toEqual([]);
  expect(await stage.answer(supervisor.startChild(stage.child('b')))).toBe('noproc');
  expect(stage.trace).toEqual([]);
  expect(stage.events.filter(({ type }) => type === 'supervisor.gave-up')).toEqual([]);
});

test('A1.3 sup_start_ignore_child: the spec of a permanent child that is not needed is kept', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({ children: [] });
  stage.next('child1', 'ignore');
  expect(await stage.run(supervisor.startChild(stage.child('child1')))).toMatchObject({ pid: undefined });
  const { pid } = await stage.run(supervisor.startChild(stage.child('child2')));
  expect(pid).toBeTypeOf('number');
  expect(which(supervisor)).toBe('[{child2,up},{child1,undefined}]');
  expect(cnt(supervisor)).toEqual([2, 1, 0, 2]);
});

test('A1.4 sup_start_ignore_temporary_child: that of a temporary one is not', async () => {
  const stage = await openStage();
  stage.next('child1', 'ignore');
  const restart = 'temporary';
  const supervisor = await stage.supervise({
    children: [stage.child('child1', { restart }), stage.child('child2', { restart })],
  });
  expect(which(supervisor)).toBe('[{child2,up}]');
  expect(cnt(supervisor)).toEqual([1, 1, 0, 1]);
});

test('A1.5 sup_start_ignore_temporary_child_start_child: nor by startChild', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({ children: [] });
  stage.next('child1', 'ignore');
  const restart = 'temporary';
  const first = await stage.run(supervisor.startChild(stage.child('child1', { restart })));
  expect(first).toMatchObject({ id: 'child1', pid: undefined, state: 'exited' });
  await stage.run(supervisor.startChild(stage.child('child2', { restart })));
  expect(which(supervisor)).toBe('[{child2,up}]');
  expect(cnt(supervisor)).toEqual([1, 1, 0, 1]);
});

test.each([
  ['A1.6 sup_start_ignore_temporary_child_start_child_simple', 'temporary'],
  ['A1.7 sup_start_ignore_permanent_child_start_child_simple', 'permanent'],
] as const)('%s: nothing is kept of a dynamic child that is not needed', async (_, restart) => {
  const stage = await openStage();
  const supervisor = await stage.supervise({
    strategy: 'simple_one_for_one',
    children: [stage.child('child', { restart })],
  });
  stage.next('child', 'ignore');
  expect(await stage.run(supervisor.startChild())).toMatchObject({ pid: undefined });
  expect(await stage.run(supervisor.startChild())).toMatchObject({ state: 'running' });
  // Dynamic children have numbered ids.
  expect(which(supervisor)).toBe('[{child.2,up}]');
  expect(cnt(supervisor)).toEqual([1, 1, 0, 1]);
  await stage.run(supervisor.stop());
  expect(await stage.run(supervisor.stopped)).toMatchObject({ kind: 'shutdown', forced: false });
});

test.each([
  ['A1.8 sup_start_error_return: a start function that answers nonsense', () => 'nonsense' as never],
  [
    'A1.9 sup_start_fail: a start function that throws',
    () => {
      throw new Error('boom');
    },
  ],
])('%s fails the start, and nothing else', async (_, start) => {
  const stage = await openStage();
  const failed = await stage
    .supervise({ start, children: [stage.child('a')] })
    .catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(StartError);
  expect(failed).toMatchObject({ path: 's', cause: expect.any(Error) });
  expect(stage.host.supervisors).toEqual([]);
  expect(stage.trace).toEqual([]);
  expect(stage.events.filter(({ type }) => type === 'host.stopping')).toEqual([]);
});

test('A1.10 sup_start_restart_child_returns_error: the spec is kept, and the restart is not counted', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({ intensity: 0, children: [stage.child('child1')] });
  stage.always('child1', 'error');
  expect(await stage.answer(supervisor.terminateChild('child1'))).toBe('ok');
  const failed = supervisor.restartChild('child1');
  await expect(stage.run(failed)).rejects.toMatchObject({ path: 's/child1', cause: new Error('boom') });
  expect(which(supervisor)).toBe('[{child1,undefined}]');
});

test('A1.11 sup_start_child_returns_error: nothing is kept of a child that does not start', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({ children: [] });
  stage.next('child1', 'error');
  const thrown = supervisor.startChild(stage.child('child1'));
  await expect(stage.run(thrown)).rejects.toMatchObject({ path: 's/child1', cause: new Error('boom') });
  const start = () => 'nonsense' as never;
  const nonsense = supervisor.startChild(stage.child('child1', { start }));
  await expect(stage.run(nonsense)).rejects.toMatchObject({ cause: expect.any(OptionsError) });
  stage.next('child1', 'dies');
  expect(await stage.answer(supervisor.startChild(stage.child('child1')))).toBe('start_failed');
  expect(which(supervisor)).toBe('[]');
});

test('A1.12 sup_start_child_returns_error_simple: nor of a dynamic one', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({
    strategy: 'simple_one_for_one',
    children: [stage.child('child')],
  });
  stage.next('child', 'error', 'dies');
  const failed = supervisor.startChild();
  await expect(stage.run(failed)).rejects.toMatchObject({ path: 's/child.1', cause: new Error('boom') });
  expect(await stage.answer(supervisor.startChild())).toBe('start_failed');
  expect(which(supervisor)).toBe('[]');
  expect(cnt(supervisor)).toEqual([1, 0, 0, 0]);
});

test('A5.41 faulty_application_shutdown: a tree that does not start says which child deep below, and why', async () => {
  const stage = await openStage();
  stage.next('deep', 'error');
  const inner = { id: 'inner', children: [stage.child('first'), stage.child('deep')] };
  const starting = stage.supervise({ children: [stage.child('other'), { id: 'middle', children: [inner] }] });
  await expect(starting).rejects.toMatchObject({
    code: 'ERR_REEVE_START',
    path: 's/middle/inner/deep',
    cause: new Error('boom'),
  });
  expect(stage.trace.slice(-4)).toEqual([
    '{stop,first,1,shutdown}',
    '{start_fail,inner,1}',
    '{start_fail,middle,1}',
    '{stop,other,1,shutdown}',
  ]);
});
