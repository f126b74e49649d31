/** A circuit breaker: closed → open → half-open, where exactly one probe decides. Pure: time comes with the events. */
import { assign, setup } from 'xstate';

/** When a breaker opens, and for how long. */
export interface BreakerLimits {
  /** Failures in a row that open it. */
  readonly failures: number;
  /** So many failures within so many milliseconds open it too, whatever succeeded between them; undefined: never. */
  readonly fastFail: { readonly failures: number; readonly within: number } | undefined;
  /** Milliseconds after which an open one lets one probe through. */
  readonly resetAfter: number;
}

export interface BreakerContext {
  readonly limits: BreakerLimits;
  /** In a row. */
  readonly failures: number;
  /** When those happened that may open it fast, oldest first; monotonic milliseconds. */
  readonly fast: readonly number[];
  /** When it is time for a probe, since it opened last: what is learnt of it later changes no promise. */
  readonly probeAt: number;
}

export type BreakerEvent =
  | { readonly type: 'succeeded' }
  /** @property isFast it counts for the window, too */
  | { readonly type: 'failed'; readonly at: number; readonly isFast: boolean }
  /** Somebody wants to know whether it is time for a probe. */
  | { readonly type: 'asked'; readonly at: number }
  /** A probe is under way. */
  | { readonly type: 'probing' }
  /** The probe has shown nothing: it was cancelled, or was never begun. */
  | { readonly type: 'probe.void' }
  | { readonly type: 'reset' }
  /** It was learnt what its tasks are. */
  | { readonly type: 'limits'; readonly limits: BreakerLimits };

const CLEAN = { failures: 0, fast: [] } as const;

/** With this failure. */
function counted({ limits, failures, fast }: BreakerContext, at: number, isFast: boolean) {
  const { fastFail } = limits;
  if (fastFail === undefined) return { failures: failures + 1, fast: [] };
  const recent = fast.filter((time) => at - time <= fastFail.within);
  return {
    failures: failures + 1,
    fast: (isFast ? [...recent, at] : recent).slice(-fastFail.failures), // more than it takes are of no interest
  };
}

function opens(context: BreakerContext, at: number, isFast: boolean): boolean {
  const { limits } = context;
  const { failures, fast } = counted(context, at, isFast);
  return (
    failures >= limits.failures || (limits.fastFail !== undefined && fast.length >= limits.fastFail.failures)
  );
}

export const circuitBreakerMachine = setup({
  types: {} as { context: BreakerContext; events: BreakerEvent; input: BreakerLimits },
  guards: {
    opens: ({ context, event }) => event.type === 'failed' && opens(context, event.at, event.isFast),
    isTime: ({ context, event }) => event.type === 'asked' && event.at >= context.probeAt,
  },
  actions: {
    clean: assign(CLEAN),
    count: assign(({ context, event }) =>
      event.type === 'failed' ? counted(context, event.at, event.isFast) : {},
    ),
    opened: assign(({ context, event }) =>
      event.type === 'failed' ? { ...CLEAN, probeAt: event.at + context.limits.resetAfter } : {},
    ),
    learn: assign(({ event }) => (event.type === 'limits' ? { limits: event.limits } : {})),
  },
}).createMachine({
  id: 'circuit-breaker',
  context: ({ input }) => ({ ...CLEAN, limits: input, probeAt: 0 }),
  initial: 'closed',
  on: { reset: { target: '.closed', actions: 'clean' }, limits: { actions: 'learn' } },
  states: {
    closed: {
      on: {
        succeeded: { actions: assign({ failures: 0 }) },
        failed: [{ guard: 'opens', target: 'open', actions: 'opened' }, { actions: 'count' }],
      },
    },
    /** What was begun before it opened changes nothing any more. */
    open: { on: { asked: { guard: 'isTime', target: 'half-open' } } },
    'half-open': {
      initial: 'waiting',
      states: {
        waiting: { on: { probing: 'probing' } },
        probing: {
          on: {
            succeeded: { target: '#circuit-breaker.closed', actions: 'clean' },
            failed: { target: '#circuit-breaker.open', actions: 'opened' },
            'probe.void': 'waiting',
          },
        },
      },
    },
  },
});
