/** A pool of warm workers, as its users hold it. */
import { OptionsError } from '../errors.ts';
import { ItemStream } from '../flow/item-stream.ts';
import { OptionReader } from '../worker/option-reader.ts';
import { acquireWorker } from './acquire.ts';
import type { CallArguments, ItemOf, MainMethodOf, MethodOf, ParamsOf, ResultOf, UnknownApi } from './api.ts';
import { type CallOptions, limit, planOf } from './call-options.ts';
import { isTraced, traced } from './call-trace.ts';
import { Lease } from './lease.ts';
import { mapInOrder } from './map.ts';
import type { Member } from './member.ts';
import { PoolCore, type PoolHost } from './pool-core.ts';
import { type PoolStats, type PoolWorkerInfo, statsOf, workerInfo } from './pool-info.ts';
import type { PoolPhase } from './pool-machine.ts';
import { type PoolSettings, parseSize } from './pool-options.ts';
import { PoolSession } from './pool-session.ts';

/** For `acquire`. */
export interface AcquireOptions extends Pick<CallOptions, 'signal' | 'queueTimeout' | 'priority'> {
  /** Milliseconds after which the worker is taken back, and ended; default: never. */
  readonly timeout?: number;
}

export interface MapOptions extends Omit<CallOptions, 'session'> {
  /** Default `'run'`. */
  readonly method?: string;
  /** Calls at a time; default: as many as the greatest number of workers can have. */
  readonly concurrency?: number;
}

export class Pool<A = UnknownApi> {
  readonly #core: PoolCore;

  /** @internal use `host.pool` or `createPool` */
  constructor(settings: PoolSettings, host: PoolHost) {
    this.#core = new PoolCore(settings, host);
  }

  get name(): string {
    return this.#core.settings.name;
  }

  get phase(): PoolPhase {
    return this.#core.phase;
  }

  /** Resolves when nothing is left of it, whoever has closed it. */
  get closed(): Promise<void> {
    return this.#core.closed();
  }

  /** @internal resolves when the first workers are ready */
  opened(): Promise<void> {
    return this.#core.opened();
  }

  /**
   * Has a worker do this. Rejects with what `call-errors` names, a `RemoteError` when the worker's own code threw, the
   * signal's reason when it was aborted, and an `OptionsError` for options that cannot be meant. Each call is settled
   * once, whatever becomes of its worker, of the forker, or of the pool.
   */
  call<M extends MethodOf<A>>(
    method: M,
    ...[params, options]: CallArguments<A, M, CallOptions>
  ): Promise<ResultOf<A, M>> {
    return this.#call(method, params, options, undefined) as Promise<ResultOf<A, M>>;
  }

  /** `call('run', …)`, for workers that do one thing. */
  run(
    ...[params, options]: 'run' extends keyof A
      ? CallArguments<A, 'run', CallOptions>
      : [params?: unknown, options?: CallOptions]
  ): Promise<'run' extends keyof A ? ResultOf<A, 'run'> : unknown> {
    return this.#call('run', params, options, undefined) as Promise<never>;
  }

  /**
   * A call whose items come one by one. While nobody takes them the worker has to wait. To leave the loop cancels the
   * call.
   */
  stream<M extends MethodOf<A>>(
    method: M,
    ...[params, options]: CallArguments<A, M, CallOptions>
  ): AsyncIterableIterator<ItemOf<A, M>> {
    return this.#stream(method, params, options, undefined) as AsyncIterableIterator<ItemOf<A, M>>;
  }

  /** One call for each item, their results in the order of the items. Pulls no more items than it has calls under way. */
  map<M extends MethodOf<A> = MainMethodOf<A>>(
    items: Iterable<ParamsOf<A, M>> | AsyncIterable<ParamsOf<A, M>>,
    options: MapOptions & { readonly method?: M } = {},
  ): AsyncIterableIterator<ResultOf<A, M>> {
    const { method = 'run', concurrency, signal, ...rest } = options;
    if (concurrency !== undefined && (!Number.isInteger(concurrency) || concurrency < 1)) {
      throw new OptionsError('concurrency', `expected a whole number from 1 on, got ${String(concurrency)}`);
    }
    const { staff, settings } = this.#core;
    let both: AbortSignal | undefined; // one for all: Node 20 keeps a little of each for as long as the given one lives
    return mapInOrder({
      items,
      call: (item, ended) => {
        both ??= bothSignals(signal, ended);
        return this.#call(method, item, { ...rest, signal: both }, undefined);
      },
      concurrency: () => concurrency ?? staff.size.max * settings.tasksPerWorker, // the size may be changed meanwhile
      signal,
    }) as AsyncIterableIterator<ResultOf<A, M>>;
  }

  /** A worker for oneself: give it back with `release()`, or by `await using`. */
  async acquire(options: AcquireOptions = {}): Promise<Lease<A>> {
    this.#core.requireOpen();
    const reader = new OptionReader(options, '', ['signal', 'queueTimeout', 'priority', 'timeout']);
    const timeout = reader.has('timeout') ? limit(reader, 'timeout') : Number.POSITIVE_INFINITY;
    const { queueTimeout, priority, signal } = planOf(
      'acquire',
      undefined,
      without(options, 'timeout'),
      this.#core.settings,
    );
    let lease: Lease<A> | undefined;
    await acquireWorker(this.#core.lender, this.#core.clock, { queueTimeout, priority, signal }, (member) => {
      lease = new Lease<A>(this.#leaseKeeper(), member, timeout);
    });
    return lease!;
  }

