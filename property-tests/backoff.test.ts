/** How long a failing child waits: exponential, inside its cap, forgotten when it was stable. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Backoff, countFailure, restartDelay } from '../src/supervisor/backoff.ts';
import { SEED } from './seed.ts';

const backoffs = fc
  .record({
    initial: fc.integer({ min: 0, max: 10_000 }),
    more: fc.integer({ min: 0, max: 100_000 }),
    factor: fc.double({ min: 1, max: 100, noNaN: true }),
    jitter: fc.double({ min: 0, max: 1, noNaN: true }),
    resetAfter: fc.integer({ min: 0, max: 100_000 }),
  })
  .map(({ more, ...rest }): Backoff => ({ ...rest, max: rest.initial + more }));
const chances = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test('a wait is never longer than the cap, nor shorter than what jitter may take of it', () => {
  fc.assert(
    fc.property(backoffs, fc.integer({ min: 1, max: 10_000 }), chances, (backoff, failures, chance) => {
      const full = restartDelay({ ...backoff, jitter: 0 }, failures, chance);
      const delay = restartDelay(backoff, failures, chance);
      expect(delay).toBeLessThanOrEqual(full);
      expect(full).toBeLessThanOrEqual(backoff.max);
      expect(delay).toBeGreaterThanOrEqual(Math.floor(full * (1 - backoff.jitter)));
      expect(Number.isInteger(delay)).toBe(true);
    }),
    { seed: SEED, numRuns: 2_000 },
  );
});

test('without jitter each wait is so many times the one before, until the cap', () => {
  const backoff: Backoff = { initial: 100, max: 1_000, factor: 2, jitter: 0, resetAfter: 5_000 };
  const waits = [1, 2, 3, 4, 5, 6].map((failures) => restartDelay(backoff, failures, 0.5));
  expect(waits).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  expect(restartDelay(backoff, 5_000, 0.5)).toBe(1_000); // the power is infinite by then
});

test('failures count up, and from the beginning after a stable time', () => {
  fc.assert(
    fc.property(backoffs, fc.nat({ max: 100 }), fc.nat({ max: 200_000 }), (backoff, failures, readyFor) => {
      const counted = countFailure(backoff, failures, readyFor);
      expect(counted).toBe(readyFor >= backoff.resetAfter ? 1 : failures + 1);
    }),
    { seed: SEED, numRuns: 500 },
  );
});
