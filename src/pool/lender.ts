/** Brings calls and workers together: the hot path of a pool, and what becomes of a call that goes wrong. */
import {
  CallTimeoutError,
  PoisonCallError,
  QueueFullError,
  SessionLostError,
  UnsendableError,
} from '../call-errors.ts';
import { errorOf } from '../errors.ts';
import type { Clock } from '../os/os.ts';
import { Call, type CallKeeper, type CallPlan } from './call.ts';
import { freest, leastVisited } from './checkout.ts';
import type { Acquisition } from './lease.ts';
import type { Member } from './member.ts';
import type { Session } from './session.ts';
import { PoolCounters } from './stats.ts';
import { WaitQueue } from './wait-queue.ts';

export interface LenderOptions {
  readonly pool: string;
  readonly clock: Clock;
  readonly maxQueue: number;
  /** How many workers a call that may be done twice is given to. */
  readonly attempts: number;
  /** Milliseconds that a worker has to answer a call that was cancelled. */
  readonly cancelGrace: number;
}

/** Whoever has the workers. */
export interface LenderNeeds {
  /** Somebody waits, or the queue is empty again. */
  onQueueChanged(): void;
  /** Why nobody can be served for now; undefined when it is worth waiting. */
  refusal(): Error | undefined;
  /** It has nothing to do, and nobody is promised it. */
  onIdle(member: Member): void;
  /** It has answered as many calls as it is to. */
  onWorn(member: Member): void;
  /** A call is not given up, though it was cancelled. */
  onStubborn(member: Member, call: Call): void;
  complain(error: unknown, what: string): void;
}

type Waiter = Call | Acquisition;

export class Lender implements CallKeeper {
  readonly counters = new PoolCounters();
  readonly #options: LenderOptions;
  readonly #needs: LenderNeeds;
  readonly #queue = new WaitQueue<Waiter>();
  #members: readonly Member[] = [];
  #order = 0;
  /** Waiting for a certain worker. */
  #bound = 0;
  #now: number | undefined;

  constructor(options: LenderOptions, needs: LenderNeeds) {
    this.#options = options;
    this.#needs = needs;
  }

  /** Those that may be given calls, and those that still have some. */
  get members(): readonly Member[] {
    return this.#members;
  }

  /** How many wait for whichever worker comes first. */
  get waiting(): number {
    return this.#queue.size;
  }

  /** How many wait, for whichever worker or for a certain one. */
  get queued(): number {
    return this.#queue.size + this.#bound;
  }

  /** Milliseconds that the one who came first has waited. */
  get queueAge(): number {
    const oldest = this.#queue.oldest();
    return oldest === undefined ? 0 : this.now() - oldest.madeAt;
  }

