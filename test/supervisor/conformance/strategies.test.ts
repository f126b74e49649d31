/** Whom the restart of one child concerns, in which order, and what becomes of a tree. */
import { expect, test } from 'vitest';
import type { Supervisor } from '../../../src/supervisor/supervisor.ts';
import { cnt, openStage, pidOf, type Stage, which } from '../../support/conformance.ts';

const children = (stage: Stage, count: number) =>
  Array.from({ length: count }, (_, index) => stage.child(`child${index + 1}`));

const pids = (supervisor: Supervisor) =>
  Object.fromEntries(supervisor.whichChildren().map(({ id, pid }) => [id, pid]));

test('A6.45 one_for_one: each for itself; together they may crash as often as the intensity says', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({ children: children(stage, 2) });
  const before = pids(supervisor);
  await stage.dies('child1', 'A');
  expect(pidOf(supervisor, 'child2')).toBe(before['child2']);
  expect(pidOf(supervisor, 'child1')).not.toBe(before['child1']);
  expect(which(supervisor)).toBe('[{child2,up},{child1,up}]');
  expect(cnt(supervisor)).toEqual([2, 2, 0, 2]);
  await stage.dies('child2', 'A');
  await stage.dies('child2', 'A');
  expect(await stage.run(supervisor.stopped)).toMatchObject({ kind: 'intensity-exceeded', path: 's/child2' });
  expect(stage.trace.at(-1)).toBe('{stop,child1,2,shutdown}');
});

test('A6.47 one_for_all: all are stopped, newest first, and started again', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({ strategy: 'one_for_all', children: children(stage, 2) });
  const before = pids(supervisor);
  await stage.dies('child1', 'A');
  expect(stage.trace.slice(2)).toEqual([
    '{die,child1,1,boom}',
    '{stop,child2,1,shutdown}',
    '{start,child1,2}',
    '{start,child2,2}',
  ]);
  for (const id of ['child1', 'child2']) expect(pidOf(supervisor, id)).not.toBe(before[id]);
  expect(cnt(supervisor)).toEqual([2, 2, 0, 2]);
  await stage.dies('child2', 'A');
  await stage.dies('child2', 'A');
  expect(await stage.run(supervisor.stopped)).toMatchObject({ kind: 'intensity-exceeded' });
});

test('A6.49 one_for_all_other_child_fails_restart: whom the failed attempt had started is stopped before the next', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({
    strategy: 'one_for_all',
    intensity: 3,
    children: children(stage, 2),
  });
  stage.next('child2', 'error');
  await stage.dies('child1', 'K');
  expect(stage.trace.slice(2)).toEqual([
    '{die,child1,1,killed}',
    '{stop,child2,1,shutdown}',
    '{start,child1,2}',
    '{start_fail,child2,2}',
    '{stop,child1,2,shutdown}',
    '{start,child1,3}',
    '{start,child2,3}',
  ]);
  const decided = stage.events.filter(({ type }) => type === 'supervisor.decided');
  expect(decided).toMatchObject([{ restarts: 1 }, { restarts: 2 }]);
  expect(which(supervisor)).toBe('[{child2,up},{child1,up}]');
});

test.each(['A6.50 simple_one_for_one', 'A6.52 simple_one_for_one_extra'])(
  '%s: each dynamic child for itself',
  async (name) => {
    const stage = await openStage();
    const start = name.endsWith('extra') ? { start: () => ({ info: 'more' }) } : {};
    const supervisor = await stage.supervise({
      strategy: 'simple_one_for_one',
      children: [stage.child('child', start)],
    });
    await stage.run(supervisor.startChild());
    await stage.run(supervisor.startChild());
    const before = pids(supervisor);
    await stage.dies('child.1', 'A');
    expect(pidOf(supervisor, 'child.1')).not.toBe(before['child.1']);
    expect(pidOf(supervisor, 'child.2')).toBe(before['child.2']);
    expect(cnt(supervisor)).toEqual([1, 2, 0, 2]);
    expect(supervisor.whichChild('child.1')!.info).toBe(name.endsWith('extra') ? 'more' : undefined);
    await stage.dies('child.1', 'A');
    await stage.dies('child.2', 'A');
    expect(await stage.run(supervisor.stopped)).toMatchObject({ kind: 'intensity-exceeded' });
  },
);

test.each(['transient', 'permanent'] as const)(
  'A6.55 simple_one_for_one_restart_ignore: a %s dynamic child that is not needed any more is gone',
  async (restart) => {
    const stage = await openStage();
    const supervisor = await stage.supervise({
      strategy: 'simple_one_for_one',
      children: [stage.child('child', { restart })],
    });
    await stage.run(supervisor.startChild());
    stage.next('child', 'ok', 'ignore');
    await stage.dies('child.1', 'A');
    expect(which(supervisor)).toBe('[{child.1,up}]');
    await stage.dies('child.1', 'A');
    expect(which(supervisor)).toBe('[]');
    expect(cnt(supervisor)).toEqual([1, 0, 0, 0]);
    expect(await stage.answer(supervisor.stop())).toBe('ok');
  },
);

