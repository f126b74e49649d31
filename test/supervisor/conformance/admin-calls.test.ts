/** OTP's calls to a supervisor, and what it answers in every situation. */
import { expect, test } from 'vitest';
import { SupervisionError } from '../../../src/errors.ts';
import { programs } from '../../../src/sim/index.ts';
import { answerOf, cnt, openStage, pidOf, type Stage, which } from '../../support/conformance.ts';

test('A4.23 child_adm: the life of a child by calls, and every refusal', async () => {
  const stage = await openStage();
  const child1 = stage.child('child1');
  const supervisor = await stage.supervise({ children: [child1] });
  const { pid } = supervisor.whichChild('child1')!;
  expect(await stage.answer(supervisor.startChild(child1))).toBe('already_started');
  expect(await stage.answer(supervisor.terminateChild('unknown'))).toBe('not_found');
  expect(await stage.answer(stage.host.supervisor('none').terminateChild('child1'))).toBe('noproc');
  expect(pidOf(supervisor, 'child1')).toBe(pid);

  expect(await stage.answer(supervisor.terminateChild('child1'))).toBe('ok');
  expect(stage.lettersOf('child1')).toEqual(['S']);
  expect(which(supervisor)).toBe('[{child1,undefined}]');
  expect(cnt(supervisor)).toEqual([1, 0, 0, 1]);
  expect(await stage.answer(supervisor.terminateChild('child1'))).toBe('ok');
  expect(await stage.answer(supervisor.startChild(child1))).toBe('already_present');

  const again = await stage.run(supervisor.restartChild('child1'));
  expect(again.pid).not.toBe(pid);
  expect(cnt(supervisor)).toEqual([1, 1, 0, 1]);
  expect(await stage.answer(supervisor.restartChild('child1'))).toBe('running');
  expect(await stage.answer(supervisor.restartChild('unknown'))).toBe('not_found');
  expect(await stage.answer(supervisor.deleteChild('child1'))).toBe('running');
  expect(await stage.answer(supervisor.deleteChild('unknown'))).toBe('not_found');

  expect(await stage.answer(supervisor.terminateChild('child1'))).toBe('ok');
  expect(await stage.answer(supervisor.deleteChild('child1'))).toBe('ok');
  expect(await stage.answer(supervisor.restartChild('child1'))).toBe('not_found');
  expect(which(supervisor)).toBe('[]');
  expect(cnt(supervisor)).toEqual([0, 0, 0, 0]);
  expect((await stage.run(supervisor.startChild(child1))).pid).toBeTypeOf('number');
  // OTP's pid in the place of an id: a path is no id either.
  expect(await stage.answer(supervisor.terminateChild('s/child1'))).toBe('not_found');
  expect(stage.isAlive('child1')).toBe(true);
});

test('A4.23 child_adm: every call to a supervisor that is dead is answered, and none hangs', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({ children: [{ id: 'in', children: [stage.child('a')] }] });
  const inner = supervisor.supervisor('in');
  await stage.run(supervisor.terminateChild('in'));
  for (const call of [
    () => inner.startChild(stage.child('b')),
    () => inner.terminateChild('a'),
    () => inner.restartChild('a'),
    () => inner.deleteChild('a'),
    async () => inner.whichChildren(),
    async () => inner.whichChild('a'),
    async () => inner.countChildren(),
  ]) {
    expect(await stage.answer(call())).toBe('noproc');
  }
});

test('A4.24 child_adm_simple: the same for dynamic children, which have no restart and no spec to delete', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({
    strategy: 'simple_one_for_one',
    children: [stage.child('child')],
  });
  const foreign = await stage.run(stage.host.supervise({ id: 'foreign', children: [stage.child('other')] }));
  expect(which(supervisor)).toBe('[]');
  expect(cnt(supervisor)).toEqual([1, 0, 0, 0]);
  const first = await stage.run(supervisor.startChild());
  await stage.run(supervisor.startChild());
  expect(cnt(supervisor)).toEqual([1, 2, 0, 2]);
  // By the template's id, which is no child's: OTP says simple_one_for_one.
  expect(await stage.answer(supervisor.terminateChild('child'))).toBe('not_found');
  expect(cnt(supervisor)).toEqual([1, 2, 0, 2]);
  expect(await stage.answer(supervisor.terminateChild(first.id))).toBe('ok');
  expect(stage.isAlive(first.id)).toBe(false);
  expect(cnt(supervisor)).toEqual([1, 1, 0, 1]);
  expect(await stage.answer(supervisor.terminateChild(first.id))).toBe('ok');
  expect(await stage.answer(supervisor.terminateChild('other'))).toBe('not_found');
  expect(which(foreign)).toBe('[{other,up}]');
  expect(await stage.answer(supervisor.restartChild('child.2'))).toBe('dynamic');
  expect(await stage.answer(supervisor.deleteChild('child.2'))).toBe('dynamic');
});

