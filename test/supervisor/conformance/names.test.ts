/** Names: whose they are, when they are free again, and what is said of those that nobody has. */
import { expect, test } from 'vitest';
import { openStage, which } from '../../support/conformance.ts';

test('P4 a stop has stopped everything when it is over, and the name is free', async () => {
  const stage = await openStage();
  const first = await stage.supervise({ children: [stage.child('a')] });
  await stage.run(first.stop());
  expect(stage.isAlive('a')).toBe(false);
  const second = await stage.supervise({ children: [stage.child('a')] });
  expect(which(second)).toBe('[{a,up}]');
  expect(stage.host.supervisor('s')).toBe(second);
  expect(await stage.answer(first.terminateChild('a'))).toBe('noproc');
  expect(which(second)).toBe('[{a,up}]');
});

test('P4 R5 a name that nobody has is told as such, whatever is asked of it', async () => {
  const stage = await openStage();
  const nobody = stage.host.supervisor('nobody');
  expect(await stage.answer(nobody.startChild(stage.child('a')))).toBe('noproc');
  expect(() => nobody.whichChildren()).toThrow("the supervisor 'nobody' is not running");
  expect(await stage.answer(nobody.stopped)).toBe('noproc');
});

test('R1 a name belongs to one: the second is refused, though it be the same', async () => {
  const stage = await openStage();
  const options = { children: [stage.child('a')] };
  const supervisor = await stage.supervise(options);
  await expect(stage.supervise(options)).rejects.toMatchObject({ code: 'ERR_REEVE_OPTIONS', path: 'id' });
  expect(await stage.answer(supervisor.startChild(stage.child('a')))).toBe('already_started');
  expect(which(supervisor)).toBe('[{a,up}]');
});

test('R2 a name is free as soon as the end of its owner is told, and taken until then', async () => {
  const stage = await openStage();
  const child = stage.child('a', { restart: 'temporary' });
  const supervisor = await stage.supervise({ children: [child] });
  stage.kill('a', 'A'); // it is dead, and the supervisor does not know
  expect(await stage.answer(supervisor.startChild(child))).toBe('already_started');
  await stage.settle();
  expect(await stage.answer(supervisor.startChild(child))).toBe('ok');
  expect(which(supervisor)).toBe('[{a,up}]');
  expect(supervisor.whichChild('a')).toMatchObject({ starts: 1 });
});

test('R6 what fails to start takes no name, however often', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({ children: [] });
  stage.always('a', 'error');
  for (let attempt = 0; attempt < 50; attempt += 1) {
    expect(await stage.answer(supervisor.startChild(stage.child('a')))).toBe('start_failed');
    const failing = stage.supervise({ id: 'failing', children: [stage.child('a')] });
    await expect(failing).rejects.toMatchObject({ code: 'ERR_REEVE_START', path: 'failing/a' });
  }
  expect(which(supervisor)).toBe('[]');
  expect(stage.host.supervisors).toEqual([supervisor]);
});

test('T1 T2 T3 T4 tasks are dynamic children: counted, limited, restarted if they are permanent, ended by a call', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({ strategy: 'dynamic', maxChildren: 2 });
  const task = stage.child('task', { restart: 'temporary', shutdown: 'brutal_kill' });
  await stage.run(supervisor.startChild(task));
  await stage.run(supervisor.startChild(stage.child('task')));
  expect(await stage.answer(supervisor.startChild(task))).toBe('max_children');
  await stage.dies('task.2', 'S');
  expect(supervisor.whichChild('task.2')).toMatchObject({ state: 'running', starts: 2 });
  expect(await stage.answer(supervisor.terminateChild('task.2'))).toBe('ok');
  expect(which(supervisor)).toBe('[{task.1,up}]');
  expect(await stage.answer(supervisor.terminateChild('task.2'))).toBe('not_found');
  await stage.run(supervisor.stop());
  expect(stage.lettersOf('task.1')).toEqual(['K']);
});
