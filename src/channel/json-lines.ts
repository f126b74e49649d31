/** Newline-delimited JSON-RPC 2.0: what any language can speak. */
import { StringDecoder } from 'node:string_decoder';
import {
  CANCEL,
  type Failure,
  Fault,
  isLonger,
  PROGRESS,
  type Reader,
  type RequestExtra,
  type RequestId,
  STREAM,
  sample,
  tooLong,
  type Words,
  type Writer,
} from './words.ts';

/** What stands around the members of every message. */
const AROUND = '{"jsonrpc":"2.0",}'.length;

/** Characters after which a new text is begun: all that is said in a turn may be more than one string can hold. */
const FULL_TEXT = 16 * 1_024 * 1_024;

export class JsonLinesWriter implements Writer {
  readonly #longest: number;
  #texts: string[] = [];
  #text = '';
  #waiting = 0;

  /** @param longest bytes in one line, without its end */
  constructor(longest: number) {
    this.#longest = longest;
  }

  get waiting(): number {
    return this.#waiting;
  }

  request(id: RequestId, method: string, params: unknown, extra: RequestExtra | undefined): void {
    const rest = extra === undefined ? '' : extraText(extra);
    const given = params === undefined ? '' : `,"params":${paramsJson(params)}`;
    this.#say(`"id":${idText(id)},"method":${JSON.stringify(method)}${given}${rest}`);
  }

  result(id: RequestId, value: unknown): void {
    this.#say(`"id":${idText(id)},"result":${json(value)}`);
  }

  failure(id: RequestId, { code, message, data }: Failure): void {
    this.#say(`"id":${idText(id)},"error":${json({ code, message, data })}`);
  }

  progress(id: RequestId, value: unknown): void {
    this.notification(PROGRESS, { id, value: value ?? null });
  }

  item(id: RequestId, item: unknown): void {
    this.notification(STREAM, { id, item: item ?? null });
  }

  cancel(id: RequestId): void {
    this.notification(CANCEL, { id });
  }

  notification(method: string, params: unknown): void {
    const given = params === undefined ? '' : `,"params":${paramsJson(params)}`;
    this.#say(`"method":${JSON.stringify(method)}${given}`);
  }

  take(): readonly string[] {
    if (this.#text === '') return [];
    const texts = [...this.#texts, this.#text];
    this.#texts = [];
    this.#text = '';
    this.#waiting = 0;
    return texts;
  }

  #say(members: string): void {
    if (isLonger(members, this.#longest - AROUND)) throw tooLong(this.#longest);
    if (this.#text.length > FULL_TEXT) {
      this.#texts.push(this.#text);
      this.#text = '';
    }
    this.#text += `{"jsonrpc":"2.0",${members}}\n`;
    this.#waiting += members.length;
  }
}

const extraText = ({ session, stream }: RequestExtra): string =>
  `${session === undefined ? '' : `,"session":${JSON.stringify(session)}`}${stream === true ? ',"stream":true' : ''}`;

/** JSON has no undefined: what is nothing else becomes null. */
const json = (value: unknown): string => JSON.stringify(value) ?? 'null';

/** Whoever asks with a function means something by it: null in its place would be another question. */
function paramsJson(params: unknown): string {
  if (typeof params === 'function' || typeof params === 'symbol')
    throw new TypeError(`JSON has no ${typeof params}s`);
  return json(params);
}

const idText = (id: RequestId): string => (typeof id === 'number' ? String(id) : JSON.stringify(id));

const NEWLINE = 0x0a;
const MANY_CRUMBS = 1_024;

export class JsonLinesReader implements Reader {
  readonly #heard: Words;
  readonly #longest: number;
  readonly #decoder = new StringDecoder('utf8');
  /** Of a line that has not ended yet. */
  #parts: string[] = [];
  #length = 0;
  /** The part that came last, in many small ones: each that stands by itself takes more memory than its characters. */
  #crumbs: string[] = [];
  /** Also when the decoder waits for the rest of the line's first character. */
  #isMidway = false;

  /** @param longest bytes in one line, without its end */
  constructor(heard: Words, longest: number) {
    this.#heard = heard;
    this.#longest = longest;
  }

  get isMidway(): boolean {
    return this.#isMidway;
  }

  add(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#isMidway = bytes[bytes.length - 1] !== NEWLINE;
    const text = this.#decoder.write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
    let start = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      const line = text.slice(start, end);
      start = end + 1;
      if (this.#length === 0) this.#read(line);
      else this.#readWhole(line);
    }
    if (start < text.length) this.#keep(start === 0 ? text : text.slice(start));
  }

  #readWhole(end: string): void {
    this.#keep(end);
    const line = this.#parts.join('') + this.#crumbs.join('');
    this.#parts = [];
    this.#crumbs = [];
    this.#length = 0;
    this.#read(line);
  }

  /** Characters are counted here, which are never more than the bytes. */
  #keep(part: string): void {
    this.#length += part.length;
    if (this.#length > this.#longest) throw tooLong(this.#longest);
    this.#crumbs.push(part);
    if (this.#crumbs.length < MANY_CRUMBS) return;
    this.#parts.push(this.#crumbs.join(''));
    this.#crumbs = [];
  }

  #read(line: string): void {
    if (isLonger(line, this.#longest)) throw tooLong(this.#longest);
    if (line === '' || line === '\r') return;
    hear(this.#heard, parse(line), line);
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new Fault('garbage', `expected a line of JSON, got: ${sample(line)}`);
  }
}

interface Message {
  readonly id?: unknown;
  readonly method?: unknown;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: unknown;
  readonly session?: unknown;
  readonly stream?: unknown;
}

function hear(heard: Words, value: unknown, line: string): void {
  const garbage = (why: string) => new Fault('garbage', `${why}: ${sample(line)}`);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw garbage('no JSON-RPC message');
  const { id, method, params, ...rest }: Message = value;
  if (method === undefined) {
    if (typeof id !== 'number') throw garbage('an answer without the number of its request');
    // Many a library writes both members, one of them null.
    if ('error' in rest && !(rest.error === null && 'result' in rest))
      heard.failure(id, failureOf(rest.error));
    else if ('result' in rest) heard.result(id, rest.result);
    else throw garbage('neither request nor answer');
  } else if (typeof method !== 'string') throw garbage('a method that is no string');
  else if (id === undefined || id === null) hearNotification(heard, method, params);
  else if (typeof id === 'number' || typeof id === 'string') heard.request(id, method, params, extraOf(rest));
  else throw garbage('an id that is neither number nor string');
}

function hearNotification(heard: Words, method: string, params: unknown): void {
  const { id, value, item } = (params ?? {}) as { id?: unknown; value?: unknown; item?: unknown };
  const isOfRequest = typeof id === 'number' || typeof id === 'string';
  if (isOfRequest && method === PROGRESS) heard.progress(id, value);
  else if (isOfRequest && method === STREAM) heard.item(id, item);
  else if (isOfRequest && method === CANCEL) heard.cancel(id);
  else heard.notification(method, params);
}

function failureOf(error: unknown): Failure {
  const { code, message, data } = (
    typeof error === 'object' && error !== null ? error : {}
  ) as Partial<Failure>;
  return {
    code: typeof code === 'number' ? code : 0,
    message: typeof message === 'string' ? message : sample(JSON.stringify(error) ?? ''),
    data,
  };
}

function extraOf({ session, stream }: Message): RequestExtra | undefined {
  if (session === undefined && stream === undefined) return undefined;
  return {
    ...(typeof session === 'string' ? { session } : {}),
    ...(stream === true ? { stream } : {}),
  };
}
