/** OTP's own supervisors and Reeve's, side by side: random trees and commands, and what is seen must be the same. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compare } from './otp/differential.ts';
import { Erlang, hasErlang } from './otp/erlang.ts';
import { sequences } from './otp/generate.ts';
import { SEED } from './seed.ts';

test('what Reeve makes of a tree is what OTP makes of it', { timeout: 120_000 }, async ({ skip }) => {
  if (!hasErlang()) {
    console.error('SKIPPED: no erl here, so Reeve is not compared with OTP. Install erlang-base.');
    skip('there is no erl to compare with');
  }
  const erlang = new Erlang();
  try {
    await fc.assert(
      fc.asyncProperty(sequences, async (sequence) => {
        const { mismatch } = await compare(sequence, erlang);
        expect(mismatch).toBe(undefined);
      }),
      { seed: SEED, numRuns: 500 },
    );
  } finally {
    await erlang.close();
  }
});
