/** A supervisor: starts its children, keeps them up by OTP's rules, and stops them. What it decides is in `turn.ts`. */
import { Map as ImmutableMap, List, OrderedMap } from 'immutable';
import { type AnyActorRef, assign, emit, enqueueActions, fromPromise, raise, sendTo, setup } from 'xstate';
import { errorOf } from '../errors.ts';
import type { Cause, ExitReason, ReeveEvent } from '../events.ts';
import type { StartDecision } from '../worker/worker-spec.ts';
import { byStop } from './cause.ts';
import type { ChildActors, ChildDone, ChildReady, SupervisorTools } from './child-actors.ts';
import {
  hear,
  hearEnd,
  hearEndAtStop,
  hearReady,
  holdCall,
  killChildren,
  openHall,
  refuseCall,
  startChildren,
  stopChildren,
} from './hear.ts';
import { type Answer, type Call, COMMON_LANE, type Retry } from './plan.ts';
import { newChild, type Roster } from './roster.ts';
import { isDynamic, isGroup } from './strategy.ts';
import type { SupervisorSpec } from './supervisor-spec.ts';
import type { Supervision, SupervisorOutput } from './turn.ts';
import { turn } from './turn-action.ts';

export interface SupervisorInput extends SupervisorTools {
  readonly spec: SupervisorSpec;
  /** Where it stands in the tree, such as `services/cache`. */
  readonly path: string;
  /** Names one incarnation. */
  readonly workerId: string;
  readonly starts: number;
  readonly actors: ChildActors;
}

export interface SupervisorContext extends SupervisorInput, Supervision {
  /** What its start function had for whoever asked for the start. */
  readonly info: unknown;
}

export type SupervisorEvent =
  | { readonly type: 'shutdown'; readonly cause?: Cause | undefined }
  /** Everything below it gets SIGKILL. */
  | { readonly type: 'kill' }
  /** Its end has been decided. */
  | { readonly type: 'finish' }
  | Call
  | Retry
  | ChildReady
  | ChildDone;

type Decided = StartDecision<SupervisorSpec>;
type Context = SupervisorContext;
type Event = SupervisorEvent;
export interface Later {
  readonly message: Retry;
  /** The child's. */
  readonly path: string;
  /** Milliseconds. */
  readonly delay: number;
}

