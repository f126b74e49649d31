/** Brings calls and workers together: the hot path of a pool, and what becomes of a call that goes wrong. */
import { CallTimeoutError, QueueFullError, UnsendableError, WorkerEndedError } from '../call-errors.ts';
import { errorOf } from '../errors.ts';
import { Call, type CallKeeper, type CallPlan } from './call.ts';
import { CallWatch } from './call-watch.ts';
import { freest } from './checkout.ts';
import { PoolCounters } from './counters.ts';
import type { Acquisition } from './lease.ts';
import type { LenderNeeds, LenderOptions } from './lender-needs.ts';
import type { Member } from './member.ts';
import { Preferences } from './preferences.ts';
import { afterLoss } from './retry.ts';
import type { Session } from './session.ts';
import { TurnClock } from './turn-clock.ts';
import { type Waiter, WaitingLine } from './waiting-line.ts';

export class Lender implements CallKeeper {
  readonly counters = new PoolCounters();
  readonly #options: LenderOptions;
  readonly #needs: LenderNeeds;
  readonly #line = new WaitingLine();
  readonly #preferences = new Preferences();
  readonly #clock: TurnClock;
  #members: readonly Member[] = [];
  readonly #watch: CallWatch;
  #order = 0;

  constructor(options: LenderOptions, needs: LenderNeeds) {
    this.#options = options;
    this.#needs = needs;
    this.#clock = new TurnClock(options.clock);
    this.#watch = new CallWatch(options.clock, (call, why) => this.#giveUp(call, why));
  }

  /** Those that may be given calls, and those that still have some. */
  get members(): readonly Member[] {
    return this.#members;
  }

  /** How many wait for whichever worker comes first. */
  get waiting(): number {
    return this.#line.shared;
  }

  /** How many wait, for whichever worker or for a certain one. */
  get queued(): number {
    return this.#line.size;
  }

