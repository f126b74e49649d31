/** The way out of a worker: all that is said in one turn goes out as one, and who says much waits for its reader. */
import type { Writable } from 'node:stream';
import type { Writer } from '../channel/words.ts';

/** Characters or bytes from which on it is not waited for the end of the turn. */
const ENOUGH = 64 * 1_024;
/** Items after which others get their turn, also where each of them is there at once. */
const MANY_ITEMS = 64;

export class Outlet {
  readonly #writer: Writer;
  readonly #output: Writable;
  #flushing = false;
  /** Resolves when the host has taken what was written; undefined while it keeps up. */
  #drained: Promise<void> | undefined;
  #items = 0;
  #turn: Promise<void> | undefined;

  constructor(writer: Writer, output: Writable) {
    this.#writer = writer;
    this.#output = output;
  }

  flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    process.nextTick(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  /** Resolves when there is room for another item. */
  room(): Promise<void> {
    if (this.#writer.waiting > ENOUGH) this.#flush();
    return this.#isTurnOver() ? this.#nextTurn().then(() => this.#drained) : (this.#drained ?? NOW);
  }

  /** Resolves at once, or, now and then, when others have had their turn. */
  breath(): Promise<void> {
    return this.#isTurnOver() ? this.#nextTurn() : NOW;
  }

  /** Calls `then` when all is written, or cannot be. */
  finish(then: () => void): void {
    this.#flush();
    this.#output.write('', then);
  }

  /** Promises alone never let in what has come from outside, such as a cancellation. */
  #isTurnOver(): boolean {
    this.#items += 1;
    return this.#items >= MANY_ITEMS;
  }

  #nextTurn(): Promise<void> {
    this.#turn ??= new Promise((resolve) => {
      setImmediate(() => {
        this.#items = 0;
        this.#turn = undefined;
        resolve();
      });
    });
    return this.#turn;
  }

  #flush(): void {
    let isTaken = true;
    for (const bytes of this.#writer.take()) isTaken = this.#output.write(bytes);
    if (!isTaken && !this.#output.destroyed) this.#waitForDrain();
  }

  #waitForDrain(): void {
    this.#drained ??= new Promise<void>((resolve) => {
      const taken = () => {
        this.#output.off('drain', taken).off('close', taken);
        this.#drained = undefined;
        resolve();
      };
      this.#output.on('drain', taken).on('close', taken);
    });
  }
}

const NOW = Promise.resolve();
