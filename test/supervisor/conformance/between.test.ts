/** What comes between: deaths, calls and stops while something else is under way. */
import { expect, test } from 'vitest';
import { answerOf, openStage, type Stage, which } from '../../support/conformance.ts';

const children = (stage: Stage, ...ids: string[]) => ids.map((id) => stage.child(id));

test('after G13, in rest_for_one: one before it that dies meanwhile is restarted afterwards, with all after it', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({
    strategy: 'rest_for_one',
    children: children(stage, 'a', 'b', 'd'),
  });
  stage.kill('b', 'A');
  await stage.pass(3);
  stage.kill('a', 'A');
  await stage.settle();
  expect(stage.trace.slice(3)).toEqual([
    '{die,b,1,boom}',
    '{die,a,1,boom}',
    '{stop,d,1,shutdown}',
    '{start,b,2}',
    '{start,d,2}',
    '{stop,d,2,shutdown}',
    '{stop,b,2,shutdown}',
    '{start,a,2}',
    '{start,b,3}',
    '{start,d,3}',
  ]);
  expect(which(supervisor)).toBe('[{d,up},{b,up},{a,up}]');
});

test('a group that waits for a backoff is restarted at once by the crash of one that a call has brought back', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({
    strategy: 'one_for_all',
    children: [stage.child('a', { backoff: { initial: 10_000, jitter: 0 } }), stage.child('b')],
  });
  await stage.dies('a', 'A');
  expect(which(supervisor)).toBe('[{b,undefined},{a,restarting}]');
  expect(await stage.answer(supervisor.restartChild('b'))).toBe('ok');
  await stage.dies('b', 'A');
  expect(which(supervisor)).toBe('[{b,up},{a,up}]');
  const { length } = stage.trace;
  await stage.pass(20_000);
  expect(stage.since(length)).toEqual([]);
});

test('F9 a child that waits for its backoff has its place among those that there may be', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({ strategy: 'dynamic', maxChildren: 1 });
  const child = stage.child('w', { backoff: { initial: 10_000 } });
  await stage.run(supervisor.startChild(child));
  await stage.dies('w.1', 'A');
  expect(which(supervisor)).toBe('[{w.1,restarting}]');
  expect(await stage.answer(supervisor.startChild(child))).toBe('max_children');
});

test('a supervisor below another that does not end in time is ended by SIGKILL, as a worker is', async () => {
  const stage = await openStage();
  const inner = { id: 'in', shutdown: 1_000, children: [stage.stubborn('deep', { shutdown: 'infinity' })] };
  const supervisor = await stage.supervise({ children: [stage.child('a'), inner] });
  const begun = stage.now;
  expect(await stage.answer(supervisor.terminateChild('in'))).toBe('ok');
  expect(stage.now - begun).toBeGreaterThan(1_000);
  expect(stage.now - begun).toBeLessThan(1_200);
  expect([stage.lettersOf('in'), stage.lettersOf('deep')]).toEqual([['K'], ['K']]);
  expect(which(supervisor)).toBe('[{in,undefined},{a,up}]');
});

test('so it is when it was about to end by itself when it was told to', async () => {
  const stage = await openStage();
  const deep = [stage.child('b'), stage.stubborn('deep', { shutdown: 'infinity' })];
  const inner = { id: 'in', shutdown: 1_000, intensity: 0, children: deep };
  const supervisor = await stage.supervise({ children: [stage.child('a'), inner] });
  await stage.dies('b', 'A');
  const begun = stage.now;
  await stage.run(supervisor.stop());
  expect(stage.now - begun).toBeGreaterThan(1_000);
  expect(stage.now - begun).toBeLessThan(1_200);
  expect(stage.isAlive('deep')).toBe(false);
});

