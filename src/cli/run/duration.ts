/** Durations as they are written on the command line. */
import { OptionsError } from '../../errors.ts';

const MILLISECONDS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
const LONGEST_MS = 2 ** 31 - 1;
/** Of the time that all tasks take if each takes all of its own. */
const AUTO_TIMES = 1.5;

/** `30` is seconds; `500ms`, `1.5s`, `2m`, `1h`. Returns milliseconds; throws an `OptionsError`. @param least of them */
export function parseDuration(text: string, option: string, least = 1): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text);
  if (match === null)
    throw new OptionsError(option, `expected a duration such as 30, 500ms, 2m or 1h, got '${text}'`);
  const ms = Math.round(Number(match[1]) * MILLISECONDS[(match[2] ?? 's') as keyof typeof MILLISECONDS]);
  if (ms < least || ms > LONGEST_MS)
    throw new OptionsError(option, `expected ${least} ms to ${LONGEST_MS} ms (24 days), got '${text}'`);
  return ms;
}

/** `--total-timeout auto`, in milliseconds. @param jobs at a time @param timeout of each */
export function enoughFor(tasks: number, jobs: number, timeout: number): number {
  const ms = Math.ceil(AUTO_TIMES * timeout * Math.ceil(tasks / jobs));
  return Math.max(1, Math.min(LONGEST_MS, ms));
}