  /** The time, read once in a turn of the event loop. */
  now(): number {
    if (this.#now === undefined) {
      this.#now = this.#options.clock.monotonic();
      this.#options.clock.soon(() => {
        this.#now = undefined;
      });
    }
    return this.#now;
  }

  /** @param lease whose worker it is that has to do it */
  call(plan: CallPlan, session: Session | undefined, lease: Member | undefined): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#order += 1;
      const call = new Call(plan, this.#order, this.now(), this, resolve, reject);
      call.session = session;
      this.counters.made += 1;
      if (plan.signal !== undefined || plan.timeout !== Number.POSITIVE_INFINITY) {
        if (!this.#watch(call)) return;
      }
      if (lease === undefined) this.#admit(call);
      else {
        call.isLeased = true;
        this.#give(lease, call);
      }
    });
  }

  /** Somebody wants a worker for himself. */
  acquire(acquisition: Acquisition): void {
    const member = this.#queue.size === 0 ? freest(this.#members) : undefined;
    if (member?.load === 0) {
      acquisition.grant(member);
      return;
    }
    if (this.#refuses(acquisition)) return;
    this.#queue.add(acquisition);
    this.#needs.onQueueChanged();
  }

  nextOrder(): number {
    this.#order += 1;
    return this.#order;
  }

  /** It is not wanted any more. */
  withdraw(acquisition: Acquisition): void {
    acquisition.queue?.remove(acquisition);
    for (const member of this.#members) {
      if (member.promisedTo !== acquisition) continue;
      member.promisedTo = undefined;
      this.serve(member);
    }
    this.#needs.onQueueChanged();
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
      const waiter = this.#pick(member);
      if (waiter === undefined) break;
      if (waiter instanceof Call) this.#giveQueued(member, waiter);
      else if (member.load === 0) waiter.grant(member);
      else member.promisedTo = waiter;
    }
    if (member.load > 0 || member.lease !== undefined) return;
    const { promisedTo } = member;
    if (promisedTo !== undefined && member.state !== 'gone') {
      member.promisedTo = undefined;
      promisedTo.grant(member);
      return;
    }
    member.idleSince = this.now();
    this.#needs.onIdle(member);
  }

  /** What is bound to a worker that leaves waits for the one that takes its place. */
  rebind(from: Member, to: Member): void {
    for (const call of from.queue.clear()) to.queue.add(call);
    this.serve(to);
  }

  finished(call: Call, isOk: boolean): void {
    const member = call.member!;
    const now = this.now();
    this.counters.runs.add(now - call.givenAt);
    if (call.state === 'running') this.counters.settled(isOk);
    this.#unwatch(call);
    member.load -= 1;
    member.calls += 1;
    member.callsLeft -= 1;
    if (member.callsLeft === 0) this.#needs.onWorn(member);
    if (member.load === 0 || this.#queue.size > 0 || member.queue.size > 0) this.serve(member);
  }

  complain(error: unknown, what: string): void {
    this.#needs.complain(error, what);
  }

  /** A worker is gone. Its calls are tried again where that is allowed, and fail where it is not. */
  lost(member: Member, error: Error): void {
    member.state = 'gone';
    this.leave(member);
    if (member.promisedTo !== undefined) this.#queue.putBack(member.promisedTo);
    member.promisedTo = undefined;
    const calls = [...member.channel.waiting.values()].filter((asker) => asker instanceof Call);
    member.load = 0;
    for (const session of [...member.sessions]) session.lose(error);
    for (const call of member.queue.clear()) {
      this.#bound -= 1;
      this.fail(call, new SessionLostError(call.session!.key, error.message, { cause: error }));
    }
    for (const call of calls) this.#lostWith(call, error);
    member.lease?.lose(error);
    this.#needs.onQueueChanged();
  }

  /** All who wait are told that it is in vain. */
  failWaiting(error: () => Error): void {
    for (const waiter of this.#queue.clear()) {
      if (waiter instanceof Call) this.fail(waiter, error());
      else waiter.fail(error());
    }
  }

  /** Everybody, wherever the call is. */
  failAll(error: () => Error): void {
    this.failWaiting(error);
    for (const member of this.#members) {
      for (const call of member.queue.clear()) {
        this.#bound -= 1;
        this.fail(call, error());
      }
      for (const asker of member.channel.waiting.values())
        if (asker instanceof Call) this.fail(asker, error());
    }
  }

  fail(call: Call, error: unknown): void {
    this.#unwatch(call);
    if (call.reject(error)) this.counters.settled(false);
  }

  /** False when it was given up before it began. */
  #watch(call: Call): boolean {
    const { signal, timeout } = call.plan;
    const { clock } = this.#options;
    if (signal?.aborted === true) {
      this.fail(call, signal.reason);
      return false;
    }
    if (timeout !== Number.POSITIVE_INFINITY) {
      call.timer = clock.setTimeout(() => {
        call.timer = undefined;
        const phase = call.state === 'running' ? 'running' : 'queued';
        this.counters.timedOut += 1;
        this.#giveUp(call, new CallTimeoutError(phase, timeout, `'${call.plan.method}'`));
      }, timeout);
    }
    if (signal !== undefined) {
      call.onAbort = () => {
        this.counters.cancelled += 1;
        this.#giveUp(call, signal.reason);
      };
      signal.addEventListener('abort', call.onAbort);
    }
    return true;
  }

  #unwatch(call: Call): void {
    if (call.timer !== undefined) this.#options.clock.clearTimeout(call.timer);
    call.timer = undefined;
    this.#stopQueueTimer(call);
    if (call.onAbort === undefined) return;
    call.plan.signal!.removeEventListener('abort', call.onAbort);
    call.onAbort = undefined;
  }

  #stopQueueTimer(call: Call): void {
    if (call.queueTimer !== undefined) this.#options.clock.clearTimeout(call.queueTimer);
    call.queueTimer = undefined;
  }

  /** Its caller waits no longer. A worker that has it is told so, and has a while to answer. */
  #giveUp(call: Call, why: unknown): void {
    const wasRunning = call.state === 'running';
    this.#unqueue(call);
    this.fail(call, why);
    if (!wasRunning) {
      this.#needs.onQueueChanged();
      return;
    }
    const member = call.member!;
    member.channel.cancel(call.requestId);
    call.timer = this.#options.clock.setTimeout(() => {
      call.timer = undefined;
      this.#needs.onStubborn(member, call);
    }, this.#options.cancelGrace);
  }

  #admit(call: Call): void {
    const { session } = call;
    const bound = session?.member;
    if (bound !== undefined) {
      if (bound.queue.size === 0 && bound.hasRoom) this.#give(bound, call);
      else this.#enqueue(call, bound);
      return;
    }
    const member =
      this.#queue.size > 0
        ? undefined
        : session === undefined
          ? freest(this.#members)
          : leastVisited(this.#members);
    if (member === undefined) this.#enqueue(call, undefined);
    else this.#give(member, call);
  }

  #enqueue(call: Call, bound: Member | undefined): void {
    if (this.#refuses(call)) return;
    call.state = 'queued';
    if (bound === undefined) this.#queue.add(call);
    else {
      this.#bound += 1;
      bound.queue.add(call);
    }
    this.#startQueueTimer(call);
    this.#needs.onQueueChanged();
  }

  #startQueueTimer(call: Call): void {
    const { queueTimeout, method } = call.plan;
    if (queueTimeout === Number.POSITIVE_INFINITY) return;
    call.queueTimer = this.#options.clock.setTimeout(() => {
      call.queueTimer = undefined;
      this.counters.timedOut += 1;
      this.#giveUp(call, new CallTimeoutError('queued', queueTimeout, `'${method}'`));
    }, queueTimeout);
  }

  #refuses(waiter: Waiter): boolean {
    const { pool, maxQueue } = this.#options;
    const refusal = this.queued >= maxQueue ? new QueueFullError(pool, maxQueue) : this.#needs.refusal();
    if (refusal === undefined) return false;
    if (waiter instanceof Call) this.fail(waiter, refusal);
    else waiter.fail(refusal);
    return true;
  }

  #unqueue(call: Call): void {
    if (call.queue === undefined) return;
    if (call.queue !== this.#queue) this.#bound -= 1;
    call.queue.remove(call);
  }

  /** Whoever came first: of those that only this worker can serve, and of all others. */
  #pick(member: Member): Waiter | undefined {
    for (;;) {
      const own = member.queue.next();
      const shared = this.#queue.next();
      if (own !== undefined && (shared === undefined || own.order < shared.order)) {
        member.queue.take(own);
        this.#bound -= 1;
        return own;
      }
      if (shared === undefined) return undefined;
      this.#queue.take(shared);
      const home = shared instanceof Call ? shared.session?.member : undefined;
      if (home === undefined || home === member) return shared;
      this.#bound += 1;
      home.queue.add(shared as Call); // its session has found its worker meanwhile
      if (home.hasRoom) this.serve(home);
    }
  }

  #giveQueued(member: Member, call: Call): void {
    this.#stopQueueTimer(call);
    this.#give(member, call);
    if (this.queued === 0) this.#needs.onQueueChanged();
  }

  #give(member: Member, call: Call): void {
    const { plan, session } = call;
    try {
      call.requestId = member.channel.ask(plan.method, plan.params, call.extra, call);
    } catch (error) {
      this.fail(call, new UnsendableError(plan.method, errorOf(error)));
      return;
    }
    if (session !== undefined && session.member === undefined) session.bind(member);
    plan.items?.comesFrom(member.channel);
    call.member = member;
    call.state = 'running';
    call.givenAt = this.now();
    this.counters.waits.add(call.givenAt - call.madeAt);
    member.load += 1;
  }

  #lostWith(call: Call, error: Error): void {
    if (call.state !== 'running') {
      this.#unwatch(call); // its caller has given up before
      return;
    }
    const errors = [...(call.errors ?? []), error];
    const { idempotent, method, items } = call.plan;
    if (!idempotent || items !== undefined || call.session !== undefined || call.isLeased) {
      this.fail(call, error);
    } else if (errors.length >= this.#options.attempts) {
      this.fail(call, errors.length === 1 ? error : new PoisonCallError(method, errors));
    } else {
      call.errors = errors;
      call.state = 'queued';
      call.member = undefined;
      this.counters.retried += 1;
      this.#queue.putBack(call);
      this.#startQueueTimer(call);
    }
  }
}
