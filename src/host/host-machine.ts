/** A host's life: running → stopping → stopped, with its supervisors as children. */
import { assign, enqueueActions, setup } from 'xstate';
import type { Cause } from '../events.ts';
import type { ChildActors, ChildDone, ChildReady, SupervisorTools } from '../supervisor/child-actors.ts';
import { newChild, nextIncarnation } from '../supervisor/roster.ts';
import type { SupervisorChildSpec, SupervisorSpec } from '../supervisor/supervisor-spec.ts';

export interface HostInput extends SupervisorTools {
  /** The supervisors and workers. */
  readonly actors: ChildActors;
}

export interface HostContext extends HostInput {
  /** The living supervisors' incarnations, oldest first. */
  readonly living: readonly string[];
}

export type HostEvent =
  | { readonly type: 'supervise'; readonly spec: SupervisorSpec }
  | { readonly type: 'shutdown' }
  | ChildReady
  | ChildDone;

/** Nobody restarts what a host supervises itself. */
const RULES = { type: 'supervisor', restart: 'temporary', significant: false, backoff: undefined } as const;

const BY_HOST: Cause = { by: 'stop', path: '' };

export const hostMachine = setup({
  types: {} as { context: HostContext; events: HostEvent; input: HostInput },
  guards: { nothingLives: ({ context }) => context.living.length === 0 },
  actions: {
    begin: (_: unknown, _params: { workerId: string }) => {},
    stop: (_: unknown, _params: { workerId: string; cause: Cause }) => {},
    startSupervisor: enqueueActions(({ context, event, enqueue, self }) => {
      if (event.type !== 'supervise') return;
      const spec: SupervisorChildSpec = { ...event.spec, ...RULES };
      const child = nextIncarnation(newChild(spec, spec.id, '', context.actors.lastNumberIn('')));
      context.actors.prepare(self, child, context);
      enqueue({ type: 'begin', params: { workerId: child.workerId } });
      enqueue.assign({ living: [...context.living, child.workerId] });
    }),
    forget: assign(({ context, event }) =>
      event.type === 'child.done' ? { living: context.living.filter((id) => id !== event.workerId) } : {},
    ),
    stopNext: enqueueActions(({ context, enqueue }) => {
      const newest = context.living.at(-1);
      if (newest !== undefined) enqueue({ type: 'stop', params: { workerId: newest, cause: BY_HOST } });
    }),
  },
}).createMachine({
  id: 'host',
  context: ({ input }) => ({ ...input, living: [] }),
  initial: 'running',
  states: {
    running: {
      on: {
        supervise: { actions: 'startSupervisor' },
        'child.done': { actions: 'forget' },
        shutdown: 'stopping',
      },
    },
    /** Newest first, one after the other. */
    stopping: {
      entry: 'stopNext',
      always: { guard: 'nothingLives', target: 'stopped' },
      on: { 'child.done': { target: 'stopping', reenter: true, actions: 'forget' } },
    },
    stopped: { type: 'final' },
  },
});
