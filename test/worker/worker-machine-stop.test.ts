/** The worker's machine alone: the stop plan on a clock, and leaders that die before what they started. */
import { describe, expect, test } from 'vitest';
import { exited, finished, spawned, startWorker, treeEmpty } from '../support/worker-actor.ts';

const DAY_MS = 24 * 60 * 60_000;

function running(options: Parameters<typeof startWorker>[0] = {}) {
  const worker = startWorker(options);
  worker.tell(spawned);
  return worker;
}

describe('the stages', () => {
  test('follow one another, each after its time and not before', () => {
    const worker = running();
    worker.stop();
    expect(worker.signals()).toEqual(['SIGTERM']);
    worker.pass(9_999);
    expect(worker.signals()).toEqual(['SIGTERM']);
    worker.pass(1);
    expect(worker.signals()).toEqual(['SIGTERM', 'SIGTERM']);
    worker.pass(4_999);
    expect(worker.signals()).toEqual(['SIGTERM', 'SIGTERM']);
    worker.pass(1);
    expect(worker.signals()).toEqual(['SIGTERM', 'SIGTERM', 'SIGKILL']);
    expect(worker.told.lingers).toBe(0);
  });

  test('repeat SIGKILL at last, and say that it lingers', () => {
    const worker = running({ shutdown: 'brutal_kill' });
    worker.stop();
    worker.pass(5_000);
    worker.pass(5_000);
    expect(worker.signals()).toEqual(['SIGKILL', 'SIGKILL', 'SIGKILL']);
    expect(worker.told.lingers).toBe(2);
    worker.tell(exited(null, 'SIGKILL'), finished);
    expect(worker.outputs).toEqual([{ kind: 'shutdown', code: null, signal: 'SIGKILL', forced: true }]);
  });

  test('carry all that they say', () => {
    const worker = running({
      shutdown: [
        { closeStdin: true, wait: 10 },
        { signal: 'SIGINT', wait: 20 },
      ],
    });
    worker.stop();
    worker.pass(10);
    worker.pass(20);
    expect(worker.commands).toEqual([
      { type: 'apply', stage: { closeStdin: true, wait: 10 } },
      { type: 'apply', stage: { signal: 'SIGINT', closeStdin: false, wait: 20 } },
      { type: 'apply', stage: { signal: 'SIGKILL', wait: 5_000 } },
    ]);
  });

  test("'infinity' never goes on", () => {
    const worker = running({ shutdown: 'infinity' });
    worker.stop();
    for (let day = 0; day < 100; day += 1) worker.pass(DAY_MS);
    expect(worker.signals()).toEqual(['SIGTERM']);
    expect(worker.told.lingers).toBe(0);
    worker.tell(exited(0), finished);
    expect(worker.outputs).toEqual([{ kind: 'shutdown', code: 0, signal: null, forced: false }]);
  });

  test('end with the worker', () => {
    const worker = running();
    worker.stop();
    worker.tell(exited(null, 'SIGTERM'));
    worker.pass(DAY_MS);
    expect(worker.signals()).toEqual(['SIGTERM']);
  });

  test('are not begun again by a second stop', () => {
    const worker = running();
    worker.stop();
    worker.pass(9_000);
    worker.stop();
    worker.pass(1_000);
    expect(worker.signals()).toEqual(['SIGTERM', 'SIGTERM']);
  });
});

test.each([
  ['the first SIGTERM', [], false],
  ['the second SIGTERM', [10_000], false],
  ['SIGKILL', [10_000, 5_000], true],
])('an end after %s is told as forced, or not', (_, waits, forced) => {
  const worker = running();
  worker.stop();
  for (const wait of waits) worker.pass(wait);
  worker.tell(exited(null, 'SIGKILL'), finished);
  expect(worker.outputs).toEqual([{ kind: 'shutdown', code: null, signal: 'SIGKILL', forced }]);
});

describe('a leader that exits first', () => {
  test.each([
    ['by itself', exited(0, null, 'left'), { kind: 'normal' }],
    ['by a crash', exited(9, null, 'left'), { kind: 'crashed', code: 9, signal: null }],
    ['by SIGKILL', exited(null, 'SIGKILL', 'left'), { kind: 'killed' }],
  ])('%s does not take the plan with it: what is left is ended', (_, exit, reason) => {
    const worker = running({ shutdown: 100 });
    worker.tell(exit);
    expect(worker.states()).toEqual(['spawning', 'running', 'stopping']);
    expect(worker.signals()).toEqual(['SIGTERM']);
    worker.pass(100);
    expect(worker.signals()).toEqual(['SIGTERM', 'SIGKILL']);
    worker.stop(); // too late to be why
    expect(worker.outputs).toEqual([]);
    worker.tell(treeEmpty, finished);
    expect(worker.outputs).toEqual([reason]);
  });

  test('during the stop does not end the plan either', () => {
    const worker = running({ shutdown: 100 });
    worker.stop();
    worker.tell(exited(0, null, 'left'));
    expect(worker.asked()).toEqual(['apply']);
    worker.pass(100);
    expect(worker.signals()).toEqual(['SIGTERM', 'SIGKILL']);
    worker.tell(treeEmpty, finished);
    expect(worker.outputs).toEqual([{ kind: 'shutdown', code: 0, signal: null, forced: true }]);
  });
});

test('what is told after the end changes nothing: it exits once', () => {
  const worker = running();
  worker.stop();
  worker.tell(exited(0), finished, finished, exited(1), treeEmpty, spawned);
  worker.stop();
  worker.pass(DAY_MS);
  expect(worker.outputs).toHaveLength(1);
  expect(worker.states().filter((state) => state === 'exited')).toHaveLength(1);
  expect(worker.told.ready).toBe(1);
});
