/** Dynamic supervisors: children that come and go, each with a spec of its own, or of one template. */
import { describe, expect, test } from 'vitest';
import { cnt, openStage, type Stage, which } from '../../support/conformance.ts';

const open = async (options: object = {}) => {
  const stage = await openStage();
  return { stage, supervisor: await stage.supervise({ strategy: 'dynamic', ...options }) };
};

test('D3 a dynamic supervisor is found by its name, and stops', async () => {
  const { stage, supervisor } = await open();
  expect(stage.host.supervisor('s')).toBe(supervisor);
  expect(await stage.answer(supervisor.stop())).toBe('ok');
  expect(await stage.answer(stage.host.supervisor('s').startChild(stage.child('w')))).toBe('noproc');
});

test('D4 with fewer children allowed those that there are stay, and the next is refused', async () => {
  const { stage, supervisor } = await open();
  await stage.run(supervisor.startChild(stage.child('w')));
  await stage.run(supervisor.reconfigure({ strategy: 'dynamic', maxChildren: 1 }));
  expect(which(supervisor)).toBe('[{w.1,up}]');
  expect(await stage.answer(supervisor.startChild(stage.child('w')))).toBe('max_children');
  expect(await stage.answer(supervisor.reconfigure({ strategy: 'one_for_one', children: [] }))).toBe(
    'dynamic',
  );
  expect(cnt(supervisor)).toEqual([1, 1, 0, 1]);
});

test('D7 what a start comes to: ready, with more to say, not needed, failed', async () => {
  const { stage, supervisor } = await open();
  const started = (start: () => never) => stage.run(supervisor.startChild(stage.child('w', { start })));
  expect(await started(() => ({ info: 'extra' }) as never)).toMatchObject({ id: 'w.1', info: 'extra' });
  expect(await started(() => undefined as never)).toMatchObject({ id: 'w.2', state: 'running' });
  expect(await started(() => 'ignore' as never)).toMatchObject({
    id: 'w.3',
    state: 'exited',
    pid: undefined,
  });
  await expect(started(() => 'garbage' as never)).rejects.toMatchObject({ code: 'ERR_REEVE_START' });
  expect(which(supervisor)).toBe('[{w.2,up},{w.1,up}]');
});

test.each([
  ['a value', 'found'],
  ['an error', new RangeError('found')],
  ['nothing', undefined],
])('D8 a start function that throws %s fails the start, and the supervisor goes on', async (_, thrown) => {
  const { stage, supervisor } = await open();
  const start = async () => {
    throw thrown;
  };
  const failed = await stage
    .run(supervisor.startChild(stage.child('w', { start })))
    .catch((error: Error) => error);
  expect(failed).toMatchObject({ code: 'ERR_REEVE_START', path: 's/w.1' });
  const { cause } = failed as Error;
  expect(thrown instanceof Error ? cause : (cause as Error).cause).toBe(thrown);
  expect(await stage.answer(supervisor.startChild(stage.child('w')))).toBe('ok');
});

test('D9 with no children allowed every one is refused', async () => {
  const { stage, supervisor } = await open({ maxChildren: 0 });
  expect(await stage.answer(supervisor.startChild(stage.child('w')))).toBe('max_children');
  expect(cnt(supervisor)).toEqual([0, 0, 0, 0]);
});

