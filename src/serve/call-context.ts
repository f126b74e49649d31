/** What a handler gets beside its parameters: whether it is still wanted, and ways to tell of what it does. */
import type { RequestId } from '../channel/words.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Where what calls tell goes. */
export interface Voice {
  progress(call: CallContext, value: unknown): void;
  /** Resolves when there is room for more. */
  item(call: CallContext, item: unknown): Promise<void>;
  log(entry: { level: LogLevel; message: string; data?: unknown }): void;
}

/** Most handlers say nothing: what they could say it with is made when they ask for it, and may be torn off then. */
export class CallContext {
  readonly id: RequestId;
  readonly method: string;
  /** The session that the call belongs to. */
  readonly session: string | undefined;
  readonly #voice: Voice;
  #controller: AbortController | undefined;
  #cancelled = false;

  constructor(id: RequestId, method: string, session: string | undefined, voice: Voice) {
    this.id = id;
    this.method = method;
    this.session = session;
    this.#voice = voice;
  }

  /** Aborted when the caller does not want the result any more, and when the host is gone. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController(); // few handlers ask for it, and it is dear
      if (this.#cancelled) this.#controller.abort(new CancelledError());
    }
    return this.#controller.signal;
  }

  get cancelled(): boolean {
    return this.#cancelled;
  }

  /** Tells the caller's `onProgress`. Throws when the value cannot be sent. */
  get progress(): (value: unknown) => void {
    return (value) => this.#voice.progress(this, value);
  }

  /**
   * Sends one item to a caller that streams. Resolves when there is room for more: wait for it. Rejects when the call is
   * cancelled; throws when the item cannot be sent.
   */
  get stream(): (item: unknown) => Promise<void> {
    return (item) => this.#voice.item(this, item);
  }

  /** Becomes an event of the host, `pool.log`. */
  get log(): (message: string, more?: { level?: LogLevel; data?: unknown }) => void {
    return (message, { level = 'info', data } = {}) =>
      this.#voice.log({ level, message, ...(data === undefined ? {} : { data }) });
  }

  /** @internal */
  cancel(): void {
    this.#cancelled = true;
    this.#controller?.abort(new CancelledError());
  }
}

/** Why a call's signal is aborted. */
export class CancelledError extends Error {
  readonly code = 'ERR_REEVE_CANCELLED';

  constructor() {
    super('the caller does not want the result any more');
    this.name = 'CancelledError';
  }
}
