/** How often a supervisor restarts before it gives up: restarts, restarts that fail, and restarts that hang. */
import { describe, expect, test } from 'vitest';
import { cnt, LATE_MS, openStage, pidOf, type Stage, which } from '../../support/conformance.ts';

const count = (stage: Stage, line: string) => stage.trace.filter((other) => other.startsWith(line)).length;

test('A6.44 multiple_restarts: crashes that are further apart than the period never end the supervisor', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({
    intensity: 1,
    period: 1_000,
    children: [stage.child('child1', { shutdown: 'brutal_kill' })],
  });
  for (let crash = 0; crash < 4; crash += 1) {
    stage.kill('child1', 'A');
    await stage.pass(2_100);
  }
  expect(supervisor.whichChild('child1')).toMatchObject({ state: 'running', starts: 5 });
  expect(await stage.answer(supervisor.terminateChild('child1'))).toBe('ok');
  expect(await stage.answer(supervisor.deleteChild('child1'))).toBe('ok');
});

test('A6.46 one_for_one_escalation: each failing restart counts; then the others are stopped', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({
    intensity: 4,
    children: [stage.child('child1'), stage.child('child2')],
  });
  stage.always('child1', 'error');
  await stage.dies('child1', 'A');
  expect(await stage.run(supervisor.stopped)).toMatchObject({ kind: 'intensity-exceeded', path: 's/child1' });
  expect(stage.trace.slice(2)).toEqual([
    '{die,child1,1,boom}',
    '{start_fail,child1,2}',
    '{start_fail,child1,3}',
    '{start_fail,child1,4}',
    '{start_fail,child1,5}',
    '{stop,child2,1,shutdown}',
  ]);
});

test('A6.48 one_for_all_escalation: each retry stops what the one before has started', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({
    strategy: 'one_for_all',
    intensity: 4,
    children: [stage.child('child1'), stage.child('child2')],
  });
  stage.always('child2', 'error');
  await stage.dies('child1', 'A');
  expect(await stage.run(supervisor.stopped)).toMatchObject({ kind: 'intensity-exceeded', path: 's/child2' });
  expect(stage.trace.slice(2)).toEqual([
    '{die,child1,1,boom}',
    '{stop,child2,1,shutdown}',
    ...[2, 3, 4, 5].flatMap((n) => [
      `{start,child1,${n}}`,
      `{start_fail,child2,${n}}`,
      `{stop,child1,${n},shutdown}`,
    ]),
  ]);
});

test('A6.57 rest_for_one_escalation: a later child that cannot start again ends the supervisor', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({
    strategy: 'rest_for_one',
    intensity: 4,
    children: [stage.child('child1'), stage.child('child2')],
  });
  stage.always('child2', 'error');
  await stage.dies('child1', 'A');
  expect(await stage.run(supervisor.stopped)).toMatchObject({ kind: 'intensity-exceeded', path: 's/child2' });
  expect(stage.trace.slice(2)).toEqual([
    '{die,child1,1,boom}',
    '{stop,child2,1,shutdown}',
    '{start,child1,2}',
    ...[2, 3, 4, 5].map((n) => `{start_fail,child2,${n}}`),
    '{stop,child1,2,shutdown}',
  ]);
});

test('A6.53 simple_one_for_one_escalation: a dynamic child that cannot start again ends its siblings too', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({
    strategy: 'simple_one_for_one',
    intensity: 4,
    children: [stage.child('child')],
  });
  await stage.run(supervisor.startChild(['child1']));
  await stage.run(supervisor.startChild(['child2']));
  stage.always('child.1', 'error');
  await stage.dies('child.1', 'A');
  expect(await stage.run(supervisor.stopped)).toMatchObject({ kind: 'intensity-exceeded' });
  expect(count(stage, '{start_fail,child.1')).toBe(4);
  expect(stage.lettersOf('child.2')).toEqual(['S']);
});

