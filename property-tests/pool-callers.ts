/** Callers of a pool, as a plan has them: each tells the judge what it asks for, and what it gets. */

import type { CallOptions } from '../src/pool/call-options.ts';
import type { Lease } from '../src/pool/lease.ts';
import type { Pool } from '../src/pool/pool.ts';
import type { SimMachine } from '../src/sim/index.ts';
import type { Asked, PoolJudge } from './pool-judge.ts';
import { type Act, type Ask, PLAIN } from './pool-plan.ts';

type LeaseAct = Extract<Act, { do: 'lease' }>;

/** What nobody would answer, nor stop to answer, needs a limit to be over. */
const LIMIT_MS = 3_000;

/** Items of a stream: more than any has. */
const ALL = 999;

export class PoolCallers {
  readonly #judge: PoolJudge;
  readonly #pool: Pool;
  readonly #machine: SimMachine;
  /** What is not over. */
  readonly waiting = new Set<string>();
  #made = 0;

  constructor(judge: PoolJudge, pool: Pool, machine: SimMachine) {
    this.#judge = judge;
    this.#pool = pool;
    this.#machine = machine;
  }

  get open(): number {
    return this.waiting.size;
  }

  call(ask: Ask): void {
    void this.#call(ask);
  }

  visit(session: string, count: number, pause: number): void {
    const visit = async (): Promise<void> => {
      for (let n = 0; n < count; n += 1) {
        const asked = await this.#call({ ...PLAIN, session });
        if (asked.state !== 'ok') return;
        await this.#after(pause);
      }
    };
    this.#until(`visit of '${session}'`, visit());
  }

  #call(ask: Ask): Promise<Asked> {
    const asked = this.#asks(ask, undefined);
    const before = this.#queued();
    const call = this.#pool.call('run', paramsOf(asked, ask), this.#optionsOf(ask));
    const queued = Math.max(before, this.#queued()); // who hears of it may make calls amid it
    const heard = this.#hear(asked, call, queued);
    this.#until(`call ${asked.n}`, heard);
    return heard.then(() => asked);
  }

  stream(ask: Ask, takes: number, pace: number): void {
    const asked = this.#asks(ask, undefined);
    const items = this.#pool.stream('run', paramsOf(asked, ask), this.#optionsOf(ask));
    this.#until(`stream ${asked.n}`, this.#take(asked, ask, items, takes, pace));
  }

  map(ask: Ask, count: number, takes: number): void {
    const pulled: Asked[] = [];
    const asks = (n: number) => {
      const asked = this.#asks({ ...ask, session: undefined }, undefined, false);
      this.#judge.unclear += 1;
      pulled[n] = asked;
      return paramsOf(asked, ask);
    };
    function* items() {
      for (let n = 0; n < count; n += 1) yield asks(n);
    }
    const { session: _, ...options } = this.#optionsOf(ask);
    const results = this.#pool.map(items(), { ...options, method: 'run' });
    this.#until('map', this.#takeResults(pulled, results, count, takes));
  }

  lease(act: LeaseAct): void {
    this.#until('lease', this.#lease(act));
  }

