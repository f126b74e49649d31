/** Says words as frames. */
import { serialize } from 'node:v8';
import {
  CANCEL,
  CLONED_BODY,
  FAILURE,
  HEAD_BYTES,
  ITEM,
  JSON_BODY,
  NOTIFICATION,
  PROGRESS,
  REQUEST,
  RESULT,
  VALUELESS,
} from './frames.ts';
import { isPlain } from './plain.ts';
import { type Failure, isLonger, type RequestExtra, type RequestId, tooLong, type Writer } from './words.ts';

/** Characters of JSON after which a frame is closed. */
const FULL_FRAME = 256 * 1_024;
/** Of one character: a frame of several messages is no longer than a message may be. */
const MOST_BYTES = 3;

/** Room for a head. */
const NO_HEAD = ' '.repeat(HEAD_BYTES);

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
