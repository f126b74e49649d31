/** The host's side of the talk with one worker: requests out, answers in, each told apart from what is no answer. */

import type { ExitReason } from '../events.ts';
import type { Clock, Timer } from '../os/os.ts';
import type { Connection, Wire } from '../worker/wire.ts';
import { FrameReader } from './frame-reader.ts';
import { FrameWriter } from './frame-writer.ts';
import { JsonLinesReader, JsonLinesWriter } from './json-lines.ts';
import { Requests } from './requests.ts';
import { RestWatch } from './rest-watch.ts';
import {
  CODE,
  type Failure,
  Fault,
  PING,
  type Reader,
  type RequestExtra,
  type RequestId,
  sample,
  type Words,
  type Writer,
} from './words.ts';

/** Who waits for the answer to a request. Told of one of the two, once, unless the channel is lost before. */
export interface Asker {
  answered(value: unknown): void;
  failed(failure: Failure): void;
  progressed(value: unknown): void;
  received(item: unknown): void;
  /** The channel is lost, and there will be no answer. */
  abandoned(): void;
}

/** What a worker's first answer says of it, when it says anything. */
export interface FirstAnswer {
  /** It can hand its sessions on. */
  readonly sessions?: boolean;
}

export interface ChannelOptions {
  readonly form: 'json-lines' | 'frames';
  /** The longest message either way, in bytes. */
  readonly longestMessage: number;
  /** How long a message may stand unfinished without another byte of it, in milliseconds. */
  readonly unfinishedAfter: number;
  readonly clock: Clock;
}

/** What is told to whoever has the channel. */
export interface ChannelListener {
  onNotification(method: string, params: unknown): void;
  /** The worker may be given more again. */
  onDrain(): void;
  /** It has closed an end of its channel, and most likely is about to end: it is given nothing more. Told once. */
  onEndOfInput(): void;
  /**
   * Nothing more comes: the worker has ended, with a reason; has closed an end and lives on; or has said what nobody
   * understands. Told once. Who still waits for answers then is in `waiting`.
   */
  onLost(lost: Lost): void;
}

export type Lost =
  | { readonly by: 'exit'; readonly reason: ExitReason }
  | { readonly by: 'closed' }
  | { readonly by: 'fault'; readonly fault: Fault };

/** Bytes that the system has not taken yet, above which a worker is given nothing more; and below which it is again. */
const HIGH_WATER = 4 * 1_024 * 1_024;
const LOW_WATER = 1 * 1_024 * 1_024;
/** How long it is waited, after a worker has closed an end, to hear how it ended, in milliseconds. */
const END_EXPECTED_IN_MS = 1_000;

export class Channel implements Connection {
  readonly wire: Wire;
  readonly #options: ChannelOptions;
  readonly #listener: ChannelListener;
  readonly #writer: Writer;
  readonly #reader: Reader;
  readonly #rest: RestWatch;
  readonly #asked = new Requests<Asker>();
  #flushing = false;
  #unsent = 0;
  #congested = false;
  #lost: Lost | undefined;
  #answer: FirstAnswer | undefined;
  #heardAt: number;
  #heardSince = false;
  #expecting: Timer | undefined;
  /** How many want nothing to be read for now. */
  #pauses = 0;
  #resumed = 0;

