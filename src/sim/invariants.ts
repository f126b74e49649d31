/** What always holds, each named once; docs/invariants.md says of each what it means and where it is kept. */

export const INVARIANTS = [
  'no-stranger-signalled',
  'no-process-without-record',
  'record-outlives-process',
  'exited-once-and-dead',
  'stopped-means-empty',
  'stops-in-time',
  'orphans-end-in-time',
  'live-run-untouched',
  'one-incarnation-per-child',
  'otp-order',
  'restarts-within-intensity',
  'every-request-settles-once',
  'one-lease-per-worker',
  'one-worker-per-session',
  'first-come-first-served',
  'results-in-input-order',
  'results-tell-the-truth',
  'tasks-begin-when-they-may',
  'breakers-as-documented',
  'bounded-everything',
  'quiet-means-healthy',
  'application-holds',
] as const;

export type Invariant = (typeof INVARIANTS)[number];

export interface Violation {
  readonly invariant: Invariant;
  /** Milliseconds of virtual time. */
  readonly at: number;
  readonly detail: string;
  /** What was thrown, when something was. */
  readonly cause?: unknown;
}
