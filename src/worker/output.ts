/** What a worker writes: the end of it is kept, and it can be followed line by line. */
import { StringDecoder } from 'node:string_decoder';

/** How much of each stream is kept, in bytes. */
export const TAIL_BYTES = 64 * 1_024;
/** However small the pieces come, no more of them are kept apart. */
const MOST_CHUNKS = 1_024;
/** A longer line is handed on in pieces of this many UTF-16 units; one less where a character would be cut in half. */
export const LONGEST_LINE = 64 * 1_024;

/** The last bytes of a stream. */
export class Tail {
  readonly #limit: number;
  #chunks: Uint8Array[] = [];
  #length = 0;
  #dropped = 0;

  constructor(limit = TAIL_BYTES) {
    this.#limit = limit;
  }

  /** How many bytes came and are no longer kept. */
  get dropped(): number {
    return this.#dropped;
  }

  add(bytes: Uint8Array): void {
    this.#chunks.push(bytes);
    this.#length += bytes.length;
    // Cut only when twice the limit is reached: then every byte is moved once at most.
    if (this.#length > 2 * this.#limit || this.#chunks.length > MOST_CHUNKS) this.#cut();
  }

  /** The kept bytes as text; a character cut in half at the front is left out. */
  text(): string {
    this.#cut();
    const bytes = this.#chunks[0] ?? new Uint8Array();
    let start = 0;
    if (this.#dropped > 0) while (start < 3 && isContinuation(bytes[start])) start += 1;
    return new TextDecoder().decode(bytes.subarray(start));
  }

  #cut(): void {
    const all = Buffer.concat(this.#chunks);
    const kept = all.length > this.#limit ? Buffer.from(all.subarray(all.length - this.#limit)) : all;
    this.#dropped += all.length - kept.length;
    this.#chunks = [kept];
    this.#length = kept.length;
  }
}

/** Bytes in, whole lines out. */
export class LineSplitter {
  readonly #onLine: (line: string) => void;
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  add(bytes: Uint8Array): void {
    const lines = (
      this.#rest + this.#decoder.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length))
    ).split('\n');
    this.#rest = lines.pop()!;
    for (const line of lines) {
      const last = this.#handOnPieces(line);
      this.#onLine(last.endsWith('\r') ? last.slice(0, -1) : last);
    }
    this.#rest = this.#handOnPieces(this.#rest);
  }

  /** What came since the last line's end was not wanted whole. */
  forget(): void {
    this.#rest = '';
    this.#decoder.end();
  }

  /** The stream has ended: what came without a line's end is a line too. */
  end(): void {
    const last = this.#rest + this.#decoder.end();
    this.#rest = '';
    if (last !== '') this.#onLine(last);
  }

  /** Returns what is left. A carriage return at the end is not counted: it may belong to the line's end. */
  #handOnPieces(line: string): string {
    let rest = line;
    while (rest.length - (rest.endsWith('\r') ? 1 : 0) > LONGEST_LINE) {
      const cut = isLeading(rest.charCodeAt(LONGEST_LINE - 1)) ? LONGEST_LINE - 1 : LONGEST_LINE;
      this.#onLine(rest.slice(0, cut));
      rest = rest.slice(cut);
    }
    return rest;
  }
}

/** The first half of a character that is two units; the decoder gives both or none. */
const isLeading = (unit: number): boolean => (unit & 0xfc00) === 0xd800;

const isContinuation = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80;