  /** Milliseconds that the one who came first has waited. */
  get queueAge(): number {
    return this.now() - (this.#line.oldest()?.madeAt ?? this.now());
  }

  now(): number {
    return this.#clock.now();
  }

  /** @param lease whose worker it is that has to do it */
  call(plan: CallPlan, session: Session | undefined, lease: Member | undefined): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const call = new Call(plan, this.nextOrder(), this.now(), this, resolve, reject);
      call.session = session;
      session?.callBegan();
      this.counters.made += 1;
      if (!this.#watch.begin(call)) return;
      call.isLeased = lease !== undefined;
      if (lease === undefined) this.#admit(call);
      else this.#give(lease, call);
    });
  }

  /** Somebody wants a worker for himself. */
  acquire(acquisition: Acquisition): void {
    const member = this.#line.shared === 0 ? freest(this.#members) : undefined;
    if (member?.load === 0) {
      acquisition.grant(member);
      return;
    }
    if (this.#refuses(acquisition)) return;
    this.#line.add(acquisition);
    this.#needs.onQueueChanged();
  }

  nextOrder(): number {
    this.#order += 1;
    return this.#order;
  }

  /** It is not wanted any more. */
  withdraw(acquisition: Acquisition): void {
    this.#line.leave(acquisition);
    for (const member of this.#members) if (member.promisedTo === acquisition) member.promisedTo = undefined;
    this.#serveAll();
  }

  /** A worker is ready: it serves those who wait. */
  join(member: Member): void {
    this.#members = [...this.#members, member];
    this.serve(member);
  }

  /** A worker is told to end, or is gone: it gets nothing more, and is not looked at any more. */
  leave(member: Member): void {
    this.#members = this.#members.filter((other) => other !== member);
  }

  /** Gives a worker what it can take. */
  serve(member: Member): void {
    while (member.hasRoom) {
      const waiter = this.#line.next(member, (home) => {
        if (home.hasRoom) this.serve(home);
      });
      if (waiter === undefined) break;
      if (waiter instanceof Call) this.#giveQueued(member, waiter);
      else if (member.load === 0) waiter.grant(member);
      else member.promisedTo = waiter;
      this.#needs.onServed();
    }
    if (member.load > 0 || member.lease !== undefined) return;
    const { promisedTo } = member;
    if (promisedTo !== undefined && member.state !== 'ending') {
      member.promisedTo = undefined;
      promisedTo.grant(member);
      return;
    }
    member.idleSince = this.now();
    this.#needs.onIdle(member);
  }

  /** Sessions have left this worker: their calls wait where they are now, and fail if they are lost. */
  follow(from: Member): void {
    for (const call of this.#line.followSessions(from)) this.fail(call, call.session!.refusal);
  }

  finished(call: Call, isOk: boolean): void {
    const member = call.member!;
    const now = this.now();
    this.counters.runs.add(now - call.givenAt);
    if (call.state === 'running') this.counters.settled(isOk);
    this.#watch.end(call);
    member.load -= 1;
    member.calls += 1;
    member.callsLeft -= 1;
    if (member.callsLeft === 0) this.#needs.onWorn(member);
    if (member.load === 0 || this.#line.shared > 0 || member.queue.size > 0) this.serve(member);
  }

  complain(error: unknown, what: string): void {
    this.#needs.complain(error, what);
  }

  /** A worker is gone. Its calls are tried again where that is allowed, and fail where it is not. */
  lost(member: Member, error: Error): void {
    member.state = 'gone';
    this.leave(member);
    this.#preferences.forget(member);
    if (member.promisedTo !== undefined) this.#line.putBack(member.promisedTo);
    member.promisedTo = undefined;
    const calls = member.channel.waiting.values().filter((asker) => asker instanceof Call);
    member.load = 0;
    for (const session of [...member.sessions]) session.lose(error);
    this.follow(member);
    for (const call of calls.reverse()) this.#lostWith(call, error); // the first is to be first again
    member.lease?.lose(error);
    this.#serveAll();
  }

  /** Who waited for others' sake, or has come back, is served by whoever has room. */
  #serveAll(): void {
    for (const member of this.#members) if (member.hasRoom && this.#line.shared > 0) this.serve(member);
    this.#needs.onQueueChanged();
  }

  /** All who wait are told that it is in vain. */
  failWaiting(error: () => Error): void {
    for (const waiter of this.#line.clear()) this.#failWaiter(waiter, error());
    this.#needs.onServed();
  }

  /** Everybody, wherever the call is. */
  failAll(error: () => Error): void {
    this.failWaiting(error);
    for (const member of this.#members) {
      member.promisedTo?.fail(error());
      for (const call of this.#line.clearFor(member)) this.fail(call, error());
      for (const asker of member.channel.waiting.values())
        if (asker instanceof Call) this.fail(asker, error());
    }
    this.#needs.onServed();
  }

  fail(call: Call, error: unknown): void {
    this.#watch.end(call);
    if (call.reject(error)) this.counters.settled(false);
  }

  /** Its caller waits no longer. A worker that has it is told so, and has a while to answer. */
  #giveUp(call: Call, why: unknown): void {
    const wasRunning = call.state === 'running';
    this.#line.leave(call);
    if (why instanceof CallTimeoutError) this.counters.timedOut += 1;
    else this.counters.cancelled += 1;
    this.fail(call, why);
    if (!wasRunning) {
      this.#needs.onQueueChanged();
      return;
    }
    const member = call.member!;
    member.channel.cancel(call.requestId);
    this.#watch.awaitEnd(call, this.#options.cancelGrace, () => this.#needs.onStubborn(member, call));
  }

  #admit(call: Call): void {
    const { session } = call;
    const bound = session?.member;
    if (bound !== undefined) {
      if (bound.queue.size === 0 && bound.hasRoom) this.#give(bound, call);
      else this.#enqueue(call, bound);
      return;
    }
    const member = this.#line.shared > 0 ? undefined : this.#preferences.choose(this.#members, call);
    if (member === undefined) this.#enqueue(call, undefined);
    else this.#give(member, call);
  }

  #enqueue(call: Call, bound: Member | undefined): void {
    if (this.#refuses(call)) return;
    call.state = 'queued';
    if (bound === undefined) this.#line.add(call);
    else this.#line.addFor(bound, call);
    this.#watch.entersQueue(call);
    this.#needs.onQueueChanged();
  }

  #refuses(waiter: Waiter): boolean {
    const { pool, maxQueue } = this.#options;
    const isFull = this.queued >= maxQueue;
    const refusal = isFull ? new QueueFullError(pool, maxQueue) : this.#needs.refusal();
    if (refusal === undefined) return false;
    this.#failWaiter(waiter, refusal);
    if (isFull) this.#needs.onTurnedAway();
    return true;
  }

  #failWaiter(waiter: Waiter, error: Error): void {
    if (waiter instanceof Call) this.fail(waiter, error);
    else waiter.fail(error);
  }

  #giveQueued(member: Member, call: Call): void {
    this.#watch.leftQueue(call);
    const refusal = call.session?.refusal; // it was lost, or closed, while its call waited
    if (refusal === undefined) this.#give(member, call);
    else this.fail(call, refusal);
  }

  #give(member: Member, call: Call): void {
    const { plan, session } = call;
    if (member.state === 'gone') {
      this.fail(call, new WorkerEndedError(member, 'it was told of after its end'));
      return;
    }
    try {
      call.requestId = member.channel.ask(plan.method, plan.params, call.extra, call);
    } catch (error) {
      this.fail(call, new UnsendableError(plan.method, errorOf(error)));
      return;
    }
    if (session !== undefined && session.member === undefined) session.bind(member);
    plan.items?.comesFrom(member.channel);
    this.#preferences.note(plan.prefer, member);
    call.member = member;
    call.state = 'running';
    call.givenAt = this.now();
    this.counters.waits.add(call.givenAt - call.madeAt);
    member.load += 1;
  }

  #lostWith(call: Call, error: Error): void {
    if (call.state !== 'running') {
      this.#watch.end(call); // its caller has given up before
      return;
    }
    const { errors, final } = afterLoss(call, error, this.#options.attempts);
    if (final !== undefined) {
      this.fail(call, final);
      return;
    }
    call.errors = errors;
    call.state = 'queued';
    call.member = undefined;
    this.counters.retried += 1;
    this.#line.putBack(call);
    this.#watch.entersQueue(call);
  }
}