  constructor(wire: Wire, options: ChannelOptions, listener: ChannelListener) {
    const { form, longestMessage } = options;
    this.wire = wire;
    this.#options = options;
    this.#listener = listener;
    this.#heardAt = options.clock.monotonic();
    const heard = this.#heard();
    this.#writer = form === 'frames' ? new FrameWriter(longestMessage) : new JsonLinesWriter(longestMessage);
    this.#reader =
      form === 'frames' ? new FrameReader(heard, longestMessage) : new JsonLinesReader(heard, longestMessage);
    this.#rest = new RestWatch({
      ...options,
      isMidway: () => this.#reader.isMidway,
      onStuck: () => {
        const why = `a message did not go on for ${options.unfinishedAfter} ms`;
        this.#lose({ by: 'fault', fault: new Fault('unfinished', why) });
      },
    });
    wire.source.listen(
      (bytes) => this.#read(bytes),
      () => this.#closed(),
    );
    wire.sink.onClosed(() => this.#closed()); // it reads no more: what it was asked may be lost, though its own end stays open
  }

  /** Undefined when it has not answered, or not said anything. */
  get answer(): FirstAnswer | undefined {
    return this.#answer;
  }

  /** True when the worker does not read as fast as it is given. */
  get congested(): boolean {
    return this.#congested;
  }

  /** When something was heard last, in milliseconds of the clock that never jumps. */
  get heardAt(): number {
    if (this.#heardSince) {
      this.#heardSince = false;
      this.#heardAt = this.#options.clock.monotonic();
    }
    return this.#heardAt;
  }

  /** Those who wait for an answer. */
  get waiting(): Pick<Requests<Asker>, 'size' | 'values'> {
    return this.#asked;
  }

  /** Returns the request's number. Throws when it cannot be sent; then nothing was asked. */
  ask(method: string, params: unknown, extra: RequestExtra | undefined, asker: Asker): number {
    if (this.#lost !== undefined) throw new Error('the worker is gone');
    const id = this.#asked.nextId;
    this.#writer.request(id, method, params, extra);
    this.#asked.add(id, asker);
    this.#flushSoon();
    return id;
  }

  cancel(id: number): void {
    this.#writer.cancel(id);
    this.#flushSoon();
  }

  notify(method: string, params: unknown): void {
    this.#writer.notification(method, params);
    this.#flushSoon();
  }

  /** Any answer will do: it shows that somebody is there. */
  ping(onAnswer: (answer?: unknown) => void): void {
    if (this.#lost !== undefined) return;
    this.ask(PING, undefined, undefined, {
      answered: onAnswer,
      failed: () => onAnswer(),
      progressed: nothing,
      received: nothing,
      abandoned: nothing,
    });
  }

  whenReady(listener: () => void): void {
    this.ping((answer) => {
      if (typeof answer === 'object' && answer !== null) this.#answer = answer;
      listener();
    });
  }

  ended(reason: ExitReason): void {
    this.#lose({ by: 'exit', reason });
  }

  /** The number of the stretch, between two pauses, in which it is read now; undefined in a pause. */
  get stretch(): number | undefined {
    return this.#pauses > 0 ? undefined : this.#resumed;
  }

  /** What the worker writes waits in the system's buffers, and then in the worker, until each has resumed who paused. */
  pause(): void {
    this.#pauses += 1;
    if (this.#pauses > 1) return;
    this.wire.source.pause();
    this.#rest.stop(); // it may have come, and is not read
  }

  resume(): void {
    this.#pauses -= 1;
    if (this.#pauses > 0) return;
    this.#resumed += 1;
    this.wire.source.resume();
    if (this.#lost === undefined) this.#rest.begin();
  }

  #read(bytes: Uint8Array): void {
    if (this.#lost !== undefined) return;
    this.#heardSince = true;
    try {
      this.#reader.add(bytes);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.#lose({ by: 'fault', fault: error });
      return;
    }
    if (this.#pauses === 0) this.#rest.heard();
  }

  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    this.#options.clock.soon(() => this.#flush());
  }

  #flush(): void {
    this.#flushing = false;
    for (const bytes of this.#writer.take()) {
      const { length } = bytes;
      this.#unsent += length;
      this.wire.sink.write(bytes).then(
        () => this.#sent(length),
        () => this.#closed(), // where the system does not tell
      );
    }
    if (this.#unsent > HIGH_WATER) this.#congested = true;
  }

  #sent(length: number): void {
    this.#unsent -= length;
    if (!this.#congested || this.#unsent > LOW_WATER) return;
    this.#congested = false;
    this.#listener.onDrain();
  }

  #lose(lost: Lost): void {
    if (this.#lost !== undefined) return; // it was ended for its fault, and now it has
    this.#lost = lost;
    this.#rest.stop();
    if (this.#expecting !== undefined) this.#options.clock.clearTimeout(this.#expecting);
    this.#listener.onLost(lost);
    const abandoned = this.#asked.values();
    this.#asked.clear();
    for (const asker of abandoned) asker.abandoned();
  }

  /** As a rule its death is told next; why it died, and not that it fell silent, is what its callers want to know. */
  #closed(): void {
    if (this.#lost !== undefined || this.#expecting !== undefined) return;
    this.#expecting = this.#options.clock.setTimeout(() => this.#lose({ by: 'closed' }), END_EXPECTED_IN_MS);
    this.#listener.onEndOfInput();
  }

  #settle(id: RequestId): Asker {
    const asker = typeof id === 'number' ? this.#asked.take(id) : undefined;
    if (asker !== undefined) return asker;
    throw typeof id === 'number' && this.#asked.had(id)
      ? new Fault('answered-twice', `a second answer to request ${id}`)
      : new Fault('unknown-id', `an answer to ${JSON.stringify(id)}, which was never asked`);
  }

  #heard(): Words {
    const settle = (id: RequestId) => this.#settle(id);
    const asker = (id: RequestId) => (typeof id === 'number' ? this.#asked.get(id) : undefined);
    return {
      result: (id, value) => settle(id).answered(value),
      failure: (id, failure) => settle(id).failed(failure),
      progress: (id, value) => asker(id)?.progressed(value), // late ones are no fault: answers overtake nothing,
      item: (id, item) => asker(id)?.received(item), // but threads of a worker may
      cancel: nothing,
      notification: (method, params) => this.#listener.onNotification(method, params),
      request: (id, method) => this.#refuse(id, method),
    };
  }

  /** A worker that asks its host, as MCP servers may, is told that nobody answers: it must not wait for ever. */
  #refuse(id: RequestId, method: string): void {
    if (this.#congested) return; // it does not read answers
    this.#writer.failure(id, {
      code: CODE.noMethod,
      message: `the host has no '${sample(method)}'`,
      data: undefined,
    });
    this.#flushSoon();
  }
}

const nothing = (): void => {};
