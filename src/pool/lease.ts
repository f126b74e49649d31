/** A worker lent to one caller alone, until it is given back, taken back, or gone: one of the three, once. */
import { CallTimeoutError, WorkerEndedError } from '../call-errors.ts';
import type { Clock, Timer } from '../os/os.ts';
import type { CallArguments, ItemOf, MethodOf, ResultOf, UnknownApi } from './api.ts';
import type { CallOptions } from './call-options.ts';
import type { Member } from './member.ts';
import type { Queued, Waiting } from './wait-queue.ts';

/** Its worker is known. */
type LeasedCallOptions = Omit<CallOptions, 'session' | 'prefer'>;

/** What a lease needs of its pool. */
export interface LeaseKeeper {
  readonly clock: Clock;
  call(member: Member, method: string, params: unknown, options: CallOptions | undefined): Promise<unknown>;
  stream(
    member: Member,
    method: string,
    params: unknown,
    options: CallOptions | undefined,
  ): AsyncIterableIterator<unknown>;
  /** The worker is free again. */
  onReleased(member: Member): void;
  /** The worker is to end, and another to take its place. */
  end(member: Member, why: Error): void;
}

export class Lease<A = UnknownApi> {
  readonly #keeper: LeaseKeeper;
  readonly #member: Member;
  readonly #controller = new AbortController();
  #timer: Timer | undefined;
  #over = false;

  /** @internal use `pool.acquire()` @param timeout milliseconds until it is taken back; infinite for never */
  constructor(keeper: LeaseKeeper, member: Member, timeout: number) {
    this.#keeper = keeper;
    this.#member = member;
    member.lease = this;
    if (timeout === Number.POSITIVE_INFINITY) return;
    this.#timer = keeper.clock.setTimeout(() => {
      const late = new CallTimeoutError('running', timeout, `the lease of '${member.path}'`);
      this.lose(late);
      keeper.end(member, late);
    }, timeout);
  }

  /** The worker's path, such as `embed/worker.3`. */
  get path(): string {
    return this.#member.path;
  }

  get pid(): number {
    return this.#member.pid;
  }

  /** Aborted when the worker is gone, or was taken back; its reason says why. Not by `release()`. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** As the pool's `call`, on this worker; as many at a time as are wanted. Rejects with the lease's end when it is over. */
  async call<M extends MethodOf<A>>(
    method: M,
    ...[params, options]: CallArguments<A, M, LeasedCallOptions>
  ): Promise<ResultOf<A, M>> {
    this.#requireHeld();
    return (await this.#keeper.call(this.#member, method, params, options)) as ResultOf<A, M>;
  }

  /** As the pool's `stream`, on this worker. Throws the lease's end when it is over. */
  stream<M extends MethodOf<A>>(
    method: M,
    ...[params, options]: CallArguments<A, M, LeasedCallOptions>
  ): AsyncIterableIterator<ItemOf<A, M>> {
    this.#requireHeld();
    return this.#keeper.stream(this.#member, method, params, options) as AsyncIterableIterator<ItemOf<A, M>>;
  }

  /** Tells the worker something, and wants no answer. Throws an `UnsendableError`, or the lease's end when it is over. */
  notify(method: string, params?: unknown): void {
    this.#requireHeld();
    this.#member.notify(method, params);
  }

  /** Gives the worker back. What it was asked and has not answered, it answers still; then others get it. */
  release(): void {
    if (!this.#finish()) return;
    this.#member.lease = undefined;
    this.#keeper.onReleased(this.#member);
  }

  /** Gives the worker up: it is ended, and another takes its place. */
  destroy(why = 'its lease was destroyed'): void {
    if (!this.#finish()) return;
    this.#keeper.end(this.#member, new WorkerEndedError(this.#member, why));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.release();
  }

  [Symbol.dispose](): void {
    this.release();
  }

  /** @internal the worker is gone */
  lose(why: Error): void {
    if (this.#finish()) this.#controller.abort(why);
  }

  #finish(): boolean {
    if (this.#over) return false;
    this.#over = true;
    if (this.#timer !== undefined) this.#keeper.clock.clearTimeout(this.#timer);
    return true;
  }

  #requireHeld(): void {
    if (!this.#over) return;
    throw this.signal.aborted ? this.signal.reason : new WorkerEndedError(this.#member, 'its lease is over');
  }
}

/** Somebody who waits for a lease. */
export class Acquisition implements Waiting {
  readonly priority: number;
  readonly order: number;
  readonly madeAt: number;
  before: Waiting | undefined = undefined;
  behind: Waiting | undefined = undefined;
  queue: Queued | undefined = undefined;
  readonly #settle: (outcome: { readonly member: Member } | { readonly error: unknown }) => void;
  #settled = false;

  /** @param settle told once: of the worker, or of why there is none */
  constructor(
    { priority, order, madeAt }: Pick<Acquisition, 'priority' | 'order' | 'madeAt'>,
    settle: (outcome: { readonly member: Member } | { readonly error: unknown }) => void,
  ) {
    this.priority = priority;
    this.order = order;
    this.madeAt = madeAt;
    this.#settle = settle;
  }

  get settled(): boolean {
    return this.#settled;
  }

  grant(member: Member): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#settle({ member });
  }

  fail(error: unknown): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#settle({ error });
  }
}
