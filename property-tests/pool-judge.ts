/**
 * Judges a pool by what its callers asked and got, and by what its simulated workers heard: these write it down
 * themselves, and know nothing of the pool.
 */

import type { SimMachine } from '../src/os/sim/machine.ts';
import type { SimProcess } from '../src/os/sim/process.ts';
import type { ServedCall } from '../src/os/sim/serving-options.ts';
import type { Pool } from '../src/pool/pool.ts';
import type { Invariant } from './invariants.ts';

/** One call, as its caller knows it. */
export interface Asked {
  readonly n: number;
  readonly priority: number;
  readonly idempotent: boolean;
  readonly session: string | undefined;
  /** The same for all calls of a session between two times that it may have been begun anew. */
  readonly visit: string | undefined;
  /** The path of the worker that was lent for it. */
  readonly lease: string | undefined;
  /** It was made at this very time by its caller, and not by something between the two. */
  readonly isDirect: boolean;
  readonly heard: { readonly by: SimProcess; readonly at: number }[];
  readonly madeAt: number;
  settledAt: number;
  state: 'open' | 'ok' | 'failed';
  error: unknown;
}

export interface JudgeOptions {
  readonly machine: SimMachine;
  readonly tasksPerWorker: number;
  readonly maxQueue: number;
  readonly attempts: number;
  readonly closeTimeout: number;
  /** Whether whoever hears a call of a session is the only one that ever does, until it is begun anew. */
  readonly sessionsStay: boolean;
  readonly fail: (invariant: Invariant, detail: string) => void;
}

/** How late a call may be heard that was given to a worker before another, ms: two moments of the machine, and then some. */
export const ON_ITS_WAY_MS = 6;

export class PoolJudge {
  readonly #options: JudgeOptions;
  readonly asked: Asked[] = [];
  /** By worker: the numbers of what it has heard and not dealt with. */
  readonly #underWay = new Map<SimProcess, Set<Asked>>();
  /** By the worker's path. */
  readonly #leases = new Set<string>();
  /** Calls that were overtaken, and have to be on their way: since when. */
  readonly #overtaken = new Map<Asked, number>();
  /** By key: how often it may have been begun anew. */
  readonly #renewals = new Map<string, number>();
  /** By visit: the worker that heard its first call. */
  readonly #homes = new Map<string, SimProcess>();
  /** Since when its pool is closed, and the first call that was made after that; undefined until then. */
  #closed: { readonly at: number; readonly from: number } | undefined;
  /** Nobody is waited for. */
  #destroyed = false;
  /** The greatest number of workers there ever could be. */
  #most = 1;
  /** Leases are asked for. */
  hasLeases = false;
  /** How many there were. */
  readonly seen = { leases: 0, leasesLost: 0, maps: 0, streams: 0 };
  /** Open calls of which nobody is told when they are over: those of streams and maps whose items are not all taken. */
  unclear = 0;
  /** Calls of warm-ups that are open, to workers that are not counted yet. */
  warmUps = 0;

  constructor(options: JudgeOptions) {
    this.#options = options;
  }

  /** A caller makes a call. */
  asks(call: Pick<Asked, 'priority' | 'idempotent' | 'session' | 'lease' | 'isDirect'>): Asked {
    const { now } = this.#options.machine.timeline;
    const asked: Asked = {
      ...call,
      visit: call.session && `${call.session} (${this.#renewals.get(call.session) ?? 0})`,
      n: this.asked.length,
      heard: [],
      madeAt: now,
      settledAt: now,
      state: 'open',
      error: undefined,
    };
    this.asked.push(asked);
    return asked;
  }

  /** A session is closed, or begun anew if it was lost. */
  renews(key: string): void {
    this.#renewals.set(key, (this.#renewals.get(key) ?? 0) + 1);
  }

  /** It was answered with this. */
  got(asked: Asked, value: unknown): void {
    this.#settles(asked, 'ok');
    if ((value as { n?: unknown } | null)?.n !== asked.n)
      this.#fail('every-request-settles-once', `${asked.n} got ${JSON.stringify(value)}`);
    if (asked.heard.length === 0) this.#fail('every-request-settles-once', `nobody has heard ${asked.n}`);
  }

