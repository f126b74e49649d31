/** A supervisor of strategy one_for_one: starts in order, restarts within its intensity, stops in reverse order. */
import { assign, enqueueActions, setup } from 'xstate';
import type { ExitReason } from '../events.ts';
import type { ChildReady, WorkerInput } from '../worker/worker-machine.ts';
import type { ChildActors } from './child-actors.ts';
import { addRestart } from './intensity.ts';
import { mustRestart } from './restart.ts';
import type { ChildSpec, SupervisorSpec } from './supervisor-spec.ts';

export interface SupervisorInput {
  readonly spec: SupervisorSpec;
  readonly path: string;
  /** Milliseconds that never jump. */
  readonly now: () => number;
  readonly actors: ChildActors;
}

/** How a supervisor ended, and which child made it. */
export type SupervisorOutput =
  | { readonly kind: 'shutdown' }
  | {
      readonly kind: 'start-failed' | 'intensity-exceeded';
      readonly path: string;
      readonly reason: ExitReason;
    };

export interface ChildStatus {
  readonly spec: ChildSpec;
  readonly path: string;
  /** Names one incarnation, `<path>:<number>`, in the registry, in the worker's mark, as an actor: never twice in a run. */
  readonly workerId: string;
  /** `waiting` for its turn · `starting`, `up` or `stopping` while its actor lives · `down` for good. */
  readonly state: 'waiting' | 'starting' | 'up' | 'stopping' | 'down';
  /** How often it was started. */
  readonly incarnation: number;
  /** The numbers up to here were given to children of an earlier supervisor with this path. */
  readonly earlier: number;
}

export interface SupervisorContext extends SupervisorInput {
  readonly children: readonly ChildStatus[];
  readonly restartTimes: readonly number[];
  /** When the last death of a forker was charged. */
  readonly forkerLostAt: number;
  /** The exit that is being decided on, and the child as it was before. */
  readonly exit: { readonly child: ChildStatus; readonly reason: ExitReason } | undefined;
  readonly output: SupervisorOutput;
}

interface ChildDone {
  readonly type: `xstate.done.actor.${string}`;
  readonly actorId: string;
  readonly output: ExitReason;
}

export type SupervisorEvent = { readonly type: 'shutdown' } | ChildReady | ChildDone;

