/** One turn of a supervisor: what it has heard, and what follows from that. Pure data in, pure data out. */
import type { Map as ImmutableMap, List } from 'immutable';
import type { Cause, ExitReason, ReeveEvent } from '../events.ts';
import {
  type Answer,
  type Call,
  COMMON_LANE,
  type Lane,
  type Message,
  type Plan,
  type Retry,
} from './plan.ts';
import { type Child, lives, nextIncarnation, type Roster } from './roster.ts';
import { isDynamic, isGroup } from './strategy.ts';
import type { SupervisorSpec } from './supervisor-spec.ts';

/** How a supervisor ended, and which child made it. */
export type SupervisorOutput = Extract<
  ExitReason,
  {
    kind: 'shutdown' | 'ignored' | 'start-refused' | 'start-failed' | 'intensity-exceeded' | 'auto-shutdown';
  }
>;

/** What a supervisor knows. */
export interface Supervision {
  readonly spec: SupervisorSpec;
  readonly path: string;
  readonly roster: Roster;
  readonly lanes: ImmutableMap<string, Lane>;
  /** How many children have an actor. */
  readonly living: number;
  /** The restarts that count, by the clock that never jumps. */
  readonly restartTimes: List<number>;
  /** When the last death of a forker was charged. */
  readonly forkerLostAt: number;
  /** The last number in the ids of a dynamic supervisor's children. */
  readonly lastId: number;
  /** The numbers up to here were given to children of an earlier supervisor with this path, or are those of forgotten ones. */
  readonly earlier: number;
  /** How it ends, once that is decided. */
  readonly output: SupervisorOutput | undefined;
  /** Why it is stopped. */
  readonly stopCause: Cause | undefined;
}

/** What a supervisor does, besides remembering. */
export type Effect =
  | { readonly type: 'begin'; readonly child: Child }
  | { readonly type: 'stop'; readonly workerId: string; readonly cause: Cause | undefined }
  | { readonly type: 'kill'; readonly workerId: string }
  | { readonly type: 'answer'; readonly callId: number; readonly answer: Answer }
  | { readonly type: 'report'; readonly event: ReeveEvent }
  | { readonly type: 'reportExit'; readonly workerId: string; readonly reason: ExitReason }
  /** Through the mailbox, even after no time: what came before it comes first. */
  | { readonly type: 'schedule'; readonly message: Retry; readonly path: string; readonly delay: number }
  | { readonly type: 'unschedule'; readonly path: string }
  | { readonly type: 'forget'; readonly path: string };

export class Turn {
  readonly before: Supervision;
  readonly now: number;
  /** From 0 to 1, without 1. */
  readonly chance: () => number;
  readonly effects: Effect[] = [];
  /** What there is still to be heard in this turn. */
  readonly agenda: Message[] = [];
  readonly path: string;
  spec: SupervisorSpec;
  roster: Roster;
  lanes: ImmutableMap<string, Lane>;
  living: number;
  restartTimes: List<number>;
  forkerLostAt: number;
  lastId: number;
  earlier: number;
  output: SupervisorOutput | undefined;
  stopCause: Cause | undefined;

  constructor(before: Supervision, now: number, chance: () => number) {
    this.before = before;
    this.now = now;
    this.chance = chance;
    this.spec = before.spec;
    this.path = before.path;
    this.roster = before.roster;
    this.lanes = before.lanes;
    this.living = before.living;
    this.restartTimes = before.restartTimes;
    this.forkerLostAt = before.forkerLostAt;
    this.lastId = before.lastId;
    this.earlier = before.earlier;
    this.output = before.output;
    this.stopCause = before.stopCause;
  }

  get after() {
    const { spec, roster, lanes, living, restartTimes, forkerLostAt, lastId, earlier, output, stopCause } =
      this;
    return { spec, roster, lanes, living, restartTimes, forkerLostAt, lastId, earlier, output, stopCause };
  }

  put(child: Child): void {
    this.roster = this.roster.set(child.id, child);
  }

  /** It stays, without a process: OTP's `undefined`. */
  down(child: Child): void {
    this.put({ ...child, state: 'down', returning: false });
  }

  /** Nothing is kept of it, but that the next of its id goes on counting: no incarnation is named as one before it. */
  remove({ id, path, earlier, starts }: Child): void {
    this.roster = this.roster.delete(id);
    if (!isDynamic(this.spec.strategy)) this.earlier = Math.max(this.earlier, earlier + starts);
    this.effects.push({ type: 'forget', path });
  }

  /** It has ended for good. */
  leave(child: Child): void {
    if (child.spec.restart === 'temporary' || isDynamic(this.spec.strategy)) this.remove(child);
    else this.down(child);
  }

  begin(child: Child, returning: boolean): void {
    const next = { ...nextIncarnation(child), returning };
    this.put(next);
    this.living += 1;
    this.effects.push({ type: 'begin', child: next });
  }

  stop(child: Child, cause: Cause | undefined): void {
    const { path, workerId } = child;
    this.put({ ...child, state: 'stopping' });
    this.report({ type: 'child.stopping', path, workerId, because: cause });
    this.effects.push({ type: 'stop', workerId, cause });
  }