  failed(asked: Asked, error: unknown): void {
    this.#settles(asked, 'failed');
    asked.error = error;
    const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
    const isKnown = (typeof code === 'string' && code.startsWith('ERR_REEVE_')) || name === 'AbortError';
    if (!isKnown) this.#fail('every-request-settles-once', `${asked.n} failed with ${String(error)}`);
    this.#mayFailWith(asked, code, String(error));
    if (code === 'ERR_REEVE_QUEUE_FULL' && asked.heard.length > 0)
      this.#fail('bounded-everything', `${asked.n} is refused, and was heard`);
  }

  /** Its pool is told to end. */
  ends(how: 'close' | 'destroy' | 'stop-host'): void {
    this.#destroyed ||= how !== 'close';
    this.#closed ??= { at: this.#options.machine.timeline.now, from: this.asked.length };
  }

  /** A stream, or one call of a map, is over for its caller, whatever became of the call. */
  over(asked: Asked, error: unknown): void {
    if (error !== undefined) this.failed(asked, error);
    else this.#settles(asked, 'ok');
  }

  /** Nobody will tell what became of it. */
  forget(asked: Asked): void {
    this.#settles(asked, 'failed');
  }

  /** What a map gives next is what became of this item. */
  inOrder(asked: Asked | undefined, result: unknown): void {
    const { n } = (result ?? {}) as { n?: unknown };
    if (asked === undefined || n !== asked.n)
      this.#fail('results-in-input-order', `got ${String(n)} in the place of ${asked?.n}`);
    if (asked !== undefined) this.#settles(asked, 'ok');
  }

  broken(detail: string): void {
    this.#fail('every-request-settles-once', detail);
  }

  /** The queue was as long when somebody was told that it was full. */
  refusedAt(queued: number): void {
    const { maxQueue } = this.#options;
    if (queued < maxQueue) this.#fail('bounded-everything', `${queued} of ${maxQueue} is not full`);
  }

