/** OTP's restart types against every way to end, as a table. */
import { describe, expect, test } from 'vitest';
import { SpawnError } from '../../src/errors.ts';
import type { ExitReason } from '../../src/events.ts';
import { mustRestart } from '../../src/supervisor/restart.ts';

const error = new SpawnError('x', { phase: 'exec', code: 'ENOENT', errno: -2, message: 'not there' });

/** The end, and whether a transient child is started again after it. */
const ENDS: readonly [ExitReason, boolean][] = [
  [{ kind: 'normal' }, false],
  [{ kind: 'shutdown', code: null, signal: 'SIGTERM', forced: false }, false],
  [{ kind: 'shutdown', code: null, signal: 'SIGKILL', forced: true }, false],
  [{ kind: 'killed' }, true],
  [{ kind: 'crashed', code: 1, signal: null }, true],
  [{ kind: 'spawn-failed', error }, true],
  [{ kind: 'not-ready', detail: '', code: 0, signal: null }, true],
  [{ kind: 'forker-lost' }, true],
];

describe.each(ENDS)('after %o', (reason, transient) => {
  test('a permanent child is started again', () => expect(mustRestart('permanent', reason)).toBe(true));
  test('a temporary child is not', () => expect(mustRestart('temporary', reason)).toBe(false));
  test(`a transient child is ${transient ? '' : 'not '}started again`, () =>
    expect(mustRestart('transient', reason)).toBe(transient));
});
