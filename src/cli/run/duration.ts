/** Durations as they are written on the command line. */
import { OptionsError } from '../../errors.ts';
import { LONGEST_TIMER_MS } from '../../os/longest-timer.ts';

const MILLISECONDS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

/** `30` is seconds; `500ms`, `1.5s`, `2m`, `1h`. Returns milliseconds; throws an `OptionsError`. @param least of them */
export function parseDuration(text: string, option: string, least = 1): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text);
  if (match === null)
    throw new OptionsError(option, `expected a duration such as 30, 500ms, 2m or 1h, got '${text}'`);
  const ms = Math.round(Number(match[1]) * MILLISECONDS[(match[2] ?? 's') as keyof typeof MILLISECONDS]);
  if (ms < least || ms > LONGEST_TIMER_MS)
    throw new OptionsError(option, `expected ${least} ms to ${LONGEST_TIMER_MS} ms (24 days), got '${text}'`);
  return ms;
}
