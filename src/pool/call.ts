/** One call to a pool, from the moment it is made until it is settled, once. It waits in queues and for answers itself. */

import { RemoteError } from '../call-errors.ts';
import type { Asker } from '../channel/channel.ts';
import type { Failure, RequestExtra } from '../channel/words.ts';
import type { ItemStream } from '../flow/item-stream.ts';
import type { Timer } from '../os/os.ts';
import type { Member } from './member.ts';
import type { Session } from './session.ts';
import type { Queued, Waiting } from './wait-queue.ts';

/** What a call's way through the pool is decided by. Complete. */
export interface CallPlan {
  readonly method: string;
  readonly params: unknown;
  readonly priority: number;
  /** Milliseconds from the call to its answer; infinite when there is no limit. */
  readonly timeout: number;
  /** Milliseconds that it may wait for a worker. */
  readonly queueTimeout: number;
  readonly idempotent: boolean;
  /** It would best go where the calls with this key have gone. */
  readonly prefer: string | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((value: unknown) => void) | undefined;
  /** Items are wanted one by one, and go there. */
  readonly items: ItemStream | undefined;
}

/** Who looks after calls. */
export interface CallKeeper {
  /** The worker has answered. */
  finished(call: Call, isOk: boolean): void;
  /** On the clock that never jumps. */
  now(): number;
  /** A callback of the caller's threw. */
  complain(error: unknown, what: string): void;
}

export type CallState = 'new' | 'queued' | 'running' | 'settled';

export class Call implements Waiting, Asker {
  readonly plan: CallPlan;
  readonly priority: number;
  readonly order: number;
  before: Waiting | undefined = undefined;
  behind: Waiting | undefined = undefined;
  queue: Queued | undefined = undefined;
  state: CallState = 'new';
  /** The worker that has it. Stays when the caller has given up, until the worker has answered. */
  member: Member | undefined = undefined;
  /** Its number there. */
  requestId = 0;
  session: Session | undefined = undefined;
  /** The worker is lent to its caller: it waits for nobody else. */
  isLeased = false;
  readonly madeAt: number;
  givenAt = 0;
  /** What became of the workers that had it before; made when there is one. */
  errors: Error[] | undefined = undefined;
  timer: Timer | undefined = undefined;
  queueTimer: Timer | undefined = undefined;
  onAbort: (() => void) | undefined = undefined;
  readonly #keeper: CallKeeper;
  readonly #resolve: (value: unknown) => void;
  readonly #reject: (error: unknown) => void;

  constructor(
    plan: CallPlan,
    order: number,
    madeAt: number,
    keeper: CallKeeper,
    resolve: (value: unknown) => void,
    reject: (error: unknown) => void,
  ) {
    this.plan = plan;
    this.priority = plan.priority;
    this.order = order;
    this.madeAt = madeAt;
    this.#keeper = keeper;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  get extra(): RequestExtra | undefined {
    const { session } = this;
    if (session === undefined && this.plan.items === undefined) return undefined;
    return {
      ...(session === undefined ? {} : { session: session.key }),
      ...(this.plan.items === undefined ? {} : { stream: true }),
    };
  }

  answered(value: unknown): void {
    this.#keeper.finished(this, true);
    if (this.#settles()) this.#resolve(value);
  }

  failed(failure: Failure): void {
    this.#keeper.finished(this, false);
    if (this.#settles()) this.#reject(new RemoteError(this.plan.method, failure));
  }

  progressed(value: unknown): void {
    const { onProgress } = this.plan;
    if (this.state !== 'running' || onProgress === undefined) return;
    try {
      onProgress(value);
    } catch (error) {
      this.#keeper.complain(error, 'onProgress');
    }
  }

  received(item: unknown): void {
    if (this.state === 'running') this.plan.items?.add(item);
  }

  /** Whoever looks after it has dealt with that before. */
  abandoned(): void {}

  /** Settles it, if it is not settled yet; returns whether it was this. */
  reject(error: unknown): boolean {
    const settles = this.#settles();
    if (settles) this.#reject(error);
    return settles;
  }

  #settles(): boolean {
    if (this.state === 'settled') return false;
    this.state = 'settled';
    this.session?.callEnded(this.#keeper.now());
    return true;
  }
}
