/** A host's life: running → stopping → stopped, with its supervisors as children. */
import { enqueueActions, setup } from 'xstate';
import type { ChildActors } from '../supervisor/child-actors.ts';
import { type SupervisorOutput, supervisorMachine } from '../supervisor/supervisor-machine.ts';
import type { SupervisorSpec } from '../supervisor/supervisor-spec.ts';

export interface HostInput {
  /** Milliseconds that never jump. */
  readonly now: () => number;
  /** The workers of all supervisors. */
  readonly actors: ChildActors;
}

interface HostContext extends HostInput {
  /** The paths of the living supervisors, oldest first. */
  readonly living: readonly string[];
}

interface SupervisorDone {
  readonly type: `xstate.done.actor.${string}`;
  readonly actorId: string;
  readonly output: SupervisorOutput;
}

export type HostEvent =
  | { readonly type: 'supervise'; readonly spec: SupervisorSpec }
  | { readonly type: 'shutdown' }
  | SupervisorDone;

export const hostMachine = setup({
  types: {} as {
    context: HostContext;
    events: HostEvent;
    input: HostInput;
    children: Record<string, 'supervisor'>;
  },
  actors: { supervisor: supervisorMachine },
  guards: { nothingLives: ({ context }) => context.living.length === 0 },
  actions: {
    startSupervisor: enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== 'supervise') return;
      const { spec } = event;
      const { now, actors } = context;
      enqueue.spawnChild('supervisor', { id: spec.id, input: { spec, path: spec.id, now, actors } });
      enqueue.assign({ living: [...context.living, spec.id] });
    }),
    forget: enqueueActions(({ context, event, enqueue }) => {
      if (!('actorId' in event)) return;
      enqueue.stopChild(event.actorId);
      enqueue.assign({ living: context.living.filter((id) => id !== event.actorId) });
    }),
    stopNext: enqueueActions(({ context, enqueue }) => {
      const newest = context.living.at(-1);
      if (newest !== undefined) enqueue.sendTo(newest, { type: 'shutdown' });
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
        'xstate.done.actor.*': { actions: 'forget' },
        shutdown: 'stopping',
      },
    },
    /** Newest first, one after the other. */
    stopping: {
      entry: 'stopNext',
      always: { guard: 'nothingLives', target: 'stopped' },
      on: { 'xstate.done.actor.*': { target: 'stopping', reenter: true, actions: 'forget' } },
    },
    stopped: { type: 'final' },
  },
});
