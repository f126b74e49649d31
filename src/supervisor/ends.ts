/** What a supervisor makes of children that are ready, that have ended, and that are due to be started again. */
import type { Decision, ExitReason } from '../events.ts';
import { countFailure, restartDelay } from './backoff.ts';
import { byExit } from './cause.ts';
import { chargeRestart } from './intensity.ts';
import { HALL, type Plan, type Retry } from './plan.ts';
import { mustRestart, mustShutDown } from './restart.ts';
import { type Child, childOf, hasOtherSignificant } from './roster.ts';
import { concernedBy, isGroup } from './strategy.ts';
import type { Turn } from './turn.ts';

export function childReady(turn: Turn, workerId: string): void {
  const child = childOf(turn.roster, workerId);
  if (child?.state !== 'starting') return; // it is being stopped
  turn.put({ ...child, state: 'up', returning: false, upAt: turn.now });
  const lane = turn.busyLane(child.id);
  const plan = lane === undefined ? undefined : turn.planIn(lane);
  turn.report({
    type: 'child.started',
    path: child.path,
    workerId,
    child: child.spec.type,
    because: plan?.cause,
  });
  if (lane === undefined || plan === undefined) return;
  if (plan.purpose === 'call') turn.answerDone(plan.call!, child);
  turn.startedFirst(lane, plan);
}

/** While the supervisor is up. */
export function childEnded(turn: Turn, workerId: string, reason: ExitReason): void {
  const child = childOf(turn.roster, workerId);
  // Its end was waited for by somebody else, who knows by now: OTP flushes such an exit.
  if (child === undefined || child.state === 'down') return;
  const lane = turn.busyLane(child.id);
  const plan = lane === undefined ? undefined : turn.planIn(lane);
  if (lane === undefined || plan === undefined) {
    decide(turn, child, reason);
  } else if (plan.stop[0] === child.id) {
    turn.settle(child, plan);
    turn.advance(lane);
  } else if (child.state === 'starting') {
    notStarted(turn, child, lane, plan, reason);
  } else {
    turn.put({ ...child, state: 'ended' });
    // In the first start of all it waits for its end, among the calls: by then its supervisor counts as up.
    turn.defer(plan.purpose === 'first start' ? HALL : lane, { type: 'ended', workerId, reason });
  }
}

/** When the supervisor is being stopped, nothing is decided any more. */
export function childEndedAtStop(turn: Turn, workerId: string): void {
  const child = childOf(turn.roster, workerId);
  if (child === undefined) return;
  const lane = turn.busyLane(child.id);
  turn.leave(child);
  if (lane !== undefined) turn.advance(lane);
}

/** The plan was to start it, and it is no more. */
function notStarted(turn: Turn, child: Child, lane: string, plan: Plan, reason: ExitReason): void {
  if (reason.kind === 'ignored') {
    notNeeded(turn, child, lane, plan);
    return;
  }
  const { id, path, starts } = child;
  if (plan.purpose === 'restart') {
    const failures = failuresOf(child, turn.now);
    turn.put({ ...child, state: 'delayed', returning: true, failures });
    const message: Retry = { type: 'retry', id, starts, charged: false, reason };
    turn.effects.push({ type: 'schedule', message, path, delay: 0 });
    // The rest of a group stays down until it is this child's turn again; of others, it does not depend on this child.
    if (isGroup(turn.spec.strategy)) turn.release(lane);
    else turn.startedFirst(lane, plan);
    return;
  }
  if (plan.purpose === 'reconfigure') {
    turn.down(child);
    turn.startedFirst(lane, plan, { path, reason });
    return;
  }
  if (plan.call === undefined) {
    turn.leave(child);
    turn.finish({ kind: 'start-failed', path, reason }, byExit(child, reason));
    return;
  }
  if (plan.call.request.call === 'startChild') turn.remove(child);
  else turn.down(child);
  turn.answer(plan.call, { is: 'failed', path, reason });
  turn.release(lane);
}

/** Its start function answered `'ignore'`: that is a success. */
function notNeeded(turn: Turn, child: Child, lane: string, plan: Plan): void {
  turn.leave(child);
  const { id, path } = child;
  if (plan.purpose === 'call') {
    turn.answer(plan.call!, { is: 'ignored', id, path, kept: turn.roster.has(id) });
  }
  turn.startedFirst(lane, plan);
}

