/** Why a worker ended, as a table; and the same in words. */
import { describe, expect, test } from 'vitest';
import { SpawnError } from '../../src/errors.ts';
import type { ExitReason } from '../../src/events.ts';
import { describeExit, type Ending, exitReason } from '../../src/worker/exit-reason.ts';

const itself: Ending = { by: 'itself' };
const stop: Ending = { by: 'stop', forced: false };
const forced: Ending = { by: 'stop', forced: true };
const unready: Ending = { by: 'unready', detail: 'why' };
const lost: Ending = { by: 'forker-lost' };

test.each<[Ending, number | null, string | null, ExitReason]>([
  [itself, 0, null, { kind: 'normal' }],
  [itself, 1, null, { kind: 'crashed', code: 1, signal: null }],
  [itself, 137, null, { kind: 'crashed', code: 137, signal: null }],
  [itself, null, 'SIGSEGV', { kind: 'crashed', code: null, signal: 'SIGSEGV' }],
  [itself, null, 'SIGTERM', { kind: 'crashed', code: null, signal: 'SIGTERM' }],
  [itself, null, 'SIGKILL', { kind: 'killed' }],
  [stop, 0, null, { kind: 'shutdown', code: 0, signal: null, forced: false }],
  [stop, 3, null, { kind: 'shutdown', code: 3, signal: null, forced: false }],
  [stop, null, 'SIGTERM', { kind: 'shutdown', code: null, signal: 'SIGTERM', forced: false }],
  [stop, null, 'SIGKILL', { kind: 'shutdown', code: null, signal: 'SIGKILL', forced: false }],
  [forced, null, 'SIGKILL', { kind: 'shutdown', code: null, signal: 'SIGKILL', forced: true }],
  [unready, 0, null, { kind: 'not-ready', detail: 'why', code: 0, signal: null }],
  [unready, null, 'SIGKILL', { kind: 'not-ready', detail: 'why', code: null, signal: 'SIGKILL' }],
  [lost, null, null, { kind: 'forker-lost' }],
  [lost, 0, null, { kind: 'forker-lost' }],
])('%o with code %s and signal %s', (ending, code, signal, reason) => {
  expect(exitReason(ending, code, signal)).toEqual(reason);
});

describe('in words', () => {
  const error = new SpawnError('nope', { phase: 'exec', code: 'ENOENT', errno: -2, message: 'not there' });

  test.each<[ExitReason, string]>([
    [{ kind: 'normal' }, 'ended by itself with code 0'],
    [{ kind: 'shutdown', code: 0, signal: null, forced: false }, 'was stopped'],
    [{ kind: 'shutdown', code: null, signal: 'SIGKILL', forced: true }, 'was stopped by SIGKILL'],
    [
      { kind: 'shutdown', code: null, signal: 'SIGTERM', forced: true },
      'was stopped, what it left by SIGKILL',
    ],
    [{ kind: 'killed' }, 'was killed (SIGKILL) by somebody else'],
    [{ kind: 'crashed', code: 3, signal: null }, 'ended with code 3'],
    [{ kind: 'crashed', code: null, signal: 'SIGSEGV' }, 'was ended by SIGSEGV'],
    [{ kind: 'spawn-failed', error }, "cannot start 'nope' (exec): not there"],
    [
      { kind: 'not-ready', detail: 'not within 5 ms', code: null, signal: null },
      'was not ready: not within 5 ms',
    ],
    [{ kind: 'forker-lost' }, 'was ended because the forker had died'],
  ])('%o', (reason, words) => {
    expect(describeExit(reason)).toBe(words);
  });
});
