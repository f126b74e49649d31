/** Many sequences on both sides, all from one seed. */
import fc from 'fast-check';
import { compare } from './otp/differential.ts';
import type { Erlang } from './otp/erlang.ts';
import { sequences } from './otp/generate.ts';
import { SEED } from './seed.ts';

export interface Report {
  readonly sequences: number;
  /** How many commands were carried out, the starts and stops of the trees included. */
  readonly commands: number;
  readonly mismatches: readonly string[];
}

export async function campaign(count: number, erlang: Erlang): Promise<Report> {
  let commands = 0;
  const mismatches: string[] = [];
  const property = fc.asyncProperty(sequences, async (sequence) => {
    const outcome = await compare(sequence, erlang);
    commands += outcome.commands;
    if (outcome.mismatch !== undefined) mismatches.push(outcome.mismatch);
  });
  await fc.assert(property, { seed: SEED, numRuns: count });
  return { sequences: count, commands, mismatches };
}

/** The first sequence of a campaign that is not the same on both sides, as short as it gets. */
export async function shortest(count: number, erlang: Erlang): Promise<string> {
  const property = fc.asyncProperty(
    sequences,
    async (sequence) => (await compare(sequence, erlang)).mismatch === undefined,
  );
  const { counterexample } = await fc.check(property, { seed: SEED, numRuns: count });
  if (counterexample === null) return 'none';
  const { mismatch } = await compare(counterexample[0], erlang);
  return `${JSON.stringify(counterexample[0])}\n${mismatch}`;
}
