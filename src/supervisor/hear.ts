/** How a supervisor takes in what it hears, in its order, and how it starts and stops its children. */
import type { Cause, ExitReason } from '../events.ts';
import { answerCall, refuseCall } from './calls.ts';
import { childEnded, childEndedAtStop, childReady, retry } from './ends.ts';
import { type Call, COMMON_LANE, HALL, type Message, type Plan } from './plan.ts';
import { lives } from './roster.ts';
import type { Turn } from './turn.ts';

export { refuseCall };

/** One message, and what had to wait for what it has brought to an end. */
export function hear(turn: Turn, message: Message): void {
  turn.agenda.push(message);
  goOn(turn);
}

export function hearReady(turn: Turn, workerId: string): void {
  childReady(turn, workerId);
  goOn(turn);
}

/** The first start: one by one, each when the one before is ready, or all at once. */
export function startChildren(turn: Turn): void {
  const ids = [...turn.roster.keys()];
  const plan: Plan = { purpose: 'first start', stop: [], start: ids, cause: undefined };
  if (turn.spec.ordered) turn.follow(COMMON_LANE, plan);
  else for (const id of ids) turn.follow(id, { ...plan, start: [id] });
  goOn(turn);
}

/** Calls wait until all have started. */
export function holdCall(turn: Turn, call: Call): void {
  turn.defer(HALL, call);
}

/** All have started: what waited for that comes next, in its order. */
export function openHall(turn: Turn): void {
  turn.release(HALL);
  goOn(turn);
}

/** From here on nothing is decided, and nobody is started: newest first, one by one, or all at once. */
export function stopChildren(turn: Turn, cause: Cause | undefined): void {
  for (const { plan, inbox } of turn.lanes.values()) {
    if (plan?.call !== undefined) refuseCall(turn, plan.call);
    for (const message of inbox) if (message.type === 'call') refuseCall(turn, message);
  }
  turn.lanes = turn.lanes.clear();
  const left = [...turn.roster.values()].filter(({ state }) => state !== 'down');
  const plan: Plan = { purpose: 'stop', stop: left.map(({ id }) => id).reverse(), start: [], cause };
  if (turn.spec.ordered) turn.follow(COMMON_LANE, plan);
  else for (const { id } of left) turn.follow(id, { ...plan, stop: [id] });
}

export function hearEnd(turn: Turn, workerId: string, reason: ExitReason): void {
  noteEnd(turn, workerId, reason);
  hear(turn, { type: 'ended', workerId, reason });
}

export function hearEndAtStop(turn: Turn, workerId: string, reason: ExitReason): void {
  noteEnd(turn, workerId, reason);
  childEndedAtStop(turn, workerId);
}

function noteEnd(turn: Turn, workerId: string, reason: ExitReason): void {
  turn.living -= 1;
  turn.effects.push({ type: 'reportExit', workerId, reason });
}

/** Nobody is waited for any more. */
export function killChildren(turn: Turn): void {
  for (const child of turn.roster.values()) {
    if (lives(child)) turn.effects.push({ type: 'kill', workerId: child.workerId });
  }
}

function goOn(turn: Turn): void {
  for (let next = turn.agenda.shift(); next !== undefined; next = turn.agenda.shift()) {
    if (turn.output !== undefined) {
      turn.defer(HALL, next); // its end is decided: calls are refused as it stops
      continue;
    }
    take(turn, next);
  }
  // One that had ended before all had started may be back.
  const isStarting = turn.planIn(COMMON_LANE)?.purpose === 'first start';
  if (isStarting && turn.output === undefined) turn.advance(COMMON_LANE);
}

function take(turn: Turn, message: Message): void {
  switch (message.type) {
    case 'ended':
      childEnded(turn, message.workerId, message.reason);
      return;
    case 'retry':
      retry(turn, message);
      return;
    case 'call':
      answerCall(turn, message);
      return;
  }
}