/** OTP's restart decision. */
function decide(turn: Turn, child: Child, reason: ExitReason): void {
  if (mustRestart(child.spec.restart, reason)) {
    restart(turn, child, reason);
    return;
  }
  const othersLeft = () => hasOtherSignificant(turn.roster, child.id);
  if (!mustShutDown(turn.spec.autoShutdown, child.spec.significant, othersLeft)) {
    turn.leave(child);
    announce(turn, child, turn.roster.has(child.id) ? 'leave' : 'forget', reason);
    return;
  }
  const starting = turn.lanes.findKey(({ plan }) => plan?.purpose === 'first start');
  if (starting !== undefined) {
    // As in OTP it is up first, and then it is done: that is no start that has failed.
    turn.put({ ...child, state: 'ended' });
    turn.defer(starting, { type: 'ended', workerId: child.workerId, reason });
    return;
  }
  turn.leave(child);
  announce(turn, child, 'shut-down', reason);
  turn.finish({ kind: 'auto-shutdown', path: child.path, reason }, byExit(child, reason));
}

/** Counts a restart and does it, unless it is one too many. */
function restart(turn: Turn, child: Child, reason: ExitReason): void {
  Object.assign(turn, chargeRestart(turn, turn.now, reason.kind === 'forker-lost', turn.spec));
  if (turn.restartTimes.size > turn.spec.intensity) {
    announce(turn, child, 'give-up', reason);
    turn.leave(child);
    turn.finish({ kind: 'intensity-exceeded', path: child.path, reason }, byExit(child, reason));
    return;
  }
  const failures = child.state === 'delayed' ? child.failures : failuresOf(child, turn.now);
  const { backoff } = child.spec;
  const delay = backoff === undefined ? 0 : restartDelay(backoff, failures, turn.chance());
  announce(turn, child, 'restart', reason, delay);
  const { id, starts } = child;
  // Without a delay it is not OTP's `restarting` yet: an earlier one of its group may fail to start, and it stays down.
  if (delay === 0) turn.put({ ...child, state: 'down', returning: false, failures });
  else {
    turn.put({ ...child, state: 'delayed', returning: true, failures });
    const message: Retry = { type: 'retry', id, starts, charged: true, reason };
    turn.effects.push({ type: 'schedule', message, path: child.path, delay });
  }
  bringBack(turn, child, reason, delay);
}

/** Stops whom it concerns, newest first, and starts them with it. */
function bringBack(turn: Turn, child: Child, reason: ExitReason, delay: number): void {
  const { id, path } = child;
  const concerned = concernedBy(turn.spec.strategy, () => [...turn.roster.keys()], id);
  const plan: Plan = {
    purpose: 'restart',
    stop: concerned.filter((other) => other !== id).reverse(),
    start: concerned,
    delay,
    cause: byExit(child, reason),
  };
  if (delay === 0) {
    turn.report({ type: 'supervisor.restarting', path, reason, restarts: turn.restartTimes.size });
  }
  turn.follow(turn.laneOf(id), plan);
}

/** It failed to start again, or has waited long enough. */
export function retry(turn: Turn, message: Retry): void {
  const { id, starts, charged, reason } = message;
  const lane = turn.busyLane(id);
  if (lane !== undefined) {
    turn.defer(lane, message);
    return;
  }
  const child = turn.roster.get(id);
  if (child?.state !== 'delayed') return;
  // As in OTP, one that an earlier failure has sent does for a later one too; but it does not shorten a backoff.
  if (child.starts !== starts && (charged || child.spec.backoff !== undefined)) return;
  if (charged) {
    turn.put({ ...child, state: 'down', returning: false });
    bringBack(turn, child, reason, 0);
  } else restart(turn, child, reason);
}

const failuresOf = ({ spec, failures, state, upAt }: Child, now: number): number =>
  spec.backoff === undefined
    ? failures + 1
    : countFailure(spec.backoff, failures, state === 'starting' ? 0 : now - upAt);

function announce(turn: Turn, child: Child, decision: Decision, reason: ExitReason, delay = 0): void {
  const { path, workerId } = child;
  const restarts = turn.restartTimes.size;
  turn.report({ type: 'supervisor.decided', path, workerId, decision, reason, restarts, delay });
}
