/** A pool's life: opening → open → draining → stopping → closed. Calls do not go through it: it says whether they may. */
import { setup } from 'xstate';

export type PoolEvent =
  /** As many workers as are always wanted are ready. */
  | { readonly type: 'ready' }
  /** It cannot begin: the first workers did not start. */
  | { readonly type: 'failed' }
  | { readonly type: 'close' }
  | { readonly type: 'destroy' }
  /** No call is under way any more. */
  | { readonly type: 'drained' }
  /** Its supervisor, and with it every worker, is down: told to, or by somebody else. */
  | { readonly type: 'down' };

export type PoolPhase = 'opening' | 'open' | 'draining' | 'stopping' | 'closed';

export const poolMachine = setup({
  types: {} as {
    context: { readonly closeTimeout: number };
    events: PoolEvent;
    input: { readonly closeTimeout: number };
  },
  delays: { closeTimeout: ({ context }) => context.closeTimeout },
  actions: {
    announce: (_: unknown, _params: { phase: PoolPhase }) => {},
    /** Those who wait, and those who are being served, are told that it is over. */
    failAll: () => {},
    stopWorkers: () => {},
    release: () => {},
  },
}).createMachine({
  id: 'pool',
  context: ({ input }) => input,
  initial: 'opening',
  on: { down: '.closed' },
  states: {
    opening: {
      entry: { type: 'announce', params: { phase: 'opening' } },
      on: { ready: 'open', failed: 'stopping', close: 'stopping', destroy: 'stopping' },
    },
    open: {
      entry: { type: 'announce', params: { phase: 'open' } },
      on: { close: 'draining', destroy: 'stopping' },
    },
    /** New calls are refused, and those that were made before are done. */
    draining: {
      entry: { type: 'announce', params: { phase: 'draining' } },
      on: { drained: 'stopping', destroy: 'stopping' },
      after: { closeTimeout: 'stopping' },
    },
    stopping: { entry: [{ type: 'announce', params: { phase: 'stopping' } }, 'failAll', 'stopWorkers'] },
    closed: {
      type: 'final',
      entry: [{ type: 'announce', params: { phase: 'closed' } }, 'failAll', 'release'],
    },
  },
});
