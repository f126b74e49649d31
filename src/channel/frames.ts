/**
 * Length-prefixed frames for workers in Node: whatever structured clone carries survives, such as a Buffer, a Map, a
 * bigint or an Error. A frame is its body's length (4 bytes, little-endian), its kind (1 byte), and the body: a JSON
 * array of all that JSON carries as well and was said one after the other, or one message as a structured clone. What
 * is sent is as it was when it was said: clones made together would share, and go stale.
 */
import { serialize } from 'node:v8';
import { clonedFrom } from './clones.ts';
import { isPlain } from './plain.ts';
import {
  type Failure,
  Fault,
  isLonger,
  type Reader,
  type RequestExtra,
  type RequestId,
  sample,
  tooLong,
  type Words,
  type Writer,
} from './words.ts';

const HEAD_BYTES = 5;
/** Room for one. */
const NO_HEAD = ' '.repeat(HEAD_BYTES);
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

/** Characters of JSON after which a frame is closed. */
const FULL_FRAME = 256 * 1_024;
/** Of one character: a frame of several messages is no longer than a message may be. */
const MOST_BYTES = 3;

export class FrameWriter implements Writer {
  readonly #longest: number;
  /** Characters after which a frame is closed. */
  readonly #full: number;
  #frames: Uint8Array[] = [];
  /** Of the frame that is open. */
  #json = '';
  /** Of those that are closed. */
  #bytes = 0;

  /** @param longest bytes in the body of one frame */
  constructor(longest: number) {
    this.#longest = longest;
    this.#full = Math.min(FULL_FRAME, Math.floor(longest / MOST_BYTES));
  }

  get waiting(): number {
    return this.#bytes + this.#json.length;
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
    this.#bytes = 0;
    return frames;
  }

  #say(kind: number, id: RequestId, about: unknown, value: unknown): void {
    if (value === undefined) {
      this.#sayPlainly(kind + VALUELESS, id, about, 0);
    } else if (isPlain(value)) {
      this.#sayPlainly(kind, id, about, value);
    } else {
      const body = serialize([kind, id, about, value]);
      if (body.length > this.#longest) throw tooLong(this.#longest);
      this.#close();
      this.#frames.push(headOf(body.length, CLONED_BODY), body);
      this.#bytes += HEAD_BYTES + body.length;
    }
  }

  #sayPlainly(kind: number, id: RequestId, about: unknown, value: unknown): void {
    const what = typeof about === 'string' ? quoted(about) : JSON.stringify(about);
    const text = typeof value === 'number' ? String(value) : JSON.stringify(value);
    const json = `,${kind},${quoted(id)},${what},${text}`;
    if (isLonger(json, this.#longest - 1)) throw tooLong(this.#longest); // two brackets come, and a comma goes
    if (this.#json.length + json.length > this.#full) this.#close();
    this.#json += json;
  }

  #close(): void {
    if (this.#json === '') return;
    const frame = Buffer.from(`${NO_HEAD}[${this.#json.slice(1)}]`);
    this.#json = '';
    writeHead(frame, frame.length - HEAD_BYTES, JSON_BODY);
    this.#frames.push(frame);
    this.#bytes += frame.length;
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
      this.#read(bytes, start, end);
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
      this.#read(frame, 0, length);
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

  #read(bytes: Buffer, start: number, end: number): void {
    const words = parse(bytes, start, end);
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
function parse(bytes: Buffer, start: number, end: number): readonly unknown[] {
  const kind = bytes[start + 4]!;
  const body = start + HEAD_BYTES;
  try {
    if (kind === JSON_BODY) return requireWords(JSON.parse(bytes.toString('utf8', body, end)));
    if (kind === CLONED_BODY) return requireWords(clonedFrom(bytes.subarray(body, end)));
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
