/** What comes between: deaths, calls and stops while something else is under way. */
import { expect, test } from 'vitest';
import { LATE_MS, openStage, type Stage, which } from '../../support/conformance.ts';

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
  const starting = stage.answer(supervisor.startChild(inner));
  await stage.settle();
  const begun = stage.now;
  await stage.run(supervisor.stop());
  expect(await starting).toBe('noproc');
  expect(stage.now - begun).toBeLessThan(100);
  expect([stage.isAlive('first'), stage.isAlive('deep')]).toEqual([false, false]);
});

test('a new configuration is applied to all, even if one of the first fails to start', async () => {
  const stage = await openStage();
  const supervisor = await stage.supervise({ intensity: 100, children: children(stage, 'a', 'b', 'c') });
  stage.next('a', 'dies late');
  const reconfigured = children(stage, 'a', 'b', 'c', 'd');
  await stage.run(supervisor.reconfigure({ intensity: 100, children: reconfigured }, { apply: true }));
  await stage.pass(2 * LATE_MS);
  expect(which(supervisor)).toBe('[{d,up},{c,up},{b,up},{a,up}]');
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
  ].map((call) => stage.answer(call));
  // The attempt fails; what waited comes before the next, as in a mailbox.
  expect(await Promise.all(answers)).toEqual(['ok', 'ok', 'ok', 'running', 'running']);
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
