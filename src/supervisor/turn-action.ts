/**
 * A supervisor's turn as what its machine enqueues: the state it leaves, and its effects, as actions of their names.
 * XState does not like its own actions made while another runs, and a supervisor may be started by one: so all are
 * there from the beginning, and get their parameters here.
 */
import type { AnyActorRef } from 'xstate';
import type { ChildActors, SupervisorTools } from './child-actors.ts';
import { type Effect, type Supervision, Turn } from './turn.ts';

interface TurnArguments<Event> {
  readonly context: Supervision & SupervisorTools & { readonly actors: ChildActors };
  readonly event: Event;
  readonly self: unknown;
  /** XState types it by the machine that it is part of, which this is below. */
  readonly enqueue: unknown;
}

type Enqueue = (action: { readonly type: string; readonly params: object }) => void;

export function turn<Event>(
  { context, event, enqueue, self }: TurnArguments<Event>,
  work: (turn: Turn, event: Event) => void,
): void {
  const turn = new Turn(context, context.now(), context.chance);
  work(turn, event);
  const enact = enqueue as Enqueue;
  enact({ type: 'remember', params: turn.after });
  for (const effect of turn.effects) {
    // Made here and started by an action, as XState itself does it: an action may not make an actor.
    if (effect.type === 'begin') context.actors.prepare(self as AnyActorRef, effect.child, context);
    enact(actionOf(effect));
  }
  if (turn.output !== undefined && context.output === undefined) enact({ type: 'finish', params: {} });
}

function actionOf(effect: Effect): { readonly type: string; readonly params: object } {
  switch (effect.type) {
    case 'begin':
      return { type: 'begin', params: { workerId: effect.child.workerId } };
    case 'schedule':
      return { type: effect.delay === 0 ? 'retryNow' : 'retryLater', params: effect };
    default: {
      const { type, ...params } = effect;
      return { type, params };
    }
  }
}
