/** Hears the words in frames. */
import { clonedFrom, clonedFromLent } from './clones.ts';
import {
  CANCEL,
  CLONED_BODY,
  FAILURE,
  HEAD_BYTES,
  ITEM,
  JSON_BODY,
  NOTIFICATION,
  PARTS,
  PROGRESS,
  REQUEST,
  RESULT,
  VALUELESS,
} from './frames.ts';
import {
  Fault,
  type Reader,
  type RequestExtra,
  type RequestId,
  sample,
  tooLong,
  type Words,
} from './words.ts';

export class FrameReader implements Reader {
  readonly #heard: Words;
  readonly #longest: number;
  /** A head that is not whole yet; with its body, once it is known how long that will be. */
  #frame = Buffer.allocUnsafe(HEAD_BYTES);
  /** How much of it has come. */
  #filled = 0;

  /** @param longest bytes in the body of one frame */
  constructor(heard: Words, longest: number) {
    this.#heard = heard;
    this.#longest = longest;
  }

  get isMidway(): boolean {
    return this.#filled > 0;
  }

  add(bytes: Uint8Array): void {
    let rest = asBuffer(bytes);
    for (;;) {
      if (this.#filled === 0) rest = this.#readWhole(rest);
      if (rest.length === 0) return;
      rest = this.#fill(rest);
    }
  }

  /** Reads the frames that have come in one piece, and returns what is left. */
  #readWhole(bytes: Buffer): Buffer {
    let start = 0;
    while (bytes.length - start >= HEAD_BYTES) {
      const end = start + HEAD_BYTES + this.#lengthOf(bytes, start);
      if (end > bytes.length) break;
      this.#read(bytes, start, end, clonedFromLent);
      start = end;
    }
    return start === bytes.length ? NOTHING : bytes.subarray(start);
  }

  /** Adds to the frame that is not whole yet, and returns what is left. */
  #fill(bytes: Buffer): Buffer {
    const taken = bytes.copy(this.#frame, this.#filled);
    this.#filled += taken;
    if (this.#filled >= HEAD_BYTES) this.#fillOn();
    return bytes.subarray(taken);
  }

  #fillOn(): void {
    const frame = this.#frame;
    const length = HEAD_BYTES + this.#lengthOf(frame, 0);
    if (this.#filled === length) {
      this.#frame = Buffer.allocUnsafe(HEAD_BYTES);
      this.#filled = 0;
      this.#read(frame, 0, length, clonedFrom);
    } else if (frame.length < length) {
      this.#frame = Buffer.allocUnsafeSlow(length); // the system gives no memory before it is written to
      frame.copy(this.#frame, 0, 0, HEAD_BYTES);
    }
  }

  #lengthOf(bytes: Buffer, start: number): number {
    const length = bytes.readUInt32LE(start);
    if (length > this.#longest) throw tooLong(this.#longest);
    return length;
  }

  #read(bytes: Buffer, start: number, end: number, unclone: (bytes: Buffer) => unknown): void {
    const words = parse(bytes, start, end, unclone);
    for (let at = 0; at < words.length; at += PARTS) {
      const kind = words[at];
      if (typeof kind !== 'number') throw new Fault('garbage', 'a message without a kind');
      if (kind < VALUELESS) hear(this.#heard, kind, words[at + 1], words[at + 2], words[at + 3]);
      else hear(this.#heard, kind - VALUELESS, words[at + 1], words[at + 2], undefined);
    }
  }
}

const NOTHING = Buffer.alloc(0);

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);

/** Of a whole frame. */
function parse(
  bytes: Buffer,
  start: number,
  end: number,
  unclone: (bytes: Buffer) => unknown,
): readonly unknown[] {
  const kind = bytes[start + 4]!;
  const body = start + HEAD_BYTES;
  try {
    if (kind === JSON_BODY) return requireWords(JSON.parse(bytes.toString('utf8', body, end)));
    if (kind === CLONED_BODY) return requireWords(unclone(bytes.subarray(body, end)));
  } catch (error) {
    throw new Fault('garbage', `a frame that cannot be read: ${sample(String(error))}`);
  }
  throw new Fault('garbage', `a frame of an unknown kind: ${kind}`);
}

function requireWords(value: unknown): readonly unknown[] {
  if (Array.isArray(value) && value.length % PARTS === 0) return value;
  throw new TypeError('expected messages');
}

function hear(heard: Words, kind: number, id: unknown, about: unknown, value: unknown): void {
  if (typeof id !== 'number' && typeof id !== 'string') throw new Fault('garbage', 'a message without an id');
  switch (kind) {
    case REQUEST:
      if (typeof about === 'string') heard.request(id, about, value, undefined);
      else hearMore(heard, id, about, value);
      break;
    case RESULT:
      heard.result(id, value);
      break;
    case FAILURE: {
      const [code, message]: readonly unknown[] = Array.isArray(about) ? about : [];
      if (typeof code !== 'number' || typeof message !== 'string')
        throw new Fault('garbage', 'a failure without a reason');
      heard.failure(id, { code, message, data: value });
      break;
    }
    case PROGRESS:
      heard.progress(id, value);
      break;
    case ITEM:
      heard.item(id, value);
      break;
    case CANCEL:
      heard.cancel(id);
      break;
    case NOTIFICATION:
      heard.notification(String(id), value);
      break;
    default:
      throw new Fault('garbage', `a message of an unknown kind: ${kind}`);
  }
}

function hearMore(heard: Words, id: RequestId, about: unknown, value: unknown): void {
  if (!Array.isArray(about) || typeof about[0] !== 'string') throw new Fault('garbage', 'no method');
  const [method, extra] = about as [string, RequestExtra | undefined];
  heard.request(id, method, value, extra);
}