test('A6.56 rest_for_one: those after it are restarted with it, those before it are not', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({ strategy: 'rest_for_one', children: children(stage, 3) });
  const before = pids(supervisor);
  await stage.dies('child2', 'A');
  expect(stage.trace.slice(3)).toEqual([
    '{die,child2,1,boom}',
    '{stop,child3,1,shutdown}',
    '{start,child2,2}',
    '{start,child3,2}',
  ]);
  expect(pidOf(supervisor, 'child1')).toBe(before['child1']);
  for (const id of ['child2', 'child3']) expect(pidOf(supervisor, id)).not.toBe(before[id]);
  expect(cnt(supervisor)).toEqual([3, 3, 0, 3]);
  await stage.dies('child3', 'A');
  expect(stage.trace.slice(7)).toEqual(['{die,child3,2,boom}', '{start,child3,3}']);
  await stage.dies('child2', 'A');
  expect(await stage.run(supervisor.stopped)).toMatchObject({ kind: 'intensity-exceeded', path: 's/child2' });
});

test('A6.58 rest_for_one_other_child_fails_restart: the next attempt begins with whom the last one failed', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({
    strategy: 'rest_for_one',
    intensity: 3,
    children: children(stage, 2),
  });
  stage.next('child2', 'error');
  await stage.dies('child1', 'K');
  expect(stage.trace.slice(2)).toEqual([
    '{die,child1,1,killed}',
    '{stop,child2,1,shutdown}',
    '{start,child1,2}',
    '{start_fail,child2,2}',
    '{start,child2,3}',
  ]);
  expect(await stage.answer(supervisor.stop())).toBe('ok');
});

test('A7.74 order_of_children: it is that of the specs, whatever they are called', async () => {
  const stage = await openStage();
  const ids = ['ch7', 'ch3', 'ch10', 'ch2', 'ch5'];
  const supervisor = await stage.supervise({
    strategy: 'rest_for_one',
    children: ids.map((id) => stage.child(id)),
  });
  expect(stage.trace).toEqual(ids.map((id) => `{start,${id},1}`));
  const before = pids(supervisor);
  await stage.dies('ch10', 'A');
  expect(stage.trace.slice(5)).toEqual([
    '{die,ch10,1,boom}',
    '{stop,ch5,1,shutdown}',
    '{stop,ch2,1,shutdown}',
    '{start,ch10,2}',
    '{start,ch2,2}',
    '{start,ch5,2}',
  ]);
  for (const id of ['ch7', 'ch3']) expect(pidOf(supervisor, id)).toBe(before[id]);
  const { length } = stage.trace;
  await stage.run(supervisor.stop());
  expect(stage.since(length).map((line) => line.split(',')[1])).toEqual(['ch5', 'ch2', 'ch10', 'ch3', 'ch7']);
});

test('A7.60 tree: what is exhausted below takes the whole tree along, which comes back as it was specified', async () => {
  const stage = await openStage();
  const inner = { intensity: 4, period: 3_600_000 };
  const top = await stage.supervise({
    strategy: 'one_for_all',
    intensity: 4,
    children: [
      { id: 'sup1', ...inner, children: [stage.child('child1'), stage.child('child2')] },
      { id: 'sup2', ...inner, children: [] },
      { id: 'sup3', ...inner, restart: 'transient', children: [] },
    ],
  });
  const sup2 = top.supervisor('sup2');
  expect(cnt(top)).toEqual([3, 3, 3, 0]);
  await stage.run(top.terminateChild('sup3'));
  expect(cnt(top)).toEqual([3, 2, 3, 0]);
  await stage.run(sup2.startChild(stage.child('child3')));
  await stage.run(sup2.startChild(stage.child('child4')));
  const before = { ...pids(sup2), ...pids(top.supervisor('sup1')) };
  await stage.dies('child4', 'A');
  expect(pidOf(sup2, 'child4')).not.toBe(before['child4']);
  expect({ ...pids(sup2), ...pids(top.supervisor('sup1')) }).toEqual({
    ...before,
    child4: pidOf(sup2, 'child4'),
  });
  stage.always('child3', 'error');
  await stage.dies('child3', 'A');
  expect(which(top)).toBe('[{sup3,up},{sup2,up},{sup1,up}]');
  expect(top.whichChildren().map(({ starts }) => starts)).toEqual([2, 2, 2]);
  expect(cnt(top)).toEqual([3, 3, 3, 0]);
  expect(which(top.supervisor('sup1'))).toBe('[{child2,up},{child1,up}]');
  for (const id of ['child1', 'child2']) expect(pidOf(top.supervisor('sup1'), id)).not.toBe(before[id]);
  expect(cnt(sup2)).toEqual([0, 0, 0, 0]);
});

test('A7.68 simple_global_supervisor: a supervisor below another comes back with its worker, whoever of them ends', async () => {
  const stage = await openStage();
  const middle = { id: 'middle', intensity: 3, period: 60_000, children: [stage.child('worker')] };
  const top = await stage.supervise({
    strategy: 'one_for_all',
    intensity: 3,
    period: 60_000,
    children: [{ ...middle, strategy: 'one_for_all' }],
  });
  const found = () => top.supervisor('middle').whichChild('worker')!;
  let { pid } = found();
  const isNew = () => {
    const now = found();
    expect(now.state).toBe('running');
    expect(now.pid).not.toBe(pid);
    pid = now.pid;
  };
  await stage.run(top.supervisor('middle').stop());
  await stage.settle();
  isNew();
  for (const end of ['K', 'N'] as const) {
    await stage.dies('worker', end);
    isNew();
  }
  await stage.run(top.supervisor('middle').terminateChild('worker'));
  await stage.run(top.supervisor('middle').restartChild('worker'));
  isNew();
  await stage.run(top.stop());
  expect(stage.isAlive('worker')).toBe(false);
  expect(await stage.answer(stage.host.supervisor('s/middle').terminateChild('worker'))).toBe('noproc');
});
