/** How supervisors and children are stopped, each on its own plan. */
import { describe, expect, test } from 'vitest';
import { programs } from '../../../src/sim/index.ts';
import { type End, EXIT_CODES, openStage, type Stage, which } from '../../support/conformance.ts';

/** A program that answers SIGTERM by an end of its own. */
const answers = (end: Exclude<End, 'K'>) => (self: Parameters<ReturnType<typeof programs.exitsAfter>>[0]) =>
  self.on('SIGTERM', () => self.exit(EXIT_CODES[end]));

const RESTARTS = ['temporary', 'transient', 'permanent'] as const;
const ENDS = ['N', 'S', 'S(t)', 'A'] as const;

/** What a child answered its stop with. */
const codeOf = (stage: Stage, id: string) => stage.endsOf(id).map((end) => 'code' in end && end.code);

/** A temporary dynamic supervisor of so many children of one template. */
async function dynamic(stage: Stage, template: ReturnType<Stage['child']>, count: number) {
  const supervisor = await stage.supervise({ strategy: 'simple_one_for_one', children: [template] });
  for (let index = 0; index < count; index += 1) await stage.run(supervisor.startChild());
  return supervisor;
}

test('A3.16 sup_stop_infinity: supervisors and workers may take all the time they want', async () => {
  const stage = await openStage();
  const inner = { id: 'child1', shutdown: 'infinity', children: [stage.child('deep')] } as const;
  const does = programs.slowToStop(100_000);
  const supervisor = await stage.supervise({
    children: [inner, stage.child('child2', { shutdown: 'infinity', does })],
  });
  const begun = stage.now;
  await stage.run(supervisor.stop());
  expect(stage.now - begun).toBeGreaterThan(100_000);
  expect([stage.lettersOf('child1'), stage.lettersOf('child2')]).toEqual([['S'], ['S']]);
});

test('A3.17 sup_stop_timeout: who does not obey in time is killed', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({
    children: [stage.child('child1', { shutdown: 1_000 }), stage.stubborn('child2', { shutdown: 1_000 })],
  });
  const begun = stage.now;
  await stage.run(supervisor.stop());
  expect([stage.lettersOf('child1'), stage.lettersOf('child2')]).toEqual([['S'], ['K']]);
  expect(stage.now - begun).toBeGreaterThan(1_000);
  expect(stage.now - begun).toBeLessThan(1_200);
});

test('A3.18 sup_stop_timeout_dynamic: so it is with dynamic children', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({ strategy: 'dynamic' });
  const options = { restart: 'temporary', shutdown: 1_000 } as const;
  await stage.run(supervisor.startChild(stage.child('child1', options)));
  await stage.run(supervisor.startChild(stage.stubborn('child2', options)));
  await stage.run(supervisor.stop());
  expect([stage.lettersOf('child1.1'), stage.lettersOf('child2.2')]).toEqual([['S'], ['K']]);
  expect(await stage.run(supervisor.stopped)).toMatchObject({ kind: 'shutdown', forced: false });
});

test('A3.19 sup_stop_brutal_kill: with brutal_kill no other signal comes first', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({
    children: [stage.child('child1'), stage.stubborn('child2', { shutdown: 'brutal_kill' })],
  });
  await stage.run(supervisor.stop());
  expect([stage.lettersOf('child1'), stage.lettersOf('child2')]).toEqual([['S'], ['K']]);
  expect(stage.trace.slice(2)).toEqual(['{stop,child1,1,shutdown}']);
});

test('A3.20 sup_stop_brutal_kill_dynamic: ten dynamic children are killed', async () => {
  const stage = await openStage();
  const template = stage.stubborn('child', { restart: 'temporary', shutdown: 'brutal_kill' });
  const supervisor = await dynamic(stage, template, 10);
  const length = stage.trace.length;
  await stage.run(supervisor.stop());
  for (let number = 1; number <= 10; number += 1) expect(stage.lettersOf(`child.${number}`)).toEqual(['K']);
  expect(stage.since(length)).toEqual([]);
  expect(await stage.run(supervisor.stopped)).toMatchObject({ kind: 'shutdown', forced: false });
});

test('A3.21 sup_stop_race: ends of their own while the supervisor is stopped are told as they are, and restart nobody', async () => {
  const stage = await openStage();
  const middle = RESTARTS.flatMap((restart) =>
    ENDS.map((end) => ({ id: `${restart}-${end.replace(/[()]/g, '')}`, restart, end })),
  );
  const supervisor = await stage.supervise({
    children: [
      stage.child('child_a', { restart: 'temporary' }),
      ...middle.map(({ id, restart }) => stage.child(id, { restart })),
      stage.child('child_z', { shutdown: 2_000, does: programs.slowToStop(1_000) }),
    ],
  });
  const stopping = supervisor.stop();
  await stage.pass(200);
  for (const { id, end } of middle) stage.kill(id, end);
  await stage.run(stopping);
  expect([stage.lettersOf('child_a'), stage.lettersOf('child_z')]).toEqual([['S'], ['S']]);
  for (const { id, end } of middle) expect([id, stage.lettersOf(id)]).toEqual([id, [end[0]]]);
  expect(stage.trace.filter((line) => line.startsWith('{start,'))).toHaveLength(14);
  expect(await stage.run(supervisor.stopped)).toMatchObject({ kind: 'shutdown', forced: false });
});

