/** Bytes that are held until they may be shown: the first in memory, the others in a file without a name. */
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nanoid } from 'nanoid';

/** Bytes of a stream that are held in memory. */
const IN_MEMORY = 256 * 1_024;

export class Spool {
  #memory = Buffer.alloc(0);
  #used = 0;
  #file: number | undefined;
  #filed = 0;

  /** Throws when there is no room for them. */
  add(bytes: Uint8Array): void {
    if (this.#used + bytes.length > IN_MEMORY) this.#spill();
    if (bytes.length > IN_MEMORY) this.#write(bytes);
    else this.#keep(bytes);
  }

  /** All that was added, in pieces. */
  *pieces(): Generator<Uint8Array, void, undefined> {
    for (let at = 0; at < this.#filed; ) {
      const piece = Buffer.allocUnsafe(Math.min(IN_MEMORY, this.#filed - at));
      const length = readSync(this.#file!, piece, 0, piece.length, at);
      if (length === 0) throw new Error('the file that holds output has become shorter');
      at += length;
      yield piece.subarray(0, length);
    }
    if (this.#used > 0) yield this.#memory.subarray(0, this.#used);
  }

  /** Nothing of it is wanted any more. */
  clear(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
    this.#filed = 0;
    this.#memory = Buffer.alloc(0);
    this.#used = 0;
  }

  /** Copied: what comes may be a small part of a large buffer. */
  #keep(bytes: Uint8Array): void {
    const needed = this.#used + bytes.length;
    if (needed > this.#memory.length) {
      const larger = Buffer.allocUnsafe(Math.min(IN_MEMORY, Math.max(1_024, 2 * needed)));
      this.#memory.copy(larger, 0, 0, this.#used);
      this.#memory = larger;
    }
    this.#memory.set(bytes, this.#used);
    this.#used = needed;
  }

  #spill(): void {
    this.#write(this.#memory.subarray(0, this.#used));
    this.#used = 0;
  }

  #write(bytes: Uint8Array): void {
    this.#file ??= openNameless();
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at, bytes.length - at);
    this.#filed += bytes.length;
  }
}

/** Its name is gone at once, so that nothing is left of it, however we end. */
function openNameless(): number {
  const path = join(tmpdir(), `reeve-output-${nanoid()}`);
  const file = openSync(path, 'wx+', 0o600);
  unlinkSync(path);
  return file;
}
