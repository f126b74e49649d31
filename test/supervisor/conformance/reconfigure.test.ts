/** OTP's code_change, as `reconfigure`: other flags and other specs for a supervisor that runs. */
import { expect, test } from 'vitest';
import { openStage, pidOf, which } from '../../support/conformance.ts';

test('A7.72 code_change: what is changed counts from the next start, what is new is down, what is missing is kept', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({ children: [stage.child('child1'), stage.child('child2')] });
  const pids = [pidOf(supervisor, 'child1'), pidOf(supervisor, 'child2')];
  const changes = await stage.run(
    supervisor.reconfigure({
      intensity: 10,
      children: [stage.child('child1', { args: ['new'] }), stage.child('child3')],
    }),
  );
  expect(changes).toEqual({ changed: ['child1'], added: ['child3'], removed: ['child2'] });
  expect(which(supervisor)).toBe('[{child2,up},{child3,undefined},{child1,up}]');
  expect([pidOf(supervisor, 'child1'), pidOf(supervisor, 'child2')]).toEqual(pids);
  for (let crash = 0; crash < 5; crash += 1) await stage.dies('child1', 'A');
  const process = stage.simulation.machine.find(pidOf(supervisor, 'child1')!)!;
  expect(process.commandLine).toBe('child1 new');
  expect(await stage.answer(supervisor.restartChild('child3'))).toBe('ok');
});

test('A7.72 code_change: what cannot be meant changes nothing', async () => {
  const stage = await openStage();
  const child = stage.child('child1');
  const supervisor = await stage.supervise({ children: [child] });
  const spec = supervisor.getChildSpec('child1');
  const faulty = { children: [{ ...child, restart: 'forever' as never }] };
  expect(await stage.answer(supervisor.reconfigure(faulty))).toBe('options');
  expect(await stage.answer(supervisor.reconfigure({ intensity: -1, children: [child] }))).toBe('options');
  expect(supervisor.getChildSpec('child1')).toBe(spec);
  expect(which(supervisor)).toBe('[{child1,up}]');
});

test('A7.73 code_change_simple: a template counts from the next start; it is one, and stays one', async () => {
  const stage = await openStage();
  const simple = { strategy: 'simple_one_for_one' } as const;
  const supervisor = await stage.supervise({ ...simple, children: [stage.child('child')] });
  const first = await stage.run(supervisor.startChild());
  const changed = stage.child('child', { args: ['new'] });
  expect(await stage.answer(supervisor.reconfigure({ ...simple, children: [changed] }))).toBe('ok');
  expect(supervisor.whichChild(first.id)).toMatchObject({ pid: first.pid, command: 'child' });
  expect(await stage.run(supervisor.startChild())).toMatchObject({ command: 'child new' });
  for (const children of [[], [changed, stage.child('other')]]) {
    expect(await stage.answer(supervisor.reconfigure({ ...simple, children }))).toBe('options');
  }
});

test('with apply what has changed is restarted, what is new is started, what is missing is forgotten, in order', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({
    children: ['a', 'b', 'c', 'd'].map((id) => stage.child(id)),
  });
  const { length } = stage.trace;
  // The start function of `a` is another, and so it has changed too.
  const children = [stage.child('b', { args: ['new'] }), stage.child('e'), stage.child('a')];
  await stage.run(supervisor.reconfigure({ children }, { apply: true }));
  await stage.settle();
  expect(stage.since(length).slice(0, 4)).toEqual([
    '{stop,d,1,shutdown}',
    '{stop,c,1,shutdown}',
    '{stop,a,1,shutdown}',
    '{stop,b,1,shutdown}',
  ]);
  expect(which(supervisor)).toBe('[{a,up},{e,up},{b,up}]');
});