test('a supervisor below another that is not needed is kept, and can be started by a call', async () => {
  const stage = await openStage();
  let needed = false;
  const start = () => (needed ? { intensity: 7 } : ('ignore' as const));
  const inner = { id: 'in', start, children: [stage.child('deep')] };
  const supervisor = await stage.supervise({ children: [stage.child('a'), inner] });
  expect(which(supervisor)).toBe('[{in,undefined},{a,up}]');
  needed = true;
  expect(await stage.answer(supervisor.restartChild('in'))).toBe('ok');
  expect(which(supervisor.supervisor('in'))).toBe('[{deep,up}]');
  needed = false;
  await stage.run(supervisor.supervisor('in').stop());
  await stage.settle();
  expect(which(supervisor)).toBe('[{in,undefined},{a,up}]');
});

test('a supervisor that is told to end gives up starts that are under way below it', async () => {
  const stage = await openStage();
  stage.always('deep', 'hangs');
  const supervisor = await stage.supervise({ children: [] });
  const inner = { id: 'in', children: [stage.child('first'), stage.child('deep')] };
  const starting = answerOf(supervisor.startChild(inner));
  await stage.settle();
  const begun = stage.now;
  await stage.run(supervisor.stop());
  expect(await stage.run(starting)).toBe('noproc');
  expect(stage.now - begun).toBeLessThan(100);
  expect([stage.isAlive('first'), stage.isAlive('deep')]).toEqual([false, false]);
});

test('a new configuration is applied to all, even if one of the first fails to start', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({ intensity: 100, children: children(stage, 'a', 'b', 'c') });
  stage.next('a', 'dies late');
  const reconfigured = children(stage, 'a', 'b', 'c', 'd');
  const applied = supervisor.reconfigure({ intensity: 100, children: reconfigured }, { apply: true });
  await expect(stage.run(applied)).rejects.toMatchObject({ code: 'ERR_REEVE_START', path: 's/a' });
  expect(which(supervisor)).toBe('[{d,up},{c,up},{b,up},{a,undefined}]'); // it is kept, as by restartChild
});

test('calls that wait while a group is restarted are answered in their order when it is done', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({ strategy: 'one_for_all', children: children(stage, 'a', 'b') });
  stage.next('b', 'dies late');
  stage.kill('a', 'A');
  await stage.settle();
  const answers = [
    supervisor.terminateChild('b'),
    supervisor.deleteChild('b'),
    supervisor.startChild(stage.child('b')),
    supervisor.restartChild('b'),
    supervisor.deleteChild('a'),
  ].map(answerOf);
  // The attempt fails; what waited comes before the next, as in a mailbox.
  expect(await stage.run(Promise.all(answers))).toEqual(['ok', 'ok', 'ok', 'running', 'running']);
  expect(which(supervisor)).toBe('[{b,up},{a,up}]');
});

test('after G13: the death of a sibling that its group has taken in is forgotten, though the restart fails', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({
    strategy: 'one_for_all',
    autoShutdown: 'any_significant',
    children: [
      stage.child('a'),
      stage.child('b', { restart: 'transient', significant: true }),
      stage.child('d'),
    ],
  });
  stage.next('a', 'error');
  stage.kill('a', 'A');
  stage.kill('b', 'N');
  await stage.settle();
  expect(stage.trace.slice(3)).toEqual([
    '{die,a,1,boom}',
    '{die,b,1,normal}',
    '{stop,d,1,shutdown}',
    '{start_fail,a,2}',
    '{start,a,3}',
    '{start,b,2}',
    '{start,d,2}',
  ]);
  const decided = stage.events.filter(({ type }) => type === 'supervisor.decided');
  expect(decided).toMatchObject([{ path: 's/a' }, { path: 's/a' }]);
  expect(which(supervisor)).toBe('[{d,up},{b,up},{a,up}]');
});

test('a crash and a call that ends the same child at the same moment end it once', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({ children: children(stage, 'a', 'b') });
  stage.kill('a', 'A');
  expect(await stage.answer(supervisor.terminateChild('a'))).toBe('ok');
  await stage.settle();
  expect(which(supervisor)).toBe('[{b,up},{a,undefined}]');
  expect(stage.events.filter(({ type }) => type === 'supervisor.decided')).toEqual([]);
});