  /** A key whose calls go to one worker. One that is lost begins anew. */
  session(key: string): PoolSession<A> {
    if (typeof key !== 'string' || key === '') throw new OptionsError('key', 'expected a non-empty string');
    this.#core.sessions.renew(key);
    return new PoolSession<A>(key, {
      call: (method, params, options) => this.#call(method, params, { ...options, session: key }, undefined),
      stream: (method, params, options) =>
        this.#stream(method, params, { ...options, session: key }, undefined),
      forget: () => this.#core.sessions.forget(key),
    });
  }

  /** An object that has the worker's methods: `pool.proxy().embed({ text })`. */
  proxy(): {
    readonly [M in MethodOf<A>]: (...args: CallArguments<A, M, CallOptions>) => Promise<ResultOf<A, M>>;
  } {
    const call = (method: string) => (params?: unknown, options?: CallOptions) =>
      this.#call(method, params, options, undefined);
    return new Proxy(Object.create(null) as never, {
      get: (_, name) => (typeof name === 'string' && !ASKED_OF_ANYTHING.has(name) ? call(name) : undefined),
    });
  }

  /** Kept ready, and at most, from now on. Workers that are too many finish what they have. */
  resize(size: { readonly min?: number; readonly max?: number }): void {
    const { min, max } = this.#core.staff.size;
    this.#core.staff.resize(parseSize(new OptionReader(size, '', ['min', 'max']), min, () => max));
  }

  /** Replaces every worker by a fresh one, one after the other; nothing is lost. */
  recycle(): void {
    for (const member of this.#core.lender.members) this.#core.recycler.recycle(member, 'request');
  }

  /** False while so many calls wait that callers should wait too. */
  get hasRoom(): boolean {
    return this.#core.hasRoom;
  }

  /** Resolves when there is room: await it before each call, and the queue never is full. */
  whenRoom(): Promise<void> {
    return this.#core.whenRoom();
  }

  /** How many workers are kept ready. */
  get min(): number {
    return this.#core.staff.size.min;
  }

  /** How many there may be. */
  get max(): number {
    return this.#core.staff.size.max;
  }

  workers(): readonly PoolWorkerInfo[] {
    return this.#core.staff.all.map(workerInfo);
  }

  stats(): PoolStats {
    const { lender, staff, sessions } = this.#core;
    return statsOf(lender, staff.starting, sessions.size);
  }

  /**
   * Takes no calls any more, waits for those under way, `closeTimeout` at most, then stops the workers. Resolves when
   * nothing is left of them.
   */
  close(): Promise<void> {
    return this.#core.end('close');
  }

  /** Rejects all calls with a `PoolClosedError`, and stops the workers. Resolves when nothing is left of them. */
  destroy(): Promise<void> {
    return this.#core.end('destroy');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #call(
    method: string,
    params: unknown,
    options: CallOptions | undefined,
    lease: Member | undefined,
    items?: ItemStream,
  ): Promise<unknown> {
    if (!isTraced()) return this.#dispatch(method, params, options, lease, items);
    return traced({ pool: this.name, method, params }, () =>
      this.#dispatch(method, params, options, lease, items),
    );
  }

  /** Not `async`: a promise less for each of many thousand calls a second. */
  #dispatch(
    method: string,
    params: unknown,
    options: CallOptions | undefined,
    lease: Member | undefined,
    items: ItemStream | undefined,
  ): Promise<unknown> {
    const core = this.#core;
    try {
      core.requireOpen(lease !== undefined);
      requireMethod(method);
      const plan = planOf(method, params, options, core.settings, items);
      const session = plan.session === undefined ? undefined : core.sessions.use(plan.session);
      return core.lender.call(plan, session, lease);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #stream(
    method: string,
    params: unknown,
    options: CallOptions | undefined,
    lease: Member | undefined,
  ): AsyncIterableIterator<unknown> {
    const controller = new AbortController();
    const items = new ItemStream(() => controller.abort());
    const given = options?.signal;
    const follow = (): void => controller.abort(given?.reason);
    const isSignal = given instanceof AbortSignal; // what is none is complained about where options are read
    if (isSignal && given.aborted) follow();
    else if (isSignal) given.addEventListener('abort', follow);
    const signal = given === undefined || isSignal ? controller.signal : given;
    this.#call(method, params, { ...options, signal }, lease, items)
      .finally(() => isSignal && given.removeEventListener('abort', follow))
      .then(
        () => items.finish(),
        (error: unknown) => items.fail(error),
      );
    return items;
  }

  #leaseKeeper() {
    const core = this.#core;
    return {
      clock: core.clock,
      call: (member: Member, method: string, params: unknown, options: CallOptions | undefined) =>
        this.#call(method, params, options, member),
      stream: (member: Member, method: string, params: unknown, options: CallOptions | undefined) =>
        this.#stream(method, params, options, member),
      onReleased: (member: Member) => core.released(member),
      end: (member: Member, why: Error) => core.staff.kill(member, why),
    };
  }
}

/** Those of Reeve are no calls: a worker that is asked to cancel one, say, answers nothing. */
function requireMethod(method: unknown): void {
  if (typeof method !== 'string' || method === '')
    throw new OptionsError('method', 'expected a non-empty string');
  if (method.startsWith('$/'))
    throw new OptionsError('method', `'${method}': what begins with $/ is Reeve's own`);
}

/** What `await` and `JSON.stringify` ask any object for, and call: it would go to a worker, its answer to nobody. */
const ASKED_OF_ANYTHING: ReadonlySet<string> = new Set(['then', 'toJSON']);

/** What is no signal is complained about where options are read. */
function bothSignals(given: AbortSignal | undefined, own: AbortSignal): AbortSignal {
  if (given === undefined) return own;
  return given instanceof AbortSignal ? AbortSignal.any([given, own]) : given;
}

function without<T extends object, K extends keyof T>(object: T, key: K): Omit<T, K> {
  const { [key]: _, ...rest } = object;
  return rest;
}
