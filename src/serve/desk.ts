/** A worker's side of the talk: which calls are being done, and what becomes of each. */
import type { Writable } from 'node:stream';
import {
  CODE,
  type Failure,
  LOG,
  type RequestExtra,
  type RequestId,
  sample,
  type Words,
  type Writer,
} from '../channel/words.ts';
import { CallContext } from './call-context.ts';
import { failureOf, lesser, unsendable } from './failure.ts';
import { Outlet } from './outlet.ts';

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
  readonly #outlet: Outlet;
  readonly #calls = new Map<RequestId, CallContext>();
  #onIdle: (() => void) | undefined;

  constructor(handlers: Handlers, { sessions }: ServeOptions, writer: Writer, output: Writable) {
    this.#handlers = new Map([...Object.entries(handlers), ...builtIns(sessions)]);
    this.#writer = writer;
    this.#outlet = new Outlet(writer, output);
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

  /** Nobody waits for answers any more: what runs is told so. Resolves when nothing runs, and all is written. */
  async abandon(): Promise<void> {
    for (const call of this.#calls.values()) call.cancel();
    if (this.#calls.size > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
    await new Promise<void>((resolve) => this.#outlet.finish(resolve));
  }

  #begin(id: RequestId, method: string, params: unknown, extra: RequestExtra | undefined): void {
    const handler = this.#handlers.get(method);
    if (handler === undefined) {
      const known = [...this.#handlers.keys()].filter((name) => !name.startsWith('$/')).join(', ');
      const message = `no method '${sample(method)}'; there are: ${known}`;
      this.#fail(id, { code: CODE.noMethod, message, data: undefined });
      return;
    }
    const call: CallContext = new CallContext(id, method, extra?.session, {
      progress: (value) => this.#tell(call, 'the progress', () => this.#writer.progress(id, value)),
      item: (item) => this.#item(call, item),
      log: (entry) => this.#say('the log entry', () => this.#writer.notification(LOG, entry)),
    });
    this.#calls.set(id, call);
    const isStream = extra?.stream === true;
    try {
      const result = handler(params as never, call);
      if (isPromise(result))
        result.then(
          (value) => this.#returned(call, value, isStream),
          (error) => this.#threw(id, error),
        );
      else this.#returned(call, result, isStream);
    } catch (error) {
      this.#threw(id, error);
    }
  }

  #returned(call: CallContext, result: unknown, isStream: boolean): void {
    if (isIterable(result)) void this.#iterate(call, result, isStream);
    else this.#done(call.id, result);
  }

  /** Of a caller that does not want them one by one the items are gathered. */
  async #iterate(call: CallContext, items: Iterate, isStream: boolean): Promise<void> {
    const { id } = call;
    const gathered: unknown[] = [];
    try {
      for await (const item of items) {
        if (call.cancelled) throw call.signal.reason; // the generator clears up before its caller is answered
        if (isStream) await this.#item(call, item);
        else {
          gathered.push(item);
          await this.#outlet.breath();
        }
      }
      this.#done(id, isStream ? undefined : gathered);
    } catch (error) {
      this.#threw(id, error);
    }
  }

  #item(call: CallContext, item: unknown): Promise<void> {
    if (call.cancelled) return heedless(call.signal.reason);
    this.#tell(call, 'the item', () => this.#writer.item(call.id, item));
    return this.#outlet.room();
  }

  #done(id: RequestId, value: unknown): void {
    if (!this.#calls.delete(id)) return;
    try {
      this.#writer.result(id, value);
      this.#outlet.flushSoon();
    } catch (error) {
      this.#fail(id, unsendable('the result', error));
    }
    this.#idleYet();
  }

  #threw(id: RequestId, error: unknown): void {
    const call = this.#calls.get(id);
    if (call === undefined) return;
    this.#calls.delete(id);
    this.#fail(id, failureOf(error, call.cancelled ? CODE.cancelled : CODE.threw));
    this.#idleYet();
  }

  #idleYet(): void {
    if (this.#calls.size === 0) this.#onIdle?.();
  }

  #fail(id: RequestId, failure: Failure): void {
    for (const less of lesser(failure)) {
      try {
        this.#writer.failure(id, less);
        break;
      } catch {} // the next one carries less
    }
    this.#outlet.flushSoon();
  }

  /** Nothing is told of a call that is answered. */
  #tell(call: CallContext, what: string, speak: () => void): void {
    if (this.#calls.get(call.id) === call) this.#say(what, speak);
  }

  /** What cannot be sent is thrown in the handler's face. */
  #say(what: string, speak: () => void): void {
    try {
      speak();
    } catch (error) {
      throw new TypeError(unsendable(what, error).message, { cause: error });
    }
    this.#outlet.flushSoon();
  }
}

/** Rejected, and no fault of the process when nobody looks. */
function heedless(reason: unknown): Promise<never> {
  const rejected = Promise.reject(reason);
  rejected.catch(ignore);
  return rejected;
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