test('A4.25 extra_return: what the start function has to say is handed on, at each start anew', async () => {
  const stage = await openStage();
  const start = ({ starts }: { readonly starts: number }) => ({ info: `start ${starts}` });
  const supervisor = await stage.supervise({ children: [stage.child('child1', { start })] });
  expect(supervisor.whichChild('child1')).toMatchObject({ state: 'running', info: 'start 1' });
  await stage.run(supervisor.terminateChild('child1'));
  expect(await stage.run(supervisor.restartChild('child1'))).toMatchObject({ info: 'start 2' });
  const { pid } = supervisor.whichChild('child1')!;
  await stage.dies('child1', 'A');
  expect(supervisor.whichChild('child1')).toMatchObject({ state: 'running', info: 'start 3' });
  expect(pidOf(supervisor, 'child1')).not.toBe(pid);
  expect(cnt(supervisor)).toEqual([1, 1, 0, 1]);
  const other = supervisor.startChild(stage.child('child2', { start: () => ({ info: { port: 80 } }) }));
  expect(await stage.run(other)).toMatchObject({ id: 'child2', info: { port: 80 } });
});

test('A4.29 which_children: all of them, newest first, or one', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({ children: [] });
  expect(which(supervisor)).toBe('[]');
  // What is not there is undefined, as in a Map, where OTP answers {error, not_found}.
  expect(supervisor.whichChild('child1')).toBeUndefined();
  await stage.run(supervisor.startChild(stage.child('child1')));
  await stage.run(supervisor.startChild(stage.child('child2')));
  expect(which(supervisor)).toBe('[{child2,up},{child1,up}]');
  expect(supervisor.whichChild('child1')).toEqual(supervisor.whichChildren()[1]);
  await stage.run(supervisor.terminateChild('child1'));
  expect(supervisor.whichChild('child1')).toMatchObject({ id: 'child1', type: 'worker', state: 'exited' });
  await stage.run(supervisor.deleteChild('child1'));
  expect(supervisor.whichChild('child1')).toBeUndefined();
});

test('A4.30 which_children_simple_one_for_one: one by its id, nothing of others and of the dead', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({
    strategy: 'simple_one_for_one',
    children: [stage.child('child')],
  });
  const { id, pid } = await stage.run(supervisor.startChild());
  expect(supervisor.whichChild(id)).toMatchObject({ pid, state: 'running', type: 'worker' });
  await stage.run(supervisor.terminateChild(id));
  for (const other of [id, 'child', 'foreign']) expect(supervisor.whichChild(other)).toBeUndefined();
});

test('A4.31 already_started_outside_supervisor: a refusal by the start function is told with its own error', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({ children: [] });
  const outside = new SupervisionError('ERR_REEVE_ALREADY_STARTED', 'elsewhere', 'runs already');
  const start = () => {
    throw outside;
  };
  // It is the cause of a StartError, which says whose start it was.
  await expect(stage.run(supervisor.startChild(stage.child('a', { start })))).rejects.toMatchObject({
    path: 's/a',
    cause: outside,
  });
  expect(which(supervisor)).toBe('[]');
});

test('C E8 child life cycle: from nothing to nothing', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({ children: [] });
  expect(which(supervisor)).toBe('[]');
  expect(cnt(supervisor)).toEqual([0, 0, 0, 0]);
  await stage.run(supervisor.startChild(stage.child('task')));
  expect(which(supervisor)).toBe('[{task,up}]');
  expect(cnt(supervisor)).toEqual([1, 1, 0, 1]);
  expect(await stage.answer(supervisor.deleteChild('task'))).toBe('running');
  for (const call of ['terminateChild', 'restartChild', 'terminateChild', 'deleteChild'] as const) {
    expect(await stage.answer(supervisor[call]('task'))).toBe('ok');
  }
  await stage.run(supervisor.stop());
  expect(await stage.run(supervisor.stopped)).toMatchObject({ kind: 'shutdown' });
});

/** Four ways for a child to come to its end. */
const ENDINGS = ['K', 'N', 'A', 'API'] as const;
const KEEPS: Readonly<Record<'permanent' | 'transient' | 'temporary', Record<string, string>>> = {
  permanent: { K: 'already_started', N: 'already_started', A: 'already_started', API: 'already_present' },
  transient: { K: 'already_started', N: 'already_present', A: 'already_started', API: 'already_present' },
  temporary: { K: 'ok', N: 'ok', A: 'ok', API: 'ok' },
};

async function end(stage: Stage, terminate: () => Promise<void>, ending: (typeof ENDINGS)[number]) {
  if (ending === 'API') await stage.run(terminate());
  else await stage.dies('child', ending);
}

for (const strategy of ['one_for_one', 'one_for_all', 'rest_for_one'] as const) {
  for (const restart of ['permanent', 'transient', 'temporary'] as const) {
    test(`A7.66 do_not_save_child_specs_for_temporary_children: what ${strategy} keeps of a ${restart} child`, async () => {
      const stage = await openStage();
      const child = stage.child('child', { restart });
      const supervisor = await stage.supervise({ strategy, intensity: 10, children: [child] });
      for (const ending of ENDINGS) {
        await end(stage, () => supervisor.terminateChild('child'), ending);
        const answer = await stage.answer(supervisor.startChild(child));
        expect([ending, answer]).toEqual([ending, KEEPS[restart][ending]]);
        if (answer === 'already_present') {
          expect(await stage.answer(supervisor.restartChild('child'))).toBe('ok');
        }
      }
    });
  }
}

test('a call that gives up a start that is under way is answered at once, and so is who asked for the start', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({ children: [stage.child('other', { does: programs.obeys })] });
  stage.always('child', 'hangs');
  const starting = answerOf(supervisor.startChild(stage.child('child')));
  await stage.settle();
  expect(await stage.answer(supervisor.terminateChild('child'))).toBe('ok');
  expect(await stage.run(starting)).toBe('start_failed');
});
