/** Run IDs: when a run began, and something that nobody else has. */
import { describe, expect, test } from 'vitest';
import { nodeOs } from '../../src/os/node-os.ts';
import type { Clock, Random } from '../../src/os/os.ts';
import { beganAt, isRunId, newRunId } from '../../src/registry/run-id.ts';
import { parseRunName } from '../../src/registry/run-paths.ts';

const clockAt = (now: number, monotonic: number): Clock => ({
  now: () => now,
  monotonic: () => monotonic,
  setTimeout: () => undefined,
  clearTimeout: () => undefined,
  soon: (action: () => void) => action(),
  turn: async () => {},
});
const zeros: Random = { bytes: (count) => new Uint8Array(count) };

describe('a new run ID', () => {
  test('is the microsecond of its birth and twelve letters', () => {
    expect(newRunId(clockAt(1_700_000_000_123, 5.456), zeros)).toMatch(/^1700000000123456_[a-z0-9]{12}$/);
  });

  test('tells when the run began', () => {
    expect(beganAt(newRunId(clockAt(1_700_000_000_123, 7), zeros))).toBe(1_700_000_000_123);
  });

  test('is unlike every other of the same microsecond', () => {
    const clock = clockAt(1_700_000_000_123, 1);
    const { random } = nodeOs();
    const ids = Array.from({ length: 2_000 }, () => newRunId(clock, random));
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => !isRunId(id))).toEqual([]);
  });

  test('uses every letter about as often as the others', () => {
    const { random } = nodeOs();
    const counts = new Map<string, number>();
    for (let round = 0; round < 3_000; round += 1) {
      for (const letter of newRunId(clockAt(1, 1), random).split('_')[1]!) {
        counts.set(letter, (counts.get(letter) ?? 0) + 1);
      }
    }
    expect(counts.size).toBe(36);
    // 1,000 of each are expected; 250 more or less are eight standard deviations.
    expect(Math.min(...counts.values())).toBeGreaterThan(750);
    expect(Math.max(...counts.values())).toBeLessThan(1_250);
  });

  test('can stand in a file name, and is found in it again', () => {
    const id = newRunId(clockAt(1_700_000_000_123, 1), nodeOs().random);
    expect(parseRunName(`${id}.json`)).toEqual({ runId: id, kind: 'file' });
    expect(parseRunName(`${id}.sock`)).toEqual({ runId: id, kind: 'socket' });
    expect(parseRunName(`${id}.fifos`)).toEqual({ runId: id, kind: 'fifos' });
    expect(parseRunName(`${id}.json.17.tmp`)).toEqual({ runId: id, kind: 'temporary' });
  });
});

describe('what is no run ID', () => {
  test.each(['', '1', '_a', '1_', '1_A', '1_a_b', 'x_a', '1_a/..', '../1_a', '1_a\n', `1_${'a'.repeat(65)}`])(
    '%j',
    (text) => {
      expect(isRunId(text)).toBe(false);
    },
  );

  test.each([
    '1_a.json.bak',
    '.json',
    '1_a',
    'lock',
    '1_a.json.tmp',
    '1_A.json',
    '../1_a.json',
    '1_a.json\n',
  ])('nor does a file called %j belong to a run', (name) => {
    expect(parseRunName(name)).toBeUndefined();
  });
});
