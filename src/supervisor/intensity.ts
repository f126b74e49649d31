/** OTP's restart intensity: how many restarts within how long are one too many. */
import type { List } from 'immutable';

export interface Intensity {
  /** Restarts allowed within `period`. */
  readonly intensity: number;
  /** Milliseconds. */
  readonly period: number;
}

/** The restart times still inside the window, `now` included: more than `intensity` of them is too many. */
export function addRestart(times: List<number>, now: number, { period }: Intensity): List<number> {
  let window = times.push(now);
  while (window.first(now) + period < now) window = window.shift();
  return window;
}

/** Within this many milliseconds, what the death of one forker does to its workers is told. */
const ONE_LOSS_MS = 1_000;

interface Charged {
  /** The oldest first. */
  readonly restartTimes: List<number>;
  /** When the last death of a forker was charged. */
  readonly forkerLostAt: number;
}

/** The restarts that count, with this one. When the forker dies, all that its workers' restarts count for is one. */
export function chargeRestart(
  { restartTimes, forkerLostAt }: Charged,
  now: number,
  lost: boolean,
  intensity: Intensity,
): Charged {
  if (lost && now - forkerLostAt < ONE_LOSS_MS) return { restartTimes, forkerLostAt };
  return {
    restartTimes: addRestart(restartTimes, now, intensity),
    forkerLostAt: lost ? now : forkerLostAt,
  };
}
