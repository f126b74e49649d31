/** Who waits for a worker: by priority, first come first served within one, and nobody for ever. */

/** One that waits. It is in one queue at most, and leaves it at no cost. */
export interface Waiting {
  /** Higher goes first. */
  readonly priority: number;
  /** Lower came first; unique in a pool. */
  readonly order: number;
  before: Waiting | undefined;
  behind: Waiting | undefined;
  queue: Queued | undefined;
}

/** @internal what `Waiting` knows of where it waits */
export interface Queued {
  remove(one: Waiting): void;
}

/** From how low to how high a priority may be. */
export const PRIORITIES = { lowest: -10, highest: 10 } as const;

/**
 * Of so many that are served one is whoever has waited longest, whatever its priority. Whoever has `n` before it that
 * came earlier is served within `(n + 1) × FAIR_TURN` turns, however many come later with a higher priority.
 */
export const FAIR_TURN = 8;

class Lane {
  first: Waiting | undefined;
  last: Waiting | undefined;
}

const LANES = PRIORITIES.highest - PRIORITIES.lowest + 1;
const laneIndex = (priority: number): number => priority - PRIORITIES.lowest;

export class WaitQueue<One extends Waiting> implements Queued {
  readonly #lanes = Array.from({ length: LANES }, () => new Lane());
  #size = 0;
  #turn = 0;

  get size(): number {
    return this.#size;
  }

  add(one: One): void {
    const lane = this.#lanes[laneIndex(one.priority)]!;
    one.before = lane.last;
    if (lane.last === undefined) lane.first = one;
    else lane.last.behind = one;
    lane.last = one;
    this.#joined(one);
  }

  /** It was here before, and comes first among its like again. */
  putBack(one: One): void {
    const lane = this.#lanes[laneIndex(one.priority)]!;
    one.behind = lane.first;
    if (lane.first === undefined) lane.last = one;
    else lane.first.before = one;
    lane.first = one;
    this.#joined(one);
  }

  /** Whose turn it is. Stays in the queue. */
  next(): One | undefined {
    if (this.#size === 0) return undefined;
    return this.#turn % FAIR_TURN === FAIR_TURN - 1 ? this.oldest() : this.#highest();
  }

  /** It was its turn. */
  take(one: One): void {
    this.#turn += 1;
    this.remove(one);
  }

  /** Whoever has waited longest. */
  oldest(): One | undefined {
    let oldest: Waiting | undefined;
    for (const { first } of this.#lanes) {
      if (first !== undefined && (oldest === undefined || first.order < oldest.order)) oldest = first;
    }
    return oldest as One | undefined;
  }

  remove(one: Waiting): void {
    if (one.queue !== this) return;
    const lane = this.#lanes[laneIndex(one.priority)]!;
    if (one.before === undefined) lane.first = one.behind;
    else one.before.behind = one.behind;
    if (one.behind === undefined) lane.last = one.before;
    else one.behind.before = one.before;
    one.before = undefined;
    one.behind = undefined;
    one.queue = undefined;
    this.#size -= 1;
  }

  /** All of them, the highest priority first; they leave. */
  clear(): One[] {
    const all: One[] = [];
    for (let one = this.#highest(); one !== undefined; one = this.#highest()) {
      this.remove(one);
      all.push(one);
    }
    return all;
  }

  #joined(one: One): void {
    one.queue = this;
    this.#size += 1;
  }

  #highest(): One | undefined {
    for (let index = LANES - 1; index >= 0; index -= 1) {
      const { first } = this.#lanes[index]!;
      if (first !== undefined) return first as One;
    }
    return undefined;
  }
}
