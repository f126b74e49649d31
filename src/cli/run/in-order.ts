/** What has ended waits here for those before it, when the order counts; and not too many do. */

/** Tasks that have ended and wait for their turn, before no more are begun. */
const MOST_WAITING = 256;

export class InOrder<T> {
  readonly #isOrdered: boolean;
  readonly #waiting = new Map<number, T>();
  #next = 0;
  #onRoom: () => void = () => {};
  #isOpen = false;

  /** @param isOrdered whether anything has to wait at all */
  constructor(isOrdered: boolean) {
    this.#isOrdered = isOrdered;
  }

  /** Adds one; gives those whose turn it is now. @param place from 0, without gaps */
  *add(place: number, item: T): Generator<T, void, undefined> {
    if (!this.#isOrdered) {
      yield item;
      return;
    }
    this.#waiting.set(place, item);
    for (
      let first = this.#waiting.get(this.#next);
      first !== undefined;
      first = this.#waiting.get(this.#next)
    ) {
      this.#waiting.delete(this.#next);
      this.#next += 1;
      yield first;
      if (this.#waiting.size < MOST_WAITING) this.#onRoom();
    }
  }

  /** Resolves when there is room for one more that waits. */
  async room(): Promise<void> {
    if (this.#isOpen || this.#waiting.size < MOST_WAITING) return;
    await new Promise<void>((resolve) => {
      this.#onRoom = resolve;
    });
  }

  /** Nobody has to wait for room any more. */
  open(): void {
    this.#isOpen = true;
    this.#onRoom();
  }
}
