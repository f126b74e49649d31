/** OTP's calls to a supervisor, and their outcomes, as a table of what a child is just then. */
import { byCall } from './cause.ts';
import { type Call, COMMON_LANE, type Plan, type Refusal, type Request } from './plan.ts';
import { reconfigure } from './reconfigure.ts';
import { type Child, newChild } from './roster.ts';
import { concernedBy, isDynamic, isGroup } from './strategy.ts';
import type { ChildSpec } from './supervisor-spec.ts';
import type { Turn } from './turn.ts';

export function answerCall(turn: Turn, call: Call): void {
  const { request } = call;
  switch (request.call) {
    case 'startChild':
      startChild(turn, call, request.spec);
      return;
    case 'terminateChild':
      terminateChild(turn, call, request.id);
      return;
    case 'restartChild':
      restartChild(turn, call, request.id);
      return;
    case 'deleteChild':
      deleteChild(turn, call, request.id);
      return;
    case 'reconfigure':
      reconfigure(turn, call, request.spec, request.apply);
      return;
  }
}

/** The supervisor is being stopped, or has ended. */
export function refuseCall(turn: Turn, call: Call): void {
  turn.answer(call, { is: 'refused', because: 'not-running', path: turn.path });
}

function startChild(turn: Turn, call: Call, spec: ChildSpec): void {
  const { strategy, maxChildren } = turn.spec;
  if (isDynamic(strategy)) {
    if (turn.roster.size >= maxChildren) {
      refuse(turn, call, 'max-children');
      return;
    }
    turn.lastId += 1;
    add(turn, call, spec, `${spec.id}.${turn.lastId}`);
    return;
  }
  if (mustWait(turn, call, spec.id)) return;
  const child = turn.roster.get(spec.id);
  if (child === undefined) {
    add(turn, call, spec, spec.id);
    return;
  }
  // As in OTP, whose mailbox has the call before the end of a child that has died meanwhile.
  const isUp = child.state === 'up' || child.state === 'ended';
  refuse(turn, call, isUp ? 'already-started' : 'already-present');
}

/** At the end of the order. */
function add(turn: Turn, call: Call, spec: ChildSpec, id: string): void {
  turn.put(newChild(spec, id, turn.path, turn.earlier));
  turn.follow(turn.laneOf(id), start(id, call));
}

function restartChild(turn: Turn, call: Call, id: string): void {
  if (isDynamic(turn.spec.strategy)) {
    refuse(turn, call, 'dynamic');
    return;
  }
  if (mustWait(turn, call, id)) return;
  const child = turn.roster.get(id);
  if (child === undefined) refuse(turn, call, 'not-found');
  else if (child.state === 'down') turn.follow(turn.laneOf(id), start(id, call));
  else refuse(turn, call, child.returning ? 'restarting' : 'running');
}

function deleteChild(turn: Turn, call: Call, id: string): void {
  if (isDynamic(turn.spec.strategy)) {
    refuse(turn, call, 'dynamic');
    return;
  }
  if (mustWait(turn, call, id)) return;
  const child = turn.roster.get(id);
  if (child === undefined) {
    refuse(turn, call, 'not-found');
    return;
  }
  if (child.state !== 'down') {
    refuse(turn, call, child.returning ? 'restarting' : 'running');
    return;
  }
  turn.remove(child);
  turn.answerDone(call, child);
}

function terminateChild(turn: Turn, call: Call, id: string): void {
  const child = turn.roster.get(id);
  const busy = turn.busyLane(id);
  const plan = busy === undefined ? undefined : turn.planIn(busy);
  if (busy !== undefined && (busy === COMMON_LANE || plan!.stop.length > 0)) {
    turn.defer(busy, call);
    return;
  }
  if (child === undefined) {
    // As in OTP, where a dynamic child is named by its process: to end a dead one of ours is no fault.
    const wasOurs = turn.spec.strategy === 'simple_one_for_one' && isOfTemplate(turn, id);
    if (!wasOurs) {
      refuse(turn, call, 'not-found');
      return;
    }
    turn.answer(call, { is: 'done', id, path: `${turn.path}/${id}`, workerId: '' });
    return;
  }
  const isLater = busy !== undefined && turn.lanes.get(busy)!.inbox.some(({ type }) => type === 'call');
  if (plan !== undefined) interrupt(turn, plan, child);
  const rest = isLater ? {} : { call };
  const stop: Plan = { purpose: 'call', stop: [id], start: [], ...rest, cause: byCall('terminateChild') };
  if (isLater) turn.defer(busy, call); // those who called before it come first, now that the start is given up
  if (child.state === 'down') {
    turn.answerDone(call, child);
    return;
  }
  const wasStuck = child.state === 'delayed';
  turn.follow(turn.laneOf(id), stop);
  if (wasStuck) tellOfHalf(turn, id);
}

/** An attempt to start it that is under way is not waited for: it may take long. Who has asked for it is told. */
function interrupt(turn: Turn, { call }: Plan, child: Child): void {
  if (call === undefined) return;
  const reason = { kind: 'shutdown', code: null, signal: null, forced: false } as const;
  turn.answer(call, { is: 'failed', path: child.path, reason });
  // What does not start is not kept: as a temporary child, it goes when it has ended.
  if (call.request.call === 'startChild')
    turn.put({ ...child, spec: { ...child.spec, restart: 'temporary' } });
}

/** What of its group is down, and is not started now. */
function tellOfHalf(turn: Turn, id: string): void {
  const { spec, path, roster } = turn;
  if (!isGroup(spec.strategy)) return;
  const concerned = concernedBy(spec.strategy, () => [...roster.keys()], id);
  const down = concerned.filter((other) => other !== id && roster.get(other)?.state === 'down');
  if (down.length > 0) turn.report({ type: 'supervisor.half-started', path, down });
}

/** Whether a child of a simple_one_for_one supervisor once had this id. */
function isOfTemplate({ spec, lastId }: Turn, id: string): boolean {
  const prefix = `${spec.children[0]!.id}.`;
  const number = id.startsWith(prefix) ? id.slice(prefix.length) : '';
  return /^[1-9]\d*$/.test(number) && Number(number) <= lastId;
}

/** Something is under way with this child, or with its group: then it is this call's turn later. */
function mustWait(turn: Turn, call: Call, id: string): boolean {
  const lane = turn.busyLane(id);
  if (lane === undefined) return false;
  turn.defer(lane, call);
  return true;
}

const start = (id: string, call: Call): Plan => ({
  purpose: 'call',
  stop: [],
  start: [id],
  call,
  cause: byCall(call.request.call),
});

function refuse(turn: Turn, call: Call, because: Refusal): void {
  turn.answer(call, { is: 'refused', because, path: pathOf(turn.path, call.request) });
}

/** What the call is about. */
function pathOf(supervisor: string, request: Request): string {
  if (request.call === 'reconfigure') return supervisor;
  return `${supervisor}/${request.call === 'startChild' ? request.spec.id : request.id}`;
}