  report(event: ReeveEvent): void {
    this.effects.push({ type: 'report', event });
  }

  answer({ callId }: Call, answer: Answer): void {
    this.effects.push({ type: 'answer', callId, answer });
  }

  /** What was called for has been done with this child. */
  answerDone(call: Call, { id, path, workerId }: Child): void {
    this.answer(call, { is: 'done', id, path, workerId });
  }

  /** The supervisor's end is decided: what is heard later changes nothing. */
  finish(output: SupervisorOutput, cause: Cause): void {
    if (this.output !== undefined) return;
    this.output = output;
    this.stopCause = cause;
  }

  /** Where what is done to this child has its place. */
  laneOf(id: string): string {
    return isGroup(this.spec.strategy) ? COMMON_LANE : id;
  }

  /** The lane in which something is being done to this child, or to its group. */
  busyLane(id: string): string | undefined {
    const lane = this.laneOf(id);
    if (this.planIn(lane) !== undefined) return lane;
    const common = this.planIn(COMMON_LANE);
    return common?.stop.includes(id) || common?.start.includes(id) ? COMMON_LANE : undefined;
  }

  planIn(lane: string): Plan | undefined {
    return this.lanes.get(lane)?.plan;
  }

  /** Keeps it until what this lane is about to do is done. */
  defer(lane: string, message: Message): void {
    const { plan, inbox } = this.lanes.get(lane) ?? { plan: undefined, inbox: [] };
    this.lanes = this.lanes.set(lane, { plan, inbox: [...inbox, message] });
  }

  /** Does a plan, as far as that goes without waiting. The lane must be free. */
  follow(lane: string, plan: Plan): void {
    this.#set(lane, plan);
    this.advance(lane);
  }

  /** Goes on with a lane's plan until it has to wait for a child. */
  advance(lane: string): void {
    for (let plan = this.planIn(lane); plan !== undefined; plan = this.planIn(lane)) {
      if (plan.stop.length > 0) {
        if (!this.#stopFirst(plan)) return;
        this.#set(lane, { ...plan, stop: plan.stop.slice(1) });
      } else if (plan.start.length > 0 && (plan.delay ?? 0) === 0) {
        if (!this.#startFirst(plan)) return;
        this.#set(lane, { ...plan, start: plan.start.slice(1) });
      } else {
        if (plan.purpose === 'reconfigure') this.#answerReconfiguration(plan);
        this.release(lane);
      }
    }
  }

  /** It is over with the first that was to be started: it is up, or is not needed, or nobody depends on it. */
  startedFirst(lane: string, plan: Plan, failure = plan.failure): void {
    const rest = { ...plan, start: plan.start.slice(1) };
    this.#set(lane, failure === undefined ? rest : { ...rest, failure: plan.failure ?? failure });
    this.advance(lane);
  }

  /** What this lane was about to do is done, or given up: what had to wait for that comes next. */
  release(lane: string): void {
    const inbox = this.lanes.get(lane)?.inbox ?? [];
    this.lanes = this.lanes.delete(lane);
    this.agenda.push(...inbox);
  }

  #answerReconfiguration({ call, changes, failure }: Plan): void {
    if (failure === undefined) this.answer(call!, { is: 'reconfigured', changes: changes! });
    else this.answer(call!, { is: 'failed', ...failure });
  }

  #set(lane: string, plan: Plan): void {
    this.lanes = this.lanes.set(lane, { plan, inbox: this.lanes.get(lane)?.inbox ?? [] });
  }

  /** Whether it is over with the first that is to be started: a temporary sibling may be gone. */
  #startFirst({ purpose, start }: Plan): boolean {
    const child = this.roster.get(start[0]!);
    if (child === undefined) return true;
    // Those before it are ready, and one that has ended since is waited for.
    const mustWait = purpose === 'first start' && this.roster.some(({ returning }) => returning);
    if (child.state !== 'starting' && !mustWait) this.begin(child, purpose === 'restart');
    return false;
  }

  /** Whether it is over with the first that is to be stopped. */
  #stopFirst(plan: Plan): boolean {
    const child = this.roster.get(plan.stop[0]!);
    if (child === undefined) return true;
    if (child.state === 'down') {
      // A reconfiguration may have left one there; as in OTP, no group brings back what is temporary.
      if (plan.purpose === 'restart' && child.spec.restart === 'temporary') this.remove(child);
      return true;
    }
    if (lives(child)) {
      if (child.state !== 'stopping') this.stop(child, plan.cause);
      return false;
    }
    // It has died meanwhile, or is on its way back: neither is of interest any more.
    if (child.state === 'delayed') this.effects.push({ type: 'unschedule', path: child.path });
    this.settle(child, plan);
    return true;
  }

  /** A child that was to be stopped is down. */
  settle(child: Child, plan: Plan): void {
    // A group is started again whole: what is temporary is not, and all others keep their place.
    if (plan.purpose === 'reconfigure' && plan.start.includes(child.id)) this.down(child);
    else this.leave(child);
    if (plan.purpose === 'call' && plan.call !== undefined) this.answerDone(plan.call, child);
  }
}
