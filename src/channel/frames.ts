/**
 * Length-prefixed frames for workers in Node: whatever structured clone carries survives, such as a Buffer, a Map, a
 * bigint or an Error. A frame is its body's length (4 bytes, little-endian), its kind (1 byte), and the body: a JSON
 * array of all that JSON carries as well and was said one after the other, or one message as a structured clone. What
 * is sent is as it was when it was said: clones made together would share, and go stale.
 */
import { deserialize, serialize } from 'node:v8';
import { isPlain } from './plain.ts';
import {
  type Failure,
  Fault,
  type Reader,
  type RequestExtra,
  type RequestId,
  tooLong,
  type Words,
  type Writer,
} from './words.ts';

const HEAD_BYTES = 5;
const JSON_BODY = 0x4a;
const CLONED_BODY = 0x56;

/** What a message is; it stands first, and the id, or the method, second. All have four parts. */
const REQUEST = 0;
const RESULT = 1;
const FAILURE = 2;
const PROGRESS = 3;
const ITEM = 4;
const CANCEL = 5;
const NOTIFICATION = 6;
/** Added to what it is: the value is undefined, for which JSON has no word. */
const VALUELESS = 8;
const PARTS = 4;

/** Characters of JSON after which a frame is closed, so that it stays far from the longest one. */
const FULL_FRAME = 256 * 1_024;

export class FrameWriter implements Writer {
  readonly #longest: number;
  #frames: Uint8Array[] = [];
  /** Of the frame that is open. */
  #json = '';

  /** @param longest bytes in one message */
  constructor(longest: number) {
    this.#longest = longest;
  }

  request(id: RequestId, method: string, params: unknown, extra: RequestExtra | undefined): void {
    if (extra === undefined) this.#say(REQUEST, id, method, params);
    else this.#say(REQUEST, id, [method, extra], params);
  }

  result(id: RequestId, value: unknown): void {
    this.#say(RESULT, id, 0, value);
  }

  failure(id: RequestId, { code, message, data }: Failure): void {
    this.#say(FAILURE, id, [code, message], data);
  }

  progress(id: RequestId, value: unknown): void {
    this.#say(PROGRESS, id, 0, value);
  }

  item(id: RequestId, item: unknown): void {
    this.#say(ITEM, id, 0, item);
  }

  cancel(id: RequestId): void {
    this.#say(CANCEL, id, 0, 0);
  }

  notification(method: string, params: unknown): void {
    this.#say(NOTIFICATION, method, 0, params);
  }

  take(): readonly Uint8Array[] {
    this.#close();
    const frames = this.#frames;
    this.#frames = [];
    return frames;
  }

  #say(kind: number, id: RequestId, about: unknown, value: unknown): void {
    if (value === undefined) {
      this.#sayPlainly(kind + VALUELESS, id, about, 0);
    } else if (isPlain(value)) {
      this.#sayPlainly(kind, id, about, value);
    } else {
      const body = serialize([kind, id, about, value]);
      if (body.length > this.#longest) throw tooLong(body.length, this.#longest);
      this.#close();
      this.#frames.push(headOf(body.length, CLONED_BODY), body);
    }
  }