export const supervisorMachine = setup({
  types: {} as {
    context: SupervisorContext;
    events: SupervisorEvent;
    input: SupervisorInput;
    output: SupervisorOutput;
  },
  guards: {
    allStarted: ({ context }) =>
      !context.children.some(({ state }) => state === 'waiting' || state === 'starting'),
    nothingLives: ({ context }) => !context.children.some(lives),
    firstStartFailed: ({ context, event }) => {
      const child = exitedChild(context, event);
      return child?.state === 'starting' && child.incarnation === 1;
    },
    oneRestartTooMany: ({ context, event }) =>
      isRestartDue(context, event) && charge(context, event).restartTimes.length > context.spec.intensity,
    restartDue: ({ context, event }) => isRestartDue(context, event),
  },
  actions: {
    startWorker: (_: unknown, _params: { workerId: string }) => {},
    stopWorker: (_: unknown, _params: { workerId: string }) => {},
    announceExit: (_: unknown, _params: { path: string; reason: ExitReason }) => {},
    announceRestart: (_: unknown, _params: { path: string; reason: ExitReason; restarts: number }) => {},
    announceGivingUp: (_: unknown, _params: { path: string; output: SupervisorOutput }) => {},
    noteReady: assign(({ context, event }) => {
      if (event.type !== 'child.ready') return {};
      return { children: change(context.children, event.workerId, { state: 'up' }) };
    }),
    recordExit: enqueueActions(({ context, event, enqueue }) => {
      if (!('actorId' in event)) return;
      const { actorId, output: reason } = event;
      const child = exitedChild(context, event)!;
      enqueue.assign({
        children: change(context.children, actorId, { state: 'down' }),
        exit: { child, reason },
      });
      enqueue({ type: 'announceExit', params: { path: child.path, reason } });
    }),
    startNext: enqueueActions(({ context, enqueue, self }) => {
      const waiting = context.children.filter(({ state }) => state === 'waiting');
      const busy = context.children.some(({ state }) => state === 'starting');
      const next = context.spec.ordered ? waiting.slice(0, busy ? 0 : 1) : waiting;
      const started = next.map(begin);
      // Made here and started by an action, as XState itself does it: an action may not make an actor.
      for (const child of started) {
        context.actors.prepare(self, inputOf(child));
        enqueue({ type: 'startWorker', params: child });
      }
      enqueue.assign({ children: context.children.map((child) => started[next.indexOf(child)] ?? child) });
    }),
    chargeRestart: assign(({ context, event }) => charge(context, event)),
    restart: enqueueActions(({ context: { actors, exit, children, restartTimes }, enqueue, self }) => {
      const started = begin(exit!.child);
      const { path } = started;
      enqueue({
        type: 'announceRestart',
        params: { path, reason: exit!.reason, restarts: restartTimes.length },
      });
      actors.prepare(self, inputOf(started));
      enqueue({ type: 'startWorker', params: started });
      enqueue.assign({ children: change(children, exit!.child.workerId, started) });
    }),
    blameStart: assign(({ context: { exit } }) => ({
      output: { kind: 'start-failed' as const, path: exit!.child.path, reason: exit!.reason },
    })),
    blameIntensity: assign(({ context: { exit } }) => ({
      output: { kind: 'intensity-exceeded' as const, path: exit!.child.path, reason: exit!.reason },
    })),
    stopNext: enqueueActions(({ context, enqueue }) => {
      const living = context.children.filter(lives).reverse();
      const due = (context.spec.ordered ? living.slice(0, 1) : living).filter(
        ({ state }) => state !== 'stopping',
      );
      if (due.length === 0) return;
      for (const child of due) enqueue({ type: 'stopWorker', params: { workerId: child.workerId } });
      enqueue.assign({
        children: context.children.map((child) =>
          due.includes(child) ? { ...child, state: 'stopping' } : child,
        ),
      });
    }),
  },
}).createMachine({
  id: 'supervisor',
  context: ({ input }) => ({
    ...input,
    children: input.spec.children.map((spec) => ({
      spec,
      path: `${input.path}/${spec.id}`,
      workerId: '',
      state: 'waiting',
      incarnation: 0,
      earlier: input.actors.lastNumberIn(input.path),
    })),
    restartTimes: [],
    forkerLostAt: Number.NEGATIVE_INFINITY,
    exit: undefined,
    output: { kind: 'shutdown' },
  }),
  output: ({ context }) => context.output,
  initial: 'starting',
  on: {
    'child.ready': { actions: ['noteReady', 'startNext'] },
    'xstate.done.actor.*': [
      { guard: 'firstStartFailed', target: '.stopping', actions: ['recordExit', 'blameStart'] },
      {
        guard: 'oneRestartTooMany',
        target: '.stopping',
        actions: ['recordExit', 'chargeRestart', 'blameIntensity'],
      },
      { guard: 'restartDue', actions: ['recordExit', 'chargeRestart', 'restart'] },
      { actions: ['recordExit', 'startNext'] },
    ],
    shutdown: '.stopping',
  },
  states: {
    starting: { entry: 'startNext', always: { guard: 'allStarted', target: 'running' } },
    running: {},
    stopping: {
      entry: 'stopNext',
      always: { guard: 'nothingLives', target: 'stopped' },
      on: {
        'xstate.done.actor.*': { target: 'stopping', reenter: true, actions: 'recordExit' },
        'child.ready': {}, // too late
        shutdown: {}, // once is enough
      },
    },
    stopped: {
      type: 'final',
      entry: { type: 'announceGivingUp', params: ({ context: { path, output } }) => ({ path, output }) },
    },
  },
});

const lives = ({ state }: ChildStatus): boolean =>
  state === 'starting' || state === 'up' || state === 'stopping';

/** The child whose actor is done, as it was before. */
function exitedChild(context: SupervisorContext, event: SupervisorEvent): ChildStatus | undefined {
  if (!('actorId' in event)) return undefined;
  return context.children.find((child) => child.workerId === event.actorId);
}

function isRestartDue(context: SupervisorContext, event: SupervisorEvent): boolean {
  const child = exitedChild(context, event);
  return child !== undefined && 'output' in event && mustRestart(child.spec.restart, event.output);
}

/** The restarts that count, with this one. When the forker dies, all that its children's restarts count for is one. */
function charge(
  { restartTimes, forkerLostAt, now, spec }: SupervisorContext,
  event: SupervisorEvent,
): Pick<SupervisorContext, 'restartTimes' | 'forkerLostAt'> {
  const at = now();
  const lost = 'output' in event && event.output.kind === 'forker-lost';
  if (lost && at - forkerLostAt < ONE_LOSS_MS) return { restartTimes, forkerLostAt };
  return { restartTimes: addRestart(restartTimes, at, spec), forkerLostAt: lost ? at : forkerLostAt };
}

/** Within this time, what the death of one forker does to its workers is told. */
const ONE_LOSS_MS = 1_000;

function begin(child: ChildStatus): ChildStatus {
  const incarnation = child.incarnation + 1;
  return {
    ...child,
    state: 'starting',
    incarnation,
    workerId: `${child.path}:${child.earlier + incarnation}`,
  };
}

const inputOf = ({ spec, path, workerId }: ChildStatus): WorkerInput => ({ spec, path, workerId });

function change(
  children: readonly ChildStatus[],
  workerId: string,
  to: Partial<ChildStatus>,
): readonly ChildStatus[] {
  return children.map((child) => (child.workerId === workerId ? { ...child, ...to } : child));
}