describe('a restart that fails slowly, again and again', () => {
  const LOOP = { intensity: 8, period: 10_000 };

  test('A7.69 hanging_restart_loop: calls come between the attempts, and end them', async () => {
    const stage = await openStage();
    const child1 = stage.child('child1');
    const supervisor = await stage.supervise({ ...LOOP, children: [child1] });
    stage.always('child1', 'dies late');
    await stage.dies('child1', 'A');
    expect(await stage.answer(supervisor.startChild(child1))).toBe('already_present');
    expect(await stage.answer(supervisor.restartChild('child1'))).toBe('restarting');
    expect(await stage.answer(supervisor.deleteChild('child1'))).toBe('restarting');
    expect(which(supervisor)).toBe('[{child1,restarting}]');
    expect(cnt(supervisor)).toEqual([1, 0, 0, 1]);
    expect(await stage.answer(supervisor.terminateChild('child1'))).toBe('ok');
    expect(which(supervisor)).toBe('[{child1,undefined}]');
    stage.always('child1', 'ok');
    expect(await stage.answer(supervisor.restartChild('child1'))).toBe('ok');
    stage.always('child1', 'hangs');
    await stage.dies('child1', 'A');
    const begun = stage.now;
    await stage.run(supervisor.stop());
    expect(stage.now - begun).toBeLessThan(100);
  });

  test('A7.70 hanging_restart_loop_rest_for_one: those after it wait, those before it are untouched', async () => {
    const stage = await openStage();
    const [child1, child2, child3] = ['child1', 'child2', 'child3'].map((id) => stage.child(id)) as [
      ReturnType<Stage['child']>,
      ReturnType<Stage['child']>,
      ReturnType<Stage['child']>,
    ];
    const supervisor = await stage.supervise({
      ...LOOP,
      strategy: 'rest_for_one',
      children: [child1, child2, child3],
    });
    const pid = pidOf(supervisor, 'child1');
    stage.always('child2', 'dies late');
    await stage.dies('child2', 'A');
    const half = '[{child3,undefined},{child2,restarting},{child1,up}]';
    expect(which(supervisor)).toBe(half);
    expect(cnt(supervisor)).toEqual([3, 1, 0, 3]);
    expect(pidOf(supervisor, 'child1')).toBe(pid);
    expect(await stage.answer(supervisor.startChild(child2))).toBe('already_present');
    expect(await stage.answer(supervisor.restartChild('child2'))).toBe('restarting');
    expect(await stage.answer(supervisor.deleteChild('child2'))).toBe('restarting');
    expect(which(supervisor)).toBe(half);
    expect(await stage.answer(supervisor.terminateChild('child2'))).toBe('ok');
    expect(which(supervisor)).toBe('[{child3,undefined},{child2,undefined},{child1,up}]');
    // The rest of the group stays down, as in OTP; here an event says so.
    expect(stage.events.filter(({ type }) => type === 'supervisor.half-started')).toMatchObject([
      { path: 's', down: ['child3'] },
    ]);
    stage.always('child2', 'ok');
    await stage.pass(10 * LATE_MS);
    expect(which(supervisor)).toBe('[{child3,undefined},{child2,undefined},{child1,up}]');
  });

  test('A7.71 hanging_restart_loop_simple: a dynamic child is ended by its old name, and is gone', async () => {
    const stage = await openStage();
    const template = [stage.child('child')];
    const supervisor = await stage.supervise({ ...LOOP, strategy: 'simple_one_for_one', children: template });
    const { id } = await stage.run(supervisor.startChild());
    stage.always('child', 'dies late');
    await stage.dies(id, 'A');
    expect(await stage.answer(supervisor.restartChild(id))).toBe('dynamic');
    expect(await stage.answer(supervisor.deleteChild(id))).toBe('dynamic');
    expect(which(supervisor)).toBe(`[{${id},restarting}]`);
    expect(cnt(supervisor)).toEqual([1, 0, 0, 1]);
    expect(await stage.answer(supervisor.terminateChild(id))).toBe('ok');
    expect(which(supervisor)).toBe('[]');
    stage.always('child', 'ok');
    const second = await stage.run(supervisor.startChild());
    stage.always('child', 'hangs');
    await stage.dies(second.id, 'A');
    await stage.run(supervisor.stop());
    expect(await stage.run(supervisor.stopped)).toMatchObject({ kind: 'shutdown', forced: false });
  });
});

test('A7.63 count_restarting_children: who is on the way back is counted, but not as active', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({
    strategy: 'simple_one_for_one',
    intensity: 20,
    period: 10_000,
    children: [stage.child('child', { shutdown: 'brutal_kill' })],
  });
  for (let index = 0; index < 3; index += 1) await stage.run(supervisor.startChild());
  for (const id of ['child.1', 'child.2', 'child.3']) await stage.dies(id, 'A');
  expect(cnt(supervisor)).toEqual([1, 3, 0, 3]);
  stage.always('child', 'dies late');
  await stage.dies('child.1', 'A');
  await stage.dies('child.2', 'A');
  expect(cnt(supervisor)).toEqual([1, 1, 0, 3]);
  stage.always('child', 'ok');
  await stage.pass(LATE_MS);
  expect(cnt(supervisor)).toEqual([1, 3, 0, 3]);
  for (const left of [2, 1, 0]) {
    expect(await stage.answer(supervisor.terminateChild(`child.${left + 1}`))).toBe('ok');
    expect(cnt(supervisor)).toEqual([1, left, 0, left]);
  }
});