  async #lease({ asks, hold, end, timeout, queueTimeout, cancelAfter, priority }: LeaseAct): Promise<void> {
    let lease: Lease;
    this.#judge.hasLeases = true;
    const queued = this.#queued();
    try {
      const options = defined({ timeout, queueTimeout, priority, signal: this.#signalAfter(cancelAfter) });
      lease = await this.#pool.acquire(options);
    } catch (error) {
      this.#refused(error, queued);
      return;
    }
    const { path, signal } = lease;
    if (signal.aborted) return;
    this.#judge.lent(path);
    const lost = new Promise<void>((resolve) =>
      signal.addEventListener('abort', () => {
        this.#judge.returned(path);
        this.#judge.seen.leasesLost += 1;
        resolve();
      }),
    );
    const calls = asks.map((ask) => this.#callLease(lease, ask));
    await Promise.race([this.#after(hold), lost]);
    this.#judge.returned(path);
    lease[end]();
    await Promise.all(calls);
  }

  async #callLease(lease: Lease, ask: Ask): Promise<void> {
    const asked = this.#asks({ ...ask, session: undefined }, lease.path);
    const { session: _, ...options } = this.#optionsOf(ask);
    const params = paramsOf(asked, ask);
    if (ask.items > 0) await this.#take(asked, ask, lease.stream('run', params, options), ALL, 0);
    else await this.#hear(asked, lease.call('run', params, options), 0);
  }

  async #take(
    asked: Asked,
    { items: count, deed }: Ask,
    items: AsyncIterableIterator<unknown>,
    takes: number,
    pace: number,
  ): Promise<void> {
    let taken = 0;
    this.#judge.unclear += 1;
    try {
      if (takes > 0)
        for await (const item of items) {
          if ((item as number) !== taken)
            this.#judge.broken(`${asked.n}: item ${String(item)}, not ${taken}`);
          taken += 1;
          if (taken === takes) break;
          if (pace > 0) await this.#after(pace);
        }
      else await items.return!();
      const isWhole = taken >= takes || deed !== 'answers' || taken === count;
      if (!isWhole) this.#judge.broken(`${asked.n} ends after ${taken} items of ${count}`);
      this.#judge.over(asked, undefined);
      if (taken === count && taken < takes) this.#judge.seen.streams += 1;
    } catch (error) {
      this.#judge.over(asked, error);
    }
    this.#judge.unclear -= 1;
  }

  async #takeResults(
    pulled: readonly Asked[],
    results: AsyncIterableIterator<unknown>,
    count: number,
    takes: number,
  ): Promise<void> {
    let taken = 0;
    try {
      for await (const result of results) {
        this.#judge.inOrder(pulled[taken], result);
        taken += 1;
        if (taken === takes) break;
      }
      if (taken === count) this.#judge.seen.maps += 1;
    } catch (error) {
      if (pulled[taken] !== undefined) this.#judge.failed(pulled[taken]!, error);
    }
    for (const asked of pulled) if (asked.state === 'open') this.#judge.forget(asked);
    this.#judge.unclear -= pulled.length;
  }

  async #hear(asked: Asked, call: Promise<unknown>, queued: number): Promise<void> {
    try {
      this.#judge.got(asked, await call);
    } catch (error) {
      this.#refused(error, queued);
      this.#judge.failed(asked, error);
    }
  }

  #refused(error: unknown, queued: number): void {
    if ((error as { code?: unknown }).code === 'ERR_REEVE_QUEUE_FULL') this.#judge.refusedAt(queued);
  }

  #asks({ priority, idempotent, session }: Ask, lease: string | undefined, isDirect = true): Asked {
    return this.#judge.asks({ priority, idempotent, session, lease, isDirect });
  }

  #optionsOf(ask: Ask): CallOptions {
    const { priority, idempotent, session, queueTimeout, deed, cancelAfter } = ask;
    const timeout = ask.timeout ?? (deed === 'forgets' ? LIMIT_MS : undefined);
    const signal = this.#signalAfter(cancelAfter);
    return defined({ priority, idempotent, session, queueTimeout, timeout, signal });
  }

  #signalAfter(ms: number | undefined): AbortSignal | undefined {
    if (ms === undefined) return undefined;
    const controller = new AbortController();
    if (ms === 0) controller.abort();
    else this.#machine.timeline.add(ms, () => controller.abort());
    return controller.signal;
  }

  #queued(): number {
    return this.#pool.stats().queued;
  }

  #after(ms: number): Promise<void> {
    return new Promise((resolve) => this.#machine.timeline.add(ms, resolve));
  }

  #until(what: string, over: Promise<void>): void {
    this.#made += 1;
    const name = `${what} (${this.#made})`;
    this.waiting.add(name);
    void over.then(() => this.waiting.delete(name));
  }
}

const paramsOf = ({ n }: Asked, { deed, times, ms, items, ignoresCancel }: Ask) => ({
  n,
  deed,
  times,
  ms,
  items,
  ignoresCancel,
});

const defined = <T extends object>(record: T) =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
