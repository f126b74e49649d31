/** A session as its user holds it. */
import type { CallArguments, ItemOf, MethodOf, ResultOf } from './api.ts';
import type { CallOptions } from './call-options.ts';

type SessionCallOptions = Omit<CallOptions, 'session'>;

/** What a session needs of its pool. */
export interface SessionKeeper {
  call(method: string, params: unknown, options: SessionCallOptions | undefined): Promise<unknown>;
  stream(
    method: string,
    params: unknown,
    options: SessionCallOptions | undefined,
  ): AsyncIterableIterator<unknown>;
  forget(): void;
}

/**
 * Calls that go to one worker, which is found at the first of them. When it dies they are rejected with a
 * `SessionLostError`, until `pool.session(key)` begins anew.
 */
export class PoolSession<A> {
  readonly key: string;
  readonly #keeper: SessionKeeper;

  /** @internal use `pool.session` */
  constructor(key: string, keeper: SessionKeeper) {
    this.key = key;
    this.#keeper = keeper;
  }

  /** As the pool's. */
  async call<M extends MethodOf<A>>(
    method: M,
    ...[params, options]: CallArguments<A, M, SessionCallOptions>
  ): Promise<ResultOf<A, M>> {
    return (await this.#keeper.call(method, params, options)) as ResultOf<A, M>;
  }

  /** As the pool's. */
  stream<M extends MethodOf<A>>(
    method: M,
    ...[params, options]: CallArguments<A, M, SessionCallOptions>
  ): AsyncIterableIterator<ItemOf<A, M>> {
    return this.#keeper.stream(method, params, options) as AsyncIterableIterator<ItemOf<A, M>>;
  }

  /** The worker may be given to others; what it keeps for this session is its own affair. */
  close(): void {
    this.#keeper.forget();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
