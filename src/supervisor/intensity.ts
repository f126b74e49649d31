/** OTP's restart intensity: how many restarts within how long are one too many. */

export interface Intensity {
  /** Restarts allowed within `period`. */
  readonly intensity: number;
  /** Milliseconds. */
  readonly period: number;
}

/** The restart times still inside the window, `now` included: more than `intensity` of them is too many. */
export function addRestart(times: readonly number[], now: number, { period }: Intensity): readonly number[] {
  return [...times, now].filter((then) => now <= then + period);
}
