/** The worker's machine alone: births that are cancelled or late, and what a lost forker does in each state. */
import { describe, expect, test } from 'vitest';
import { SpawnError } from '../../src/errors.ts';
import {
  cancelled,
  exited,
  finished,
  forkerLost,
  ready,
  spawned,
  startWorker,
  treeEmpty,
} from '../support/worker-actor.ts';

const error = new SpawnError('true', { phase: 'exec', code: 'ENOENT', errno: -2, message: 'not there' });
const failed = { type: 'process.unborn', reason: { kind: 'spawn-failed', error } } as const;
const log = { ready: { log: 'up' } } as const;
const SHUTDOWN = { kind: 'shutdown', code: null, signal: 'SIGTERM', forced: false };
const notReady = (detail: string, code: number | null, signal: string | null) => ({
  kind: 'not-ready',
  detail,
  code,
  signal,
});

test('a life without trouble: spawning, running, stopping, exited, each announced once', () => {
  const worker = startWorker();
  expect(worker.states()).toEqual(['spawning']);
  worker.tell(spawned);
  expect(worker.states()).toEqual(['spawning', 'running']);
  expect(worker.told.ready).toBe(1);
  worker.stop();
  worker.tell(exited(null, 'SIGTERM'));
  expect(worker.asked()).toEqual(['apply', 'finish']);
  expect(worker.outputs).toEqual([]); // its last output is still being read
  worker.tell(finished);
  expect(worker.outputs).toEqual([SHUTDOWN]);
  expect(worker.announced).toEqual([
    { state: 'spawning', pid: undefined },
    { state: 'running', pid: 77 },
    { state: 'stopping', pid: 77 },
    { state: 'exited', pid: 77 },
  ]);
});

describe('a stop before the operating system has answered', () => {
  test('asks for the birth to be cancelled, and waits for the answer however long it takes', () => {
    const worker = startWorker();
    worker.stop();
    expect(worker.asked()).toEqual(['cancel']);
    worker.pass(60 * 60_000);
    expect(worker.outputs).toEqual([]);
    worker.tell(cancelled);
    expect(worker.outputs).toEqual([{ kind: 'shutdown', code: null, signal: null, forced: false }]);
    expect(worker.states()).toEqual(['spawning', 'stopping', 'exited']);
  });

  test('ends a process that was born all the same', () => {
    const worker = startWorker();
    worker.stop();
    worker.tell(spawned);
    expect(worker.signals()).toEqual(['SIGTERM']);
    expect(worker.told.ready).toBe(0);
    worker.tell(exited(null, 'SIGTERM'), finished);
    expect(worker.outputs).toEqual([SHUTDOWN]);
  });

  test('and a failure to start is a failure to start', () => {
    const worker = startWorker();
    worker.stop();
    worker.tell(failed);
    expect(worker.outputs).toEqual([{ kind: 'spawn-failed', error }]);
    expect(worker.asked()).toEqual(['cancel']);
  });

  test('asked twice is asked once', () => {
    const worker = startWorker();
    worker.stop();
    worker.stop();
    expect(worker.asked()).toEqual(['cancel']);
  });
});

test('a failure to start ends it at once, without a stop plan', () => {
  const worker = startWorker();
  worker.tell(failed);
  expect(worker.outputs).toEqual([{ kind: 'spawn-failed', error }]);
  expect(worker.asked()).toEqual([]);
  expect(worker.states()).toEqual(['spawning', 'exited']);
});

