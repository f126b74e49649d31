/** Bytes that are added and taken together; copied, as what comes may be a small part of a large buffer. */

const LEAST = 1_024;

export class ByteBuffer {
  readonly #most: number;
  #memory = Buffer.alloc(0);
  #length = 0;

  /** @param most bytes that it is to hold; whoever adds sees to that */
  constructor(most: number) {
    this.#most = most;
  }

  get length(): number {
    return this.#length;
  }

  /** All of them, until more are added. */
  get bytes(): Buffer {
    return this.#memory.subarray(0, this.#length);
  }

  /** Whether so many more may be added. */
  hasRoom(count: number): boolean {
    return this.#length + count <= this.#most;
  }

  add(bytes: Uint8Array): void {
    const needed = this.#length + bytes.length;
    if (needed > this.#memory.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, Math.min(this.#most, Math.max(LEAST, 2 * needed))));
      larger.set(this.bytes);
      this.#memory = larger;
    }
    this.#memory.set(bytes, this.#length);
    this.#length = needed;
  }

  /** Gives them away, with their memory. */
  take(): Buffer {
    const { bytes } = this;
    this.#memory = Buffer.alloc(0);
    this.#length = 0;
    return bytes;
  }

  /** Nobody looks at them any more: what comes takes their place. */
  rewind(): void {
    this.#length = 0;
  }
}
