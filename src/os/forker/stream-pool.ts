/** Sockets connected ahead of time: a fork takes what it needs at once, and knows beforehand that it can have it. */
import type { SpawnFailure } from '../../errors.ts';
import type { HostEnd } from './supply.ts';

/** How many are kept ready once some were wanted: what two births take at most that write to FIFOs. */
const KEPT_READY = 4;

interface Taker {
  readonly count: number;
  readonly resolve: (ends: readonly HostEnd[]) => void;
  readonly reject: (failure: SpawnFailure) => void;
}

export class StreamPool {
  readonly #connect: (count: number) => void;
  #ready: HostEnd[] = [];
  #takers: Taker[] = [];
  /** Asked for, and neither arrived nor failed yet. */
  #expected = 0;
  /** As many of these were asked for before the last failure: whoever came after it does not count on them. */
  #doubtful = 0;

  /** @param connect asks the forker for that many more */
  constructor(connect: (count: number) => void) {
    this.#connect = connect;
  }

  /** Rejects with a `SpawnFailure` when a stream cannot be had, as when descriptors run out. */
  take(count: number): Promise<readonly HostEnd[]> {
    return new Promise((resolve, reject) => {
      this.#takers.push({ count, resolve, reject });
      this.#serve();
    });
  }

  /** One has arrived. */
  add(end: HostEnd): void {
    this.#answered(1);
    this.#ready.push(end);
    this.#serve();
  }

  /** One or all of those expected will not come: those who wait for them are told why. */
  fail(failure: SpawnFailure, count = this.#expected): void {
    const isOldNews = this.#doubtful >= count && count > 0;
    this.#answered(count);
    if (isOldNews) return; // those who waited for it have been told with the first of its kind
    this.#doubtful = this.#expected;
    this.failAll(failure);
  }

  /** None will come: there is no forker, and there will be none. */
  failAll(failure: SpawnFailure): void {
    const takers = this.#takers;
    this.#takers = [];
    for (const taker of takers) taker.reject(failure);
  }

  /** For when there is time: after a fork, not before it. */
  refillWhenLow(): void {
    if (this.#ready.length <= KEPT_READY / 2) this.refill();
  }

  /** Asks for as many as are missing. Not done on failure, or a lack of descriptors would be asked for for ever. */
  refill(): void {
    const wanted = this.#takers.reduce((sum, taker) => sum + taker.count, KEPT_READY);
    const missing = wanted - this.#ready.length - (this.#expected - this.#doubtful);
    if (missing <= 0) return;
    this.#expected += missing;
    this.#connect(missing);
  }

  /** The forker is gone, and its ends with it. Who waits goes on waiting, for the next one. */
  clear(): void {
    for (const end of this.#ready) end.destroy();
    this.#ready = [];
    this.#expected = 0;
    this.#doubtful = 0;
  }

  #answered(count: number): void {
    this.#expected = Math.max(0, this.#expected - count);
    this.#doubtful = Math.max(0, this.#doubtful - count);
  }

  #serve(): void {
    for (let taker = this.#takers[0]; taker !== undefined; taker = this.#takers[0]) {
      if (taker.count > this.#ready.length) break;
      this.#takers.shift();
      taker.resolve(this.#ready.splice(0, taker.count));
    }
    if (this.#takers.length > 0) this.refill();
  }
}
