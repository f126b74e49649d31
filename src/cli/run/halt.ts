/** `--halt`: when a run ends before all is done, and with which exit code, as GNU parallel has it. */
import { OptionsError } from '../../errors.ts';

export interface Halt {
  /** `soon`: no more are begun · `now`: those that run are ended, too. */
  readonly when: 'soon' | 'now';
  readonly why: 'fail' | 'success' | 'done';
  readonly limit: number;
  /** The limit is a share of all tasks, in percent. */
  readonly isPercent: boolean;
}

/** What has ended so far. */
export interface Ends {
  readonly ok: number;
  readonly failed: number;
}

/** More failures than an exit code tells. */
export const MANY_FAILED = 101;

/** Undefined for `never`. Throws an `OptionsError`. */
export function parseHalt(text: string): Halt | undefined {
  if (text === 'never') return undefined;
  const match = /^(soon|now),(fail|success|done)=([1-9]\d*)(%)?$/.exec(text);
  const limit = Number(match?.[3]);
  if (match === null || (match[4] === '%' && limit > 100))
    throw new OptionsError(
      '--halt',
      `expected never, soon,fail=1, now,success=3, soon,done=20% or the like, got '${text}'`,
    );
  return { when: match[1] as Halt['when'], why: match[2] as Halt['why'], limit, isPercent: match[4] === '%' };
}

/** @param total of all tasks; it is known when the limit is a share */
export function isReached({ why, limit, isPercent }: Halt, { ok, failed }: Ends, total: number): boolean {
  const count = { fail: failed, success: ok, done: ok + failed }[why];
  return count > 0 && (isPercent ? count * 100 >= limit * total : count >= limit);
}

/** When the limit is reached. @param last the exit code of the task that reached it */
export function haltExitCode(
  { why, limit, isPercent }: Halt,
  { failed }: Ends,
  total: number,
  last: number,
): number {
  if (why === 'success') return 0;
  if (isPercent) return Math.ceil((failed * 100) / total);
  return limit === 1 ? last : Math.min(failed, MANY_FAILED);
}