test('one of a group that crashes again while the others start is restarted with them once more', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({ strategy: 'one_for_all', children: children(stage, 'a', 'b') });
  stage.next('b', 'hangs');
  await stage.dies('b', 'A');
  stage.always('b', 'ok');
  // `a` is up for the second time, `b` is on its way.
  stage.kill('a', 'A');
  await stage.settle();
  stage.kill('b', 'A');
  await stage.settle();
  expect(which(supervisor)).toBe('[{b,up},{a,up}]');
  expect(stage.trace.slice(2)).toEqual([
    '{die,b,1,boom}',
    '{stop,a,1,shutdown}',
    '{start,a,2}',
    '{die,a,2,boom}',
    '{start_fail,b,2}',
    '{start,a,3}',
    '{start,b,3}',
  ]);
});

test.each([
  { strategy: 'one_for_one' },
  { strategy: 'one_for_one', ordered: false },
  { strategy: 'one_for_all' },
  { strategy: 'rest_for_one' },
] as const)(
  'with %o a significant child that is done before all have started ends the supervisor when they have',
  async (options) => {
    const stage = await openStage();
    stage.next('late', 'ok late');
    const starting = stage.host.supervise({
      id: 's',
      ...options,
      autoShutdown: 'any_significant',
      children: [stage.child('early', { restart: 'transient', significant: true }), stage.child('late')],
    });
    await stage.settle();
    stage.kill('early', 'N');
    const supervisor = await stage.run(starting);
    expect(await stage.run(supervisor.stopped)).toMatchObject({ kind: 'auto-shutdown', path: 's/early' });
    expect(stage.trace).toEqual([
      '{start,early,1}',
      '{die,early,1,normal}',
      '{start,late,1}',
      '{stop,late,1,shutdown}',
    ]);
  },
);

test('so it is below another, which is not taken for a start that has failed', async () => {
  const stage = await openStage();
  stage.next('late', 'ok late');
  const early = stage.child('early', { restart: 'transient', significant: true });
  const inner = {
    id: 'in',
    autoShutdown: 'any_significant',
    children: [early, stage.child('late')],
  } as const;
  const starting = stage.host.supervise({
    id: 's',
    children: [stage.child('a'), { ...inner, restart: 'transient' }],
  });
  await stage.settle();
  stage.kill('early', 'N');
  const supervisor = await stage.run(starting);
  await stage.settle();
  expect(which(supervisor)).toBe('[{in,undefined},{a,up}]');
  expect(stage.endsOf('in')).toMatchObject([{ kind: 'auto-shutdown', path: 's/in/early' }]);
});

test('what a start function of a supervisor has to say is handed on as well', async () => {
  const stage = await openStage();
  const start = ({ starts }: { readonly starts: number }) => ({ info: `start ${starts}` });
  const supervisor = await stage.supervise({ children: [{ id: 'in', start, children: [] }] });
  expect(supervisor.whichChild('in')!.info).toBe('start 1');
  await stage.run(supervisor.terminateChild('in'));
  expect(await stage.run(supervisor.restartChild('in'))).toMatchObject({ info: 'start 2' });
});

test('a start function that does not answer has the time of the start, and hears when nobody waits any more', async () => {
  const stage = await openStage();
  const signals: AbortSignal[] = [];
  const start = ({ signal }: { readonly signal: AbortSignal }) => {
    signals.push(signal);
    return new Promise<undefined>(() => {});
  };
  const supervisor = await stage.supervise({ children: [] });
  const timed = supervisor.startChild(stage.child('a', { start, startTimeout: 500 }));
  expect(await stage.answer(timed)).toBe('start_failed');
  const given = answerOf(supervisor.startChild(stage.child('b', { start })));
  await stage.settle();
  expect(await stage.answer(supervisor.terminateChild('b'))).toBe('ok');
  expect(await stage.run(given)).toBe('start_failed');
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
});
