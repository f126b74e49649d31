/** Bytes that are held until they may be shown: the first in memory, the others in a file without a name. */
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nanoid } from 'nanoid';
import { ByteBuffer } from './byte-buffer.ts';

/** Bytes of a stream that are held in memory. */
const IN_MEMORY = 256 * 1_024;

export class Spool {
  readonly #memory = new ByteBuffer(IN_MEMORY);
  #file: number | undefined;
  #filed = 0;

  /** Throws when there is no room for them. */
  add(bytes: Uint8Array): void {
    if (!this.#memory.hasRoom(bytes.length)) {
      this.#write(this.#memory.bytes);
      this.#memory.rewind();
    }
    if (this.#memory.hasRoom(bytes.length)) this.#memory.add(bytes);
    else this.#write(bytes);
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
    if (this.#memory.length > 0) yield this.#memory.bytes;
  }

  /** Nothing of it is wanted any more. */
  clear(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
    this.#filed = 0;
    this.#memory.take();
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