describe('the time to start', () => {
  test('runs out before the operating system has answered: the birth is cancelled', () => {
    const worker = startWorker({ startTimeout: 300 });
    worker.pass(299);
    expect(worker.asked()).toEqual([]);
    worker.pass(1);
    expect(worker.asked()).toEqual(['cancel']);
    worker.tell(cancelled);
    expect(worker.outputs).toEqual([notReady('not within 300 ms', null, null)]);
  });

  test('runs out, and the process was born all the same: it is ended on its plan', () => {
    const worker = startWorker({ startTimeout: 300 });
    worker.pass(300);
    worker.tell(spawned, exited(null, 'SIGTERM'), finished);
    expect(worker.signals()).toEqual(['SIGTERM']);
    expect(worker.told.ready).toBe(0);
    expect(worker.outputs).toEqual([notReady('not within 300 ms', null, 'SIGTERM')]);
  });

  test('runs out before it is ready: it is ended on its plan', () => {
    const worker = startWorker({ ...log, startTimeout: 300, shutdown: 50 });
    worker.tell(spawned);
    expect(worker.asked()).toEqual(['watchReadiness']);
    worker.pass(299);
    expect(worker.states()).toEqual(['spawning']);
    worker.pass(1);
    expect(worker.signals()).toEqual(['SIGTERM']);
    worker.pass(50);
    expect(worker.signals()).toEqual(['SIGTERM', 'SIGKILL']);
    worker.tell(exited(null, 'SIGKILL'), finished);
    expect(worker.outputs).toEqual([notReady('not within 300 ms', null, 'SIGKILL')]);
    expect(worker.told.ready).toBe(0);
  });

  test('does not count any more once it is ready', () => {
    const worker = startWorker({ ...log, startTimeout: 300 });
    worker.tell(spawned);
    worker.pass(299);
    worker.tell(ready);
    worker.pass(10_000);
    expect(worker.states()).toEqual(['spawning', 'running']);
    expect(worker.signals()).toEqual([]);
  });

  test('does not change why it ends when it was stopped before', () => {
    const worker = startWorker({ startTimeout: 300 });
    worker.stop();
    worker.pass(300);
    worker.tell(cancelled);
    expect(worker.outputs).toEqual([{ kind: 'shutdown', code: null, signal: null, forced: false }]);
  });
});

describe('before it is ready', () => {
  test('its exit is a failure to get ready, whatever its code', () => {
    const worker = startWorker(log);
    worker.tell(spawned, exited(0), finished);
    expect(worker.outputs).toEqual([notReady('it ended with code 0 first', 0, null)]);
    expect(worker.told.ready).toBe(0);
  });

  test('its exit does not end what it left behind: the plan does', () => {
    const worker = startWorker(log);
    worker.tell(spawned, exited(null, 'SIGSEGV', 'left'));
    expect(worker.signals()).toEqual(['SIGTERM']);
    expect(worker.outputs).toEqual([]);
    worker.tell(treeEmpty, finished);
    expect(worker.outputs).toEqual([notReady('it was ended by SIGSEGV first', null, 'SIGSEGV')]);
  });

  test('a stop is a stop, not a failure', () => {
    const worker = startWorker(log);
    worker.tell(spawned);
    worker.stop();
    worker.tell(ready, exited(null, 'SIGTERM'), finished);
    expect(worker.outputs).toEqual([SHUTDOWN]);
    expect(worker.told.ready).toBe(0);
  });

  test('a verdict that it will never be is a failure to get ready', () => {
    const worker = startWorker(log);
    worker.tell(spawned, { type: 'process.unready', detail: 'no use' }, exited(null, 'SIGTERM'), finished);
    expect(worker.outputs).toEqual([notReady('no use', null, 'SIGTERM')]);
  });
});

describe('a forker that is lost', () => {
  const LOST = { kind: 'forker-lost' };
  const STOPPED = { kind: 'shutdown', code: null, signal: null, forced: false };

  test.each([
    ['while it gets ready', log, [spawned], LOST],
    ['while it runs', {}, [spawned], LOST],
    ['while it gets ready, before that was told', log, [], LOST],
  ] as const)('%s ends it, when nothing is left of it', (_, options, before, reason) => {
    const worker = startWorker(options);
    worker.tell(...before, forkerLost);
    worker.pass(60 * 60_000);
    worker.stop();
    expect(worker.outputs).toEqual([]);
    worker.tell(treeEmpty);
    expect(worker.asked().filter((type) => type !== 'watchReadiness')).toEqual(['finish']);
    worker.tell(finished);
    expect(worker.outputs).toEqual([reason]);
  });

  test('while it is being stopped ends the plan, but it was a stop', () => {
    const worker = startWorker();
    worker.tell(spawned);
    worker.stop();
    worker.tell(forkerLost);
    worker.pass(60 * 60_000);
    expect(worker.signals()).toEqual(['SIGTERM']);
    worker.tell(treeEmpty, finished);
    expect(worker.outputs).toEqual([STOPPED]);
  });

  test('after its leader was dead does not make its exit another', () => {
    const worker = startWorker();
    worker.tell(spawned, exited(3, null, 'left'), forkerLost, treeEmpty, finished);
    expect(worker.outputs).toEqual([{ kind: 'crashed', code: 3, signal: null }]);
  });

  test('while its birth is being cancelled is told as a failure to start', () => {
    const worker = startWorker();
    worker.stop();
    worker.tell(failed);
    expect(worker.outputs).toEqual([{ kind: 'spawn-failed', error }]);
  });
});
