/** What a supervisor is about to do to its children, one after the other, and what has to wait until it is done. */
import type { Cause, ExitReason } from '../events.ts';
import type { ChildSpec, SupervisorSpec } from './supervisor-spec.ts';

/** Stops `stop`, the first first; then starts `start`. The children are named by their ids. */
export interface Plan {
  readonly purpose: 'first start' | 'restart' | 'call' | 'reconfigure' | 'stop';
  readonly stop: readonly string[];
  readonly start: readonly string[];
  /** Milliseconds between the stops and the starts. */
  readonly delay?: number;
  /** Who waits for its end: of a call, and of a reconfiguration. */
  readonly call?: Call;
  /** What a reconfiguration is about, and the first child that did not start. */
  readonly changes?: Changes;
  readonly failure?: Failure;
  readonly cause: Cause | undefined;
}

export interface Failure {
  readonly path: string;
  readonly reason: ExitReason;
}

/** Plans of one lane wait for each other: a lane for all children of a group, one for each child of the others. */
export interface Lane {
  readonly plan: Plan | undefined;
  /** What came meanwhile, oldest first. */
  readonly inbox: readonly Message[];
}

/** The lane of all children. */
export const COMMON_LANE = '';
/** A lane in which nothing is done, and no child can have: what is here waits until all have started. */
export const HALL = '/';

/** Something that a supervisor hears, and may have to hear later. */
export type Message =
  | { readonly type: 'ended'; readonly workerId: string; readonly reason: ExitReason }
  | Retry
  | Call;

/** A child's start is due. It is ignored when the child is up, or was given up, since. */
export interface Retry {
  readonly type: 'retry';
  readonly id: string;
  /** How often the child had been started when this was sent. */
  readonly starts: number;
  /** Whether this restart has been counted. */
  readonly charged: boolean;
  readonly reason: ExitReason;
}

export interface Call {
  readonly type: 'call';
  readonly callId: number;
  readonly request: Request;
}

export type Request =
  | { readonly call: 'startChild'; readonly spec: ChildSpec }
  | { readonly call: 'terminateChild' | 'restartChild' | 'deleteChild'; readonly id: string }
  | { readonly call: 'reconfigure'; readonly spec: SupervisorSpec; readonly apply: boolean };

/** OTP's outcomes. */
export type Refusal =
  | 'already-started'
  | 'already-present'
  | 'not-found'
  | 'running'
  | 'restarting'
  | 'max-children'
  | 'dynamic'
  | 'not-running';

export type Answer =
  | { readonly is: 'done'; readonly id: string; readonly path: string; readonly workerId: string }
  | { readonly is: 'ignored'; readonly id: string; readonly path: string; readonly kept: boolean }
  | { readonly is: 'failed'; readonly path: string; readonly reason: ExitReason }
  | { readonly is: 'refused'; readonly because: Refusal; readonly path: string }
  | { readonly is: 'reconfigured'; readonly changes: Changes };

/** What a reconfiguration found, by the children's ids. */
export interface Changes {
  readonly changed: readonly string[];
  readonly added: readonly string[];
  /** Not in the new specs. */
  readonly removed: readonly string[];
}
