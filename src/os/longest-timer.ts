/** The longest that Node's timers can wait, in milliseconds: 24.8 days. It fires longer ones at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;
