/** A worker's side of the talk: which calls are being done, and what becomes of each. */
import type { Writable } from 'node:stream';
import {
  CODE,
  type Failure,
  type RequestExtra,
  type RequestId,
  type Words,
  type Writer,
} from '../channel/words.ts';
import { CallContext, type Voice } from './call-context.ts';

/** What a worker can do, by name. */
export type Handlers = Readonly<Record<string, Handler>>;
export type Handler = (params: never, context: CallContext) => unknown;

/** How sessions are handed on when a worker is recycled. */
export interface ServeOptions {
  readonly sessions?: {
    /** What the next worker needs to go on with this session; it is forgotten here. */
    readonly save: (session: string) => unknown;
    /** What the worker before has saved. */
    readonly load: (session: string, saved: never) => unknown;
  };
}

export class Desk {
  readonly words: Words;
  readonly #handlers: ReadonlyMap<string, Handler>;
  readonly #writer: Writer;
  readonly #output: Writable;
  readonly #calls = new Map<RequestId, CallContext>();
  readonly #voice: Voice = {
    progress: ({ id }, value) => this.#say(() => this.#writer.progress(id, value)),
    item: ({ id }, item) => {
      this.#say(() => this.#writer.item(id, item));
      return this.#drained ?? Promise.resolve();
    },
    log: (entry) => this.#say(() => this.#writer.notification('$/log', entry)),
  };
  #flushing = false;
  #onIdle: (() => void) | undefined;
  /** Resolves when the host has taken what was written; undefined while it keeps up. */
  #drained: Promise<void> | undefined;

  constructor(handlers: Handlers, { sessions }: ServeOptions, writer: Writer, output: Writable) {
    this.#handlers = new Map([...Object.entries(handlers), ...builtIns(sessions)]);
    this.#writer = writer;
    this.#output = output;
    this.words = {
      request: (id, method, params, extra) => this.#begin(id, method, params, extra),
      cancel: (id) => this.#calls.get(id)?.cancel(),
      notification: ignore,
      result: ignore,
      failure: ignore,
      progress: ignore,
      item: ignore,
    };
  }

  /** Nobody waits for answers any more: what runs is told so. Resolves when nothing runs. */
  abandon(): Promise<void> {
    for (const call of this.#calls.values()) call.cancel();
    return new Promise((resolve) => {
      this.#onIdle = resolve;
      if (this.#calls.size === 0) resolve();
    });
  }

  #begin(id: RequestId, method: string, params: unknown, extra: RequestExtra | undefined): void {
    const handler = this.#handlers.get(method);
    if (handler === undefined) {
      const known = [...this.#handlers.keys()].filter((name) => !name.startsWith('$/')).join(', ');
      this.#fail(id, {
        code: CODE.noMethod,
        message: `no method '${method}'; there are: ${known}`,
        data: undefined,
      });
      return;
    }
    const call = new CallContext(id, method, extra?.session, this.#voice);
    this.#calls.set(id, call);
    try {
      const result = handler(params as never, call);
      if (isPromise(result))
        result.then(
          (value) => this.#done(id, value),
          (error) => this.#threw(id, error),
        );
      else if (isIterable(result)) void this.#iterate(id, call, result, extra?.stream === true);
      else this.#done(id, result);
    } catch (error) {
      this.#threw(id, error);
    }
  }

  /** Of a caller that does not want them one by one the items are gathered. */
  async #iterate(id: RequestId, call: CallContext, items: Iterate, isStream: boolean): Promise<void> {
    const gathered: unknown[] = [];
    try {
      for await (const item of items) {
        if (call.cancelled) return this.#threw(id, call.signal.reason); // leaving the loop lets the generator clean up
        if (isStream) await call.stream(item);
        else gathered.push(item);
      }
      this.#done(id, isStream ? undefined : gathered);
    } catch (error) {
      this.#threw(id, error);
    }
  }

  #done(id: RequestId, value: unknown): void {
    if (!this.#calls.delete(id)) return;
    try {
      this.#writer.result(id, value);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#writer.failure(id, failureOf(new TypeError(`the result cannot be sent: ${why}`), CODE.threw));
    }
    this.#flushSoon();
    if (this.#calls.size === 0) this.#onIdle?.();
  }

  #threw(id: RequestId, error: unknown): void {
    const call = this.#calls.get(id);
    if (call === undefined) return;
    this.#calls.delete(id);
    this.#fail(id, failureOf(error, call.cancelled ? CODE.cancelled : CODE.threw));
    if (this.#calls.size === 0) this.#onIdle?.();
  }

  #fail(id: RequestId, failure: Failure): void {
    try {
      this.#writer.failure(id, failure);
    } catch {
      this.#writer.failure(id, { ...failure, data: undefined }); // what it carries cannot be sent
    }
    this.#flushSoon();
  }

  /** What cannot be sent is thrown in the handler's face. */
  #say(speak: () => void): void {
    speak();
    this.#flushSoon();
  }

  /** All that is said in one turn goes out as one. */
  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    process.nextTick(() => {
      this.#flushing = false;
      let isTaken = true;
      for (const bytes of this.#writer.take()) isTaken = this.#output.write(bytes);
      if (!isTaken) this.#waitForDrain();
    });
  }

  #waitForDrain(): void {
    this.#drained ??= new Promise<void>((resolve) => {
      const taken = () => {
        this.#output.off('drain', taken).off('close', taken);
        this.#drained = undefined;
        resolve();
      };
      this.#output.on('drain', taken).on('close', taken);
    });
  }
}

const ignore = (): void => {};

function builtIns(sessions: ServeOptions['sessions']): [string, Handler][] {
  const ping: [string, Handler] = ['$/ping', () => ({ sessions: sessions !== undefined })];
  if (sessions === undefined) return [ping];
  const save: Handler = ({ session }: { session: string }) => sessions.save(session);
  const load: Handler = ({ session, saved }: { session: string; saved: never }) =>
    sessions.load(session, saved);
  return [ping, ['$/session.save', save], ['$/session.load', load]];
}

type Iterate = AsyncIterable<unknown> | Iterable<unknown>;

const isPromise = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';

/** A generator, and no array, string, Map or Buffer: those are results. */
const isIterable = (value: unknown): value is Iterate =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as { next?: unknown }).next === 'function' &&
  (Symbol.asyncIterator in value || Symbol.iterator in value);

function failureOf(error: unknown, code: number): Failure {
  if (!(error instanceof Error))
    return { code, message: String(error), data: { name: 'Error', data: error } };
  const { name, message, stack, ...own } = error;
  const data = (own as { data?: unknown }).data ?? (Object.keys(own).length === 0 ? undefined : own);
  return { code, message, data: { name: error.name, stack, ...(data === undefined ? {} : { data }) } };
}
