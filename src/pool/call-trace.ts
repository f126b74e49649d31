/** Calls are traced as `tracing:reeve:call:start`, `end`, `asyncStart`, `asyncEnd` and `error`, while somebody listens. */
import type { TracingChannel } from 'node:diagnostics_channel';
import { tracingChannel } from 'node:diagnostics_channel';

/** What is told of a call there; `result` or `error` is added to it. */
export interface CallTrace {
  readonly pool: string;
  readonly method: string;
  readonly params: unknown;
}

const tracing: TracingChannel<CallTrace, CallTrace> = tracingChannel('reeve:call');

export const isTraced = (): boolean =>
  tracing.start.hasSubscribers ||
  tracing.end.hasSubscribers ||
  tracing.asyncStart.hasSubscribers ||
  tracing.asyncEnd.hasSubscribers ||
  tracing.error.hasSubscribers;

export const traced = (trace: CallTrace, call: () => Promise<unknown>): Promise<unknown> =>
  tracing.tracePromise(call, trace);
