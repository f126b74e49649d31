/** What a handler gets beside its parameters: whether it is still wanted, and ways to tell of what it does. */
import type { RequestId } from '../channel/words.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Where what a call tells goes. */
export interface Voice {
  readonly progress: (value: unknown) => void;
  /** Resolves when there is room for more. */
  readonly item: (item: unknown) => Promise<void>;
  readonly log: (entry: { level: LogLevel; message: string; data?: unknown }) => void;
}

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
  readonly progress = (value: unknown): void => {
    this.#voice.progress(value);
  };

  /**
   * Sends one item to a caller that streams. Resolves when there is room for more: wait for it. Rejects when the call is
   * cancelled; throws when the item cannot be sent.
   */
  readonly stream = (item: unknown): Promise<void> => this.#voice.item(item);

  /** Becomes an event of the host, `pool.log`. */
  readonly log = (
    message: string,
    { level = 'info', data }: { level?: LogLevel; data?: unknown } = {},
  ): void => {
    this.#voice.log({ level, message, ...(data === undefined ? {} : { data }) });
  };

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
