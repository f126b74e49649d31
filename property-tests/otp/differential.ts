/** One sequence on both sides. */
import { type Circumstances, difference } from './compare.ts';
import type { Erlang, OtpStep } from './erlang.ts';
import { Reeve } from './reeve.ts';
import type { Sequence } from './sequence.ts';
import type { Applied, Step } from './step.ts';

export interface Outcome {
  /** How many commands were carried out, the start and the stop included. */
  readonly commands: number;
  /** What differs, and after which command; undefined when nothing does. */
  readonly mismatch: string | undefined;
}

/** OTP's side says what was done; the other does the same. */
export async function compare(sequence: Sequence, erlang: Erlang): Promise<Outcome> {
  const steps = await erlang.live(sequence);
  const reeve = new Reeve(sequence);
  const strategyOf = (path: string) => reeve.strategyOf(path);
  let done: { otp: Step; reeve: Step; applied: readonly Applied[] } | undefined;
  for (const step of steps) {
    const own = await reeve.do(step.applied);
    done = {
      otp: join(done?.otp, step),
      reeve: join(done?.reeve, own),
      applied: [...(done?.applied ?? []), step.applied],
    };
    // As long as a start waits, OTP's supervisor does nothing else, and a supervisor of independent children here does.
    if (step.gates.length > 0) continue;
    const about: Circumstances = { strategyOf, isCrowded: isCrowded(done.applied) };
    const found = difference(done.otp, done.reeve, about);
    if (found !== undefined) {
      const what = done.applied.map((applied) => tell(applied, sequence)).join(', ');
      return { commands: steps.length, mismatch: `after ${what}: ${found}` };
    }
    done = undefined;
  }
  return { commands: steps.length, mismatch: undefined };
}

function join(before: Step | undefined, step: Step): Step {
  if (before === undefined) return step;
  return {
    ...step,
    entries: [...before.entries, ...step.entries],
    outcomes: new Map([...before.outcomes, ...step.outcomes]),
  };
}

const isCrowded = (applied: readonly Applied[]): boolean =>
  applied.length > 1 || applied.some((one) => one.do === 'die' && one.deaths.length > 1);

function tell(applied: OtpStep['applied'], { commands }: Sequence): string {
  return JSON.stringify(applied.do === 'call' ? commands[applied.number - 1] : applied);
}