  #sayPlainly(kind: number, id: RequestId, about: unknown, value: unknown): void {
    const what = typeof about === 'string' ? quoted(about) : JSON.stringify(about);
    const json = `,${kind},${quoted(id)},${what},${JSON.stringify(value)}`;
    if (json.length > this.#longest) throw tooLong(json.length, this.#longest);
    if (this.#json.length + json.length > FULL_FRAME) this.#close();
    this.#json += json;
  }

  #close(): void {
    if (this.#json === '') return;
    const text = `[${this.#json.slice(1)}]`;
    this.#json = '';
    const length = Buffer.byteLength(text);
    const frame = Buffer.allocUnsafe(HEAD_BYTES + length);
    writeHead(frame, length, JSON_BODY);
    frame.write(text, HEAD_BYTES);
    this.#frames.push(frame);
  }
}

/** Names of methods come again and again. */
const quotations = new Map<string, string>();
const MOST_QUOTATIONS = 256;

function quoted(name: RequestId): string {
  if (typeof name === 'number') return String(name);
  const known = quotations.get(name);
  if (known !== undefined) return known;
  const text = JSON.stringify(name);
  if (quotations.size < MOST_QUOTATIONS && text.length < MOST_QUOTATIONS) quotations.set(name, text);
  return text;
}

function headOf(length: number, kind: number): Uint8Array {
  const head = Buffer.allocUnsafe(HEAD_BYTES);
  writeHead(head, length, kind);
  return head;
}

function writeHead(frame: Buffer, length: number, kind: number): void {
  frame.writeUInt32LE(length, 0);
  frame[4] = kind;
}

export class FrameReader implements Reader {
  readonly #heard: Words;
  readonly #longest: number;
  #parts: Uint8Array[] = [];
  #length = 0;
  /** Bytes without which nothing can be read: of a head, or of a whole frame. */
  #needed = HEAD_BYTES;

  /** @param longest bytes in one message; frames of several are at most this long, too, or nearly */
  constructor(heard: Words, longest: number) {
    this.#heard = heard;
    this.#longest = Math.max(longest, 4 * FULL_FRAME);
  }

  get isMidway(): boolean {
    return this.#length > 0;
  }

  add(bytes: Uint8Array): void {
    this.#parts.push(bytes);
    this.#length += bytes.length;
    if (this.#length < this.#needed) return;
    const all = asBuffer(this.#parts.length === 1 ? bytes : Buffer.concat(this.#parts));
    let start = 0;
    for (;;) {
      this.#needed = HEAD_BYTES;
      if (all.length - start < HEAD_BYTES) break;
      const length = all.readUInt32LE(start);
      if (length > this.#longest) throw tooLong(length, this.#longest);
      this.#needed = HEAD_BYTES + length;
      if (all.length - start < this.#needed) break;
      const body = all.subarray(start + HEAD_BYTES, start + this.#needed);
      start += this.#needed;
      this.#read(all[start - this.#needed + 4]!, body);
    }
    this.#parts = start < all.length ? [all.subarray(start)] : [];
    this.#length = all.length - start;
  }

  #read(kind: number, body: Buffer): void {
    const words = parse(kind, body);
    for (let at = 0; at + PARTS <= words.length; at += PARTS) {
      const kind = words[at] as number;
      if (kind < VALUELESS) hear(this.#heard, kind, words[at + 1], words[at + 2], words[at + 3]);
      else hear(this.#heard, kind - VALUELESS, words[at + 1], words[at + 2], undefined);
    }
  }
}

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);

function parse(kind: number, body: Buffer): readonly unknown[] {
  try {
    if (kind === JSON_BODY) return requireArray(JSON.parse(body.toString()));
    if (kind === CLONED_BODY) return requireArray(deserialize(body));
  } catch (error) {
    throw new Fault('garbage', `a frame that cannot be read: ${String(error)}`);
  }
  throw new Fault('garbage', `a frame of an unknown kind: ${kind}`);
}

function requireArray(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new TypeError('expected an array');
}

function hear(heard: Words, kind: unknown, id: unknown, about: unknown, value: unknown): void {
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
      if (!Array.isArray(about)) throw new Fault('garbage', 'a failure without a reason');
      const [code, message] = about as [number, string];
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
      throw new Fault('garbage', `a message of an unknown kind: ${String(kind)}`);
  }
}

function hearMore(heard: Words, id: RequestId, about: unknown, value: unknown): void {
  if (!Array.isArray(about) || typeof about[0] !== 'string') throw new Fault('garbage', 'no method');
  const [method, extra] = about as [string, RequestExtra | undefined];
  heard.request(id, method, value, extra);
}