  lent(path: string): void {
    this.seen.leases += 1;
    if (this.#leases.has(path)) this.#fail('one-lease-per-worker', `${path} is lent twice`);
    for (const [worker, { size }] of this.#underWay)
      if (size > 0 && worker.alive && pathOf(worker) === path)
        this.#fail('one-lease-per-worker', `${path} is lent, and has ${size} calls of others`);
    this.#leases.add(path);
  }

  returned(path: string): void {
    this.#leases.delete(path);
  }

  /** A worker hears a call. */
  hears({ params, session }: ServedCall, by: SimProcess): Asked | undefined {
    const asked = this.asked[(params as { n: number }).n];
    if (asked === undefined) return undefined;
    const { tasksPerWorker, attempts, machine } = this.#options;
    const { n, lease, idempotent } = asked;
    const path = pathOf(by);
    const underWay = this.#underWay.get(by) ?? new Set();
    this.#underWay.set(by, underWay);
    if (asked.session !== session) this.#fail('every-request-settles-once', `${n} is of session ${session}`);
    if (lease !== undefined && lease !== path)
      this.#fail('one-lease-per-worker', `${n}, for ${lease}, is heard by ${path}`);
    if (lease === undefined && this.#leases.has(path))
      this.#fail('one-lease-per-worker', `${path} is lent, and hears ${n}`);
    if (lease === undefined && underWay.size >= tasksPerWorker)
      this.#fail('one-lease-per-worker', `${path} hears ${n}, and has ${underWay.size} already`);
    if (asked.heard.length >= (idempotent ? attempts : 1))
      this.#fail('every-request-settles-once', `${n} is heard ${asked.heard.length + 1} times`);
    this.#atHome(asked, by);
    this.#inOrder(asked, by);
    underWay.add(asked);
    asked.heard.push({ by, at: machine.timeline.now });
    return asked;
  }

  /** It has dealt with it. */
  answers({ params }: ServedCall, by: SimProcess): void {
    const asked = this.asked[(params as { n: number }).n];
    if (asked !== undefined) this.#underWay.get(by)?.delete(asked);
  }

  /** After whatever has happened. */
  look(pool: Pool<never>, max: number): void {
    const { queued, ready, calls, running } = pool.stats();
    const { maxQueue, tasksPerWorker } = this.#options;
    this.#most = Math.max(this.#most, max);
    // Whoever was served, or promised a worker, in vain comes back to the queue, though it is full.
    const back = (calls.retried > 0 ? this.#most * tasksPerWorker : 0) + (this.hasLeases ? this.#most : 0);
    if (queued > maxQueue + back) this.#fail('bounded-everything', `${queued} wait, and ${maxQueue} may`);
    const workers = pool.workers();
    // Whoever has sessions stays for their sake, however small the pool was made.
    const kept = workers.filter(({ sessions }) => sessions > 0).length;
    if (ready > Math.max(max, kept)) this.#fail('bounded-everything', `${ready} are ready, and ${max} may`);
    const open = this.asked.filter(({ state }) => state === 'open').length;
    const unsettled = calls.made - calls.ok - calls.failed;
    if (unsettled > open || unsettled < open - this.unclear)
      this.#fail('every-request-settles-once', `${unsettled} are counted as open, and ${open} are`);
    if (running + queued < unsettled - this.warmUps)
      this.#fail('every-request-settles-once', `${unsettled} open, ${running} running, ${queued} queued`);
  }

  /** Everything is over. */
  allSettled(): void {
    for (const { n, state } of this.asked)
      if (state === 'open') this.#fail('every-request-settles-once', `${n} is not settled`);
  }

  #settles(asked: Asked, state: 'ok' | 'failed'): void {
    if (asked.state !== 'open') this.#fail('every-request-settles-once', `${asked.n} is settled twice`);
    asked.state = state;
    asked.settledAt = this.#options.machine.timeline.now;
  }

  /** Who is recycled, or one too many, finishes what it has; and a pool that closes waits for what was asked before. */
  #mayFailWith({ n }: Asked, code: unknown, message: string): void {
    const { closeTimeout, machine } = this.#options;
    const closed = this.#closed;
    if (code === 'ERR_REEVE_WORKER_ENDED' && message.includes('not needed any more') && closed === undefined)
      this.#fail('every-request-settles-once', `${n} is lost with one that should have finished: ${message}`);
    if (code !== 'ERR_REEVE_POOL_CLOSED' || closed === undefined || this.#destroyed) return;
    if (n < closed.from && machine.timeline.now < closed.at + closeTimeout)
      this.#fail('every-request-settles-once', `${n} is not waited for by a pool that closes`);
  }

  #atHome({ n, visit }: Asked, by: SimProcess): void {
    if (visit === undefined) return;
    const home = this.#homes.get(visit) ?? by;
    this.#homes.set(visit, home);
    if (home !== by && this.#options.sessionsStay)
      this.#fail('one-worker-per-session', `${n} of ${visit} is heard by ${pathOf(by)}, not ${pathOf(home)}`);
  }

  /** Of two of one priority the earlier is given away first; it may be on its way to another worker still. */
  #inOrder(asked: Asked, by: SimProcess): void {
    const { now } = this.#options.machine.timeline;
    const since = this.#overtaken.get(asked);
    if (since !== undefined && now - since > ON_ITS_WAY_MS && !by.wasStopped && !asked.idempotent)
      this.#fail(
        'first-come-first-served',
        `${asked.n} waits ${now - since} ms longer than one that came later`,
      );
    if (!isPlain(asked) || asked.heard.length > 0) return;
    for (const other of this.asked.slice(0, asked.n)) {
      if (!isPlain(other) || other.state !== 'open' || other.priority !== asked.priority) continue;
      if (other.heard.length === 0 && !this.#overtaken.has(other)) this.#overtaken.set(other, now);
    }
  }

  #fail(invariant: Invariant, detail: string): void {
    this.#options.fail(invariant, detail);
  }
}

const isPlain = ({ session, lease, isDirect }: Asked): boolean =>
  session === undefined && lease === undefined && isDirect;

/** Of a worker: its ID without the number of its birth. */
const pathOf = ({ origin }: SimProcess): string =>
  origin!.workerId.slice(0, origin!.workerId.lastIndexOf(':'));
