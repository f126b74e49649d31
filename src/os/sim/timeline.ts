/** Virtual time: what is due runs in order of its time, one thing after the other, and takes no time itself. */
import { setImmediate as nextTurn } from 'node:timers/promises';

export interface Entry {
  /** Milliseconds since the machine was built. */
  readonly at: number;
  readonly order: number;
  readonly action: () => void;
  cancelled: boolean;
}

export class Timeline {
  /** A binary heap, the earliest first. */
  readonly #heap: Entry[] = [];
  #now = 0;
  #added = 0;
  #steps = 0;

  get now(): number {
    return this.#now;
  }

  /** How many things have happened. */
  get steps(): number {
    return this.#steps;
  }

  /** @param delay milliseconds from now */
  add(delay: number, action: () => void): Entry {
    // What is due at no time would be in nobody's order, and whatever comes after it too.
    if (!Number.isFinite(delay)) throw new RangeError(`expected milliseconds, got ${String(delay)}`);
    this.#added += 1;
    const entry = { at: this.#now + Math.max(0, delay), order: this.#added, action, cancelled: false };
    this.#heap.push(entry);
    this.#rise(this.#heap.length - 1);
    return entry;
  }

  /** When the next thing is due; undefined when nothing is. */
  get nextAt(): number | undefined {
    while (this.#heap[0]?.cancelled === true) this.#take();
    return this.#heap[0]?.at;
  }

  /** Lets the next thing happen, and all that follows from it at once. False when nothing is due any more. */
  async step(): Promise<boolean> {
    if (this.nextAt === undefined) return false;
    const entry = this.#take()!;
    this.#now = entry.at;
    this.#steps += 1;
    entry.action();
    await this.settle(); // by then every promise that could be settled has told whoever waits for it
    return true;
  }

  /** Lets all that follows from what was done outside of a step happen. */
  async settle(): Promise<void> {
    await nextTurn();
  }

  #take(): Entry | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    heap[0] = last;
    this.#sink(0);
    return first;
  }

  #rise(from: number): void {
    const heap = this.#heap;
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!isEarlier(heap[at]!, heap[parent]!)) return;
      [heap[at], heap[parent]] = [heap[parent]!, heap[at]!];
      at = parent;
    }
  }

  #sink(from: number): void {
    const heap = this.#heap;
    for (let at = from; ; ) {
      let first = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < heap.length && isEarlier(heap[child]!, heap[first]!)) first = child;
      }
      if (first === at) return;
      [heap[at], heap[first]] = [heap[first]!, heap[at]!];
      at = first;
    }
  }
}

const isEarlier = (a: Entry, b: Entry): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);