test.each(RESTARTS)(
  'A3.22 sup_stop_non_shutdown_exit_dynamic: %s children keep the codes they answer a stop with',
  async (restart) => {
    const stage = await openStage();
    const supervisor = await stage.supervise({ strategy: 'dynamic' });
    for (const [index, end] of ENDS.entries()) {
      await stage.run(supervisor.startChild(stage.child(`c${index}`, { restart, does: answers(end) })));
    }
    await stage.run(supervisor.stop());
    expect(await stage.run(supervisor.stopped)).toMatchObject({ kind: 'shutdown', forced: false });
    // All ended by our stop: what tells them apart is the code.
    const codes = ENDS.map((_, index) => codeOf(stage, `c${index}.${index + 1}`));
    expect(codes).toEqual(ENDS.map((end) => [EXIT_CODES[end]]));
  },
);

describe('the end of a dynamic supervisor with three children', () => {
  const three = async (stage: Stage, template: ReturnType<Stage['child']>) => {
    const supervisor = await dynamic(stage, template, 3);
    await stage.run(supervisor.stop());
    return [1, 2, 3].map((number) => stage.lettersOf(`child.${number}`)[0]);
  };

  test('D21 terminate/2: brutal_kill kills all', async () => {
    const stage = await openStage();
    expect(await three(stage, stage.child('child', { shutdown: 'brutal_kill' }))).toEqual(['K', 'K', 'K']);
  });

  test('D22 terminate/2: infinity stops all', async () => {
    const stage = await openStage();
    expect(await three(stage, stage.child('child', { shutdown: 'infinity' }))).toEqual(['S', 'S', 'S']);
  });

  test('D23 terminate/2: infinity keeps the codes they end with', async () => {
    const stage = await openStage();
    await three(stage, stage.child('child', { shutdown: 'infinity', does: answers('S(t)') }));
    expect([1, 2, 3].flatMap((number) => codeOf(stage, `child.${number}`))).toEqual([99, 99, 99]);
  });

  test('D24 terminate/2: a number of milliseconds stops all', async () => {
    const stage = await openStage();
    expect(await three(stage, stage.child('child', { shutdown: 1_000 }))).toEqual(['S', 'S', 'S']);
  });

  test('D25 terminate/2: a number of milliseconds keeps the codes they end with', async () => {
    const stage = await openStage();
    await three(stage, stage.child('child', { shutdown: 1_000, does: answers('S(t)') }));
    expect([1, 2, 3].flatMap((number) => codeOf(stage, `child.${number}`))).toEqual([99, 99, 99]);
  });

  test('D27 terminate/2: permanent ones that answer with a normal end are no fault', async () => {
    const stage = await openStage();
    await three(stage, stage.child('child', { does: answers('N') }));
    expect([1, 2, 3].flatMap((number) => codeOf(stage, `child.${number}`))).toEqual([0, 0, 0]);
  });
});

test('D26 terminate/2: of those with little time only who does not obey is killed', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({ strategy: 'dynamic' });
  // The list has 1 ms; a signal here takes up to some.
  await stage.run(supervisor.startChild(stage.child('a', { shutdown: 20 })));
  await stage.run(supervisor.startChild(stage.child('b', { shutdown: 20 })));
  await stage.run(supervisor.startChild(stage.stubborn('c', { shutdown: 20 })));
  await stage.run(supervisor.stop());
  expect(['a.1', 'b.2', 'c.3'].map((id) => stage.lettersOf(id)[0])).toEqual(['S', 'S', 'K']);
});

test('D28 terminate/2: those of infinity and of brutal_kill are mixed, and all are told at once', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({ strategy: 'dynamic' });
  const slow = { shutdown: 'infinity', does: programs.slowToStop(1_000) } as const;
  for (const id of ['a', 'b', 'c']) await stage.run(supervisor.startChild(stage.child(id, slow)));
  await stage.run(supervisor.startChild(stage.child('k', { shutdown: 'brutal_kill' })));
  const begun = stage.now;
  await stage.run(supervisor.stop());
  expect(['a.1', 'b.2', 'c.3', 'k.4'].map((id) => stage.lettersOf(id)[0])).toEqual(['S', 'S', 'S', 'K']);
  expect(stage.now - begun).toBeLessThan(1_200);
  expect(which(supervisor)).toBe('[]');
});

test('A6.51 simple_one_for_one_shutdown: dynamic children take their time side by side', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({ strategy: 'dynamic' });
  for (const [id, ms] of [
    ['a', 1_000],
    ['b', 1_000],
    ['c', 5_000],
  ] as const) {
    await stage.run(
      supervisor.startChild(stage.child(id, { shutdown: 2_000, does: programs.slowToStop(ms) })),
    );
  }
  const begun = stage.now;
  await stage.run(supervisor.stop());
  expect(stage.now - begun).toBeGreaterThan(2_000);
  expect(stage.now - begun).toBeLessThan(2_200);
  expect(['a.1', 'b.2', 'c.3'].map((id) => stage.lettersOf(id)[0])).toEqual(['S', 'S', 'K']);
});

test('A7.59 child_unlink: one that hides in a session of its own and ignores its stop is ended none the less', async () => {
  const stage = await openStage();
  const does = programs.both(programs.doubleForks(programs.ignoresTerm), programs.ignoresTerm);
  const supervisor = await stage.supervise({
    children: [stage.child('naughty', { does }), stage.child('b')],
  });
  expect(await stage.answer(supervisor.terminateChild('naughty'))).toBe('ok');
  expect(which(supervisor)).toBe('[{b,up},{naughty,undefined}]');
  expect(await stage.answer(supervisor.restartChild('naughty'))).toBe('ok');
});
