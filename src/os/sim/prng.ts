/** Chance that follows from a seed: everything in a simulation that might have been otherwise asks here. */

const HIGHEST_SEED = 2 ** 32 - 1;

export class Prng {
  readonly seed: number;
  #state: number;

  /** @param seed a whole number of 32 bits. Throws a RangeError for any other, which would be the same as one of these */
  constructor(seed: number) {
    if (!Number.isInteger(seed) || seed < 0 || seed > HIGHEST_SEED) {
      throw new RangeError(`a seed is a whole number from 0 to ${HIGHEST_SEED}, and not ${String(seed)}`);
    }
    this.seed = seed;
    this.#state = seed;
    for (let warm = 0; warm < 4; warm += 1) this.next(); // seeds that are neighbours begin alike otherwise
  }

  /** 32 bits. Mulberry32 by Tommy Ettinger, in the public domain. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** From 0 up to, and without, 1. */
  fraction(): number {
    return this.next() / 2 ** 32;
  }

  /** A whole number from 0 up to, and without, `limit`. */
  below(limit: number): number {
    return Math.floor(this.fraction() * limit);
  }

  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.below(256));
  }

  /** A source of its own, so that more questions to it change nothing for others. */
  split(): Prng {
    return new Prng(this.next());
  }
}
