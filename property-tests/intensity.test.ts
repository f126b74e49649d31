/** OTP's restart intensity, against a count over all restarts there ever were (restarts-within-intensity). */
import fc from 'fast-check';
import { List } from 'immutable';
import { expect, test } from 'vitest';
import { addRestart } from '../src/supervisor/intensity.ts';
import { SEED } from './seed.ts';

/** How many of all restarts lie not longer than `period` before `now`. */
const within = (all: readonly number[], now: number, period: number): number =>
  all.filter((then) => now - then <= period).length;

test('a supervisor gives up exactly when more than `intensity` restarts fall into one period', () => {
  const gaps = fc.array(fc.oneof(fc.nat({ max: 5 }), fc.nat({ max: 100 })), { maxLength: 60 });
  fc.assert(
    fc.property(gaps, fc.nat({ max: 6 }), fc.integer({ min: 1, max: 120 }), (waits, intensity, period) => {
      const all: number[] = [];
      let window = List<number>();
      let now = 1_000;
      for (const wait of waits) {
        now += wait;
        all.push(now);
        window = addRestart(window, now, { intensity, period });
        expect(window.size > intensity).toBe(within(all, now, period) > intensity);
        if (window.size > intensity) return; // it gave up
        expect(window.size).toBeLessThanOrEqual(intensity); // bounded
      }
    }),
    { seed: SEED, numRuns: 2_000 },
  );
});

test('a restart exactly one period ago still counts, one a millisecond older does not', () => {
  const limits = { intensity: 1, period: 5_000 };
  expect([...addRestart(List([0]), 5_000, limits)]).toEqual([0, 5_000]);
  expect([...addRestart(List([0]), 5_001, limits)]).toEqual([5_001]);
});