export const supervisorMachine = setup({
  types: {} as {
    context: SupervisorContext;
    events: SupervisorEvent;
    input: SupervisorInput;
    output: SupervisorOutput;
    emitted: { readonly type: 'ready' };
  },
  actors: {
    ask: fromPromise<Decided, SupervisorInput>(({ input: { spec, path, starts }, signal }) =>
      spec.start!.ask({ path, starts, signal }),
    ),
  },
  guards: {
    asksNobody: ({ context }) => context.spec.start === undefined,
    isNotNeeded: ({ event }) => 'output' in event && (event.output as unknown) === 'ignore',
    allStarted: ({ context }) => !context.lanes.some(({ plan }) => plan !== undefined),
    regroups: ({ context }) => regroups(context),
    isRegrouped: ({ context }) => !regroups(context),
    nothingLives: ({ context }) => context.living === 0,
    endsByItself: ({ context }) => context.output?.kind !== 'shutdown',
  },
  actions: {
    begin: (_: unknown, _params: { workerId: string }) => {},
    stop: (_: unknown, _params: { workerId: string; cause: Cause | undefined }) => {},
    kill: (_: unknown, _params: { workerId: string }) => {},
    remember: assign<Context, Event, Partial<Supervision>, Event, never>((_, state) => state),
    finish: raise({ type: 'finish' }),
    /** Through the mailbox: what came before it comes first. */
    retryNow: sendTo<Context, Event, Later, AnyActorRef, Event, never>(
      ({ self }) => self,
      (_: unknown, { message }: Later) => message,
    ),
    retryLater: (_: unknown, _params: Later) => {},
    unschedule: (_: unknown, _params: { path: string }) => {},
    answer: (_: unknown, _params: { callId: number; answer: Answer }) => {},
    forget: (_: unknown, _params: { path: string }) => {},
    report: (_: unknown, _params: { event: ReeveEvent }) => {},
    reportExit: (_: unknown, _params: { workerId: string; reason: ExitReason }) => {},
    reportEnd: (_: unknown, _params: { path: string; workerId: string; output: SupervisorOutput }) => {},
    /** To its parent, and to whoever waits for its start: it may be at its end before its state is seen. */
    tellReady: emit({ type: 'ready' }),
    takeDecision: assign(({ context, event }) => {
      const { spec, info } = outputOf<Exclude<Decided, 'ignore'>>(event);
      return { spec, info, roster: rosterOf(spec, context.path, context.earlier) };
    }),
    noteNotNeeded: assign({ output: { kind: 'ignored' as const } }),
    noteRefusal: assign(({ event }) => ({
      output: {
        kind: 'start-refused' as const,
        error: errorOf((event as unknown as { error: unknown }).error),
      },
    })),
    noteShutdown: assign(({ context: { output, stopCause }, event }) => ({
      output: output ?? asked(false),
      stopCause: stopCause ?? (event.type === 'shutdown' ? event.cause : undefined),
    })),
    noteKill: assign(({ context: { output } }) => ({
      output: output === undefined || output.kind === 'shutdown' ? asked(true) : output,
    })),
    /** Who ends by itself takes its time; who is told to end, even then, has as long as its spec gives it. */
    setDeadline: enqueueActions(({ context: { spec }, event, enqueue }) => {
      if (event.type !== 'shutdown' || !Number.isFinite(spec.stopTimeout)) return;
      enqueue(spec.stopTimeout === 0 ? 'killNow' : 'killLater');
    }),
    killNow: raise({ type: 'kill' }),
    killLater: raise({ type: 'kill' }, { delay: ({ context }) => context.spec.stopTimeout }),
    startChildren: enqueueActions((step) => turn(step, startChildren)),
    openHall: enqueueActions((step) => turn(step, openHall)),
    hearReady: enqueueActions((step) =>
      turn(step, (turn, event) => {
        if (event.type === 'child.ready') hearReady(turn, event.workerId);
      }),
    ),
    hear: enqueueActions((step) =>
      turn(step, (turn, event) => {
        if (event.type === 'call' || event.type === 'retry') hear(turn, event);
      }),
    ),
    holdCall: enqueueActions((step) =>
      turn(step, (turn, event) => {
        if (event.type === 'call') holdCall(turn, event);
      }),
    ),
    refuseCall: enqueueActions((step) =>
      turn(step, (turn, event) => {
        if (event.type === 'call') refuseCall(turn, event);
      }),
    ),
    hearEnd: enqueueActions((step) =>
      turn(step, (turn, event) => {
        if (event.type === 'child.done') hearEnd(turn, event.workerId, event.output);
      }),
    ),
    hearEndAtStop: enqueueActions((step) =>
      turn(step, (turn, event) => {
        if (event.type === 'child.done') hearEndAtStop(turn, event.workerId, event.output);
      }),
    ),
    stopChildren: enqueueActions((step) =>
      turn(step, (turn) => stopChildren(turn, byStop(turn.path, turn.stopCause))),
    ),
    killChildren: enqueueActions((step) => turn(step, killChildren)),
  },
}).createMachine({
  id: 'supervisor',
  context: ({ input }) => {
    const earlier = input.actors.lastNumberIn(input.path);
    return {
      ...input,
      roster: rosterOf(input.spec, input.path, earlier),
      lanes: ImmutableMap(),
      living: 0,
      restartTimes: List(),
      forkerLostAt: Number.NEGATIVE_INFINITY,
      lastId: 0,
      earlier,
      output: undefined,
      stopCause: undefined,
      info: undefined,
    };
  },
  output: ({ context }) => context.output ?? asked(false),
  initial: 'deciding',
  on: {
    'child.ready': { actions: 'hearReady' },
    'child.done': { actions: 'hearEnd' },
    retry: { actions: 'hear' },
    call: { actions: 'holdCall' },
    finish: '.stopping',
    shutdown: { target: '.stopping', actions: 'noteShutdown' },
    kill: { target: '.stopping', actions: ['noteKill', 'killChildren'] },
  },
  states: {
    /** Its start function is asked. */
    deciding: {
      always: { guard: 'asksNobody', target: 'starting' },
      invoke: {
        src: 'ask',
        input: ({ context }) => context,
        onDone: [
          { guard: 'isNotNeeded', target: 'stopping', actions: 'noteNotNeeded' },
          { target: 'starting', actions: 'takeDecision' },
        ],
        onError: { target: 'stopping', actions: 'noteRefusal' },
      },
    },
    starting: { entry: 'startChildren', always: { guard: 'allStarted', target: 'running' } },
    running: {
      entry: ['tellReady', 'openHall'],
      initial: 'serving',
      states: {
        serving: { always: { guard: 'regroups', target: 'regrouping' } },
        /** A group is being stopped and started again: everything else has to wait. */
        regrouping: { always: { guard: 'isRegrouped', target: 'serving' } },
      },
      on: { call: { actions: 'hear' } },
    },
    stopping: {
      entry: ['setDeadline', 'stopChildren'],
      always: { guard: 'nothingLives', target: 'stopped' },
      on: {
        'child.done': { actions: 'hearEndAtStop' },
        call: { actions: 'refuseCall' },
        kill: { actions: ['noteKill', 'killChildren'] },
        shutdown: [{ guard: 'endsByItself', actions: 'setDeadline' }, {}],
        // Too late, or once is enough.
        'child.ready': {},
        retry: {},
        finish: {},
      },
    },
    stopped: {
      type: 'final',
      entry: {
        type: 'reportEnd',
        params: ({ context: { path, workerId, output } }) => ({
          path,
          workerId,
          output: output ?? asked(false),
        }),
      },
    },
  },
});

const regroups = ({ spec, lanes }: Supervision): boolean =>
  isGroup(spec.strategy) && lanes.get(COMMON_LANE)?.plan?.purpose === 'restart';

const asked = (forced: boolean): SupervisorOutput => ({ kind: 'shutdown', code: null, signal: null, forced });

/** Those that are there from the start. */
function rosterOf(spec: SupervisorSpec, path: string, earlier: number): Roster {
  if (isDynamic(spec.strategy)) return OrderedMap();
  return OrderedMap(spec.children.map((child) => [child.id, newChild(child, child.id, path, earlier)]));
}

const outputOf = <T>(event: SupervisorEvent): T => (event as unknown as { readonly output: T }).output;
