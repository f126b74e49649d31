/** How long things took, in buckets that double: cheap enough for every call. */

/** The first bucket is below 2^-6 ms (16 µs), the last above 2^24 ms (4.7 hours). */
const LOWEST = -6;
const BUCKETS = 32;

/** Milliseconds. A percentile is the upper bound of its bucket: at most twice what it was. */
export interface Durations {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export class Histogram {
  readonly #counts = new Float64Array(BUCKETS);
  #count = 0;
  #sum = 0;
  #max = 0;

  /** @param ms milliseconds */
  add(ms: number): void {
    const bits = 32 - Math.clz32(Math.min(ms / 2 ** LOWEST, 2 ** BUCKETS - 1)); // its logarithm, and one
    const bucket = Math.min(BUCKETS - 1, bits);
    this.#counts[bucket]! += 1;
    this.#count += 1;
    this.#sum += ms;
    if (ms > this.#max) this.#max = ms;
  }

  summary(): Durations {
    return {
      count: this.#count,
      mean: this.#count === 0 ? 0 : this.#sum / this.#count,
      p50: this.#percentile(0.5),
      p95: this.#percentile(0.95),
      p99: this.#percentile(0.99),
      max: this.#max,
    };
  }

  #percentile(share: number): number {
    let left = this.#count * share;
    for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
      left -= this.#counts[bucket]!;
      if (left <= 0) return this.#count === 0 ? 0 : Math.min(this.#max, 2 ** (bucket + LOWEST));
    }
    return this.#max;
  }
}