describe('terminateChild', () => {
  test('D29 of one of brutal_kill kills it; twice is refused, for it is no child any more', async () => {
    const { stage, supervisor } = await open();
    const { id } = await stage.run(supervisor.startChild(stage.stubborn('w', { shutdown: 'brutal_kill' })));
    const { length } = stage.trace;
    expect(await stage.answer(supervisor.terminateChild(id))).toBe('ok');
    expect(stage.lettersOf(id)).toEqual(['K']);
    expect(stage.since(length)).toEqual([]);
    expect(await stage.answer(supervisor.terminateChild(id))).toBe('not_found');
    expect(cnt(supervisor)).toEqual([0, 0, 0, 0]);
  });

  test('D30 of one with some time stops it; twice is refused', async () => {
    const { stage, supervisor } = await open();
    const { id } = await stage.run(supervisor.startChild(stage.child('w', { shutdown: 1_000 })));
    expect(await stage.answer(supervisor.terminateChild(id))).toBe('ok');
    expect(stage.lettersOf(id)).toEqual(['S']);
    expect(await stage.answer(supervisor.terminateChild(id))).toBe('not_found');
    expect(cnt(supervisor)).toEqual([0, 0, 0, 0]);
  });

  test('D31 of one that is on its way back ends its retries', async () => {
    const { stage, supervisor } = await open({ intensity: 100 });
    const { id } = await stage.run(supervisor.startChild(stage.child('w')));
    stage.always('w', 'dies late');
    await stage.dies(id, 'A');
    expect(which(supervisor)).toBe('[{w.1,restarting}]');
    expect(await stage.answer(supervisor.terminateChild(id))).toBe('ok');
    expect(await stage.answer(supervisor.terminateChild(id))).toBe('not_found');
    expect(cnt(supervisor)).toEqual([0, 0, 0, 0]);
    const { length } = stage.trace;
    await stage.pass(20_000);
    expect(stage.since(length)).toEqual([]);
  });

  test('D31 of one that waits for its backoff ends the wait', async () => {
    const { stage, supervisor } = await open();
    const { id } = await stage.run(supervisor.startChild(stage.child('w', { backoff: { initial: 5_000 } })));
    await stage.dies(id, 'A');
    expect(which(supervisor)).toBe('[{w.1,restarting}]');
    expect(await stage.answer(supervisor.terminateChild(id))).toBe('ok');
    const { length } = stage.trace;
    await stage.pass(20_000);
    expect(stage.since(length)).toEqual([]);
    expect(which(supervisor)).toBe('[]');
  });
});

test('D32 the specs are counted with the children, those on their way back included; one id may come twice', async () => {
  const { stage, supervisor } = await open({ intensity: 100 });
  await stage.run(supervisor.startChild(stage.child('w')));
  await stage.run(supervisor.startChild(stage.child('w')));
  stage.always('w.2', 'dies late');
  await stage.dies('w.2', 'A');
  // Elixir has no ids here; ours are numbered, so that every child can be named.
  expect(which(supervisor)).toBe('[{w.2,restarting},{w.1,up}]');
  expect(cnt(supervisor)).toEqual([2, 1, 0, 2]);
});

/** Starts so many, and waits for all. */
async function startMany(stage: Stage, start: () => Promise<unknown>, count: number): Promise<void> {
  await stage.run(Promise.all(Array.from({ length: count }, start)));
}

test.each([
  ['A7.61 count_children', 'worker'],
  ['A7.62 count_children_supervisor', 'supervisor'],
] as const)('%s: all are counted while they are there', async (_, type) => {
  const COUNT = 500; // OTP's suite has a thousand
  const stage = await openStage();
  const child = stage.child('child', { restart: 'temporary', shutdown: 'brutal_kill' });
  const template =
    type === 'worker' ? child : ({ id: 'child', type, children: [], restart: 'temporary' } as const);
  const supervisor = await stage.supervise({ strategy: 'simple_one_for_one', children: [template] });
  const numbers = (count: number) => (type === 'worker' ? [1, count, 0, count] : [1, count, count, 0]);
  expect(cnt(supervisor)).toEqual(numbers(0));
  for (const count of [COUNT, 2 * COUNT]) {
    await startMany(stage, () => supervisor.startChild(), COUNT);
    expect(cnt(supervisor)).toEqual(numbers(count));
    expect(supervisor.whichChildren()).toHaveLength(count);
  }
  const ids = supervisor.whichChildren().map(({ id }) => id);
  await stage.run(Promise.all(ids.map((id) => supervisor.terminateChild(id))));
  expect(cnt(supervisor)).toEqual(numbers(0));
  expect(supervisor.whichChildren()).toEqual([]);
});
