/** A stream over which somebody above talks with a worker. Made when it is born; it tells of the worker's death once. */
import type { ExitReason } from '../events.ts';
import type { ByteSink, ByteSource, Clock, Streams, Timer } from '../os/os.ts';
import type { WorkerOutput } from './worker-output.ts';

/** Which stream, and who talks. */
export interface WireSpec {
  readonly over: 'stdio' | 'fd3';
  readonly connect: (wire: Wire) => Connection;
}

/** The host's end, for one incarnation. */
export interface Wire {
  readonly path: string;
  readonly workerId: string;
  readonly pid: number;
  readonly source: ByteSource;
  readonly sink: ByteSink;
  /** The end of what it has written to its standard error so far. */
  readonly stderrTail: () => string;
}

/** Who talks, as far as the worker is concerned. */
export interface Connection {
  /** Calls `listener` when the worker has answered for the first time. */
  whenReady(listener: () => void): void;
  /** The process is dead, and all that it wrote was heard, or waited for long enough. */
  ended(reason: ExitReason): void;
}

/** How long the last words are waited for when somebody else, a grandchild perhaps, holds a stream open, ms. */
export const LAST_WORDS_MS = 100;
/** How often it is waited for so long, as long as something comes each time: a stranger may go on writing for ever. */
const MOST_WAITS = 10;

export class LiveWire {
  readonly connection: Connection;
  readonly #clock: Clock;
  readonly #output: WorkerOutput;
  readonly #source: ByteSource;
  readonly #sink: ByteSink;
  #sourceEnded = false;
  /** Since the last wait has begun. */
  #heard = false;
  #exit: ExitReason | undefined;
  #timer: Timer | undefined;
  #told = false;
  #onTold = (): void => {};

  constructor(
    spec: WireSpec,
    who: { readonly path: string; readonly workerId: string; readonly pid: number },
    streams: Streams,
    output: WorkerOutput,
    clock: Clock,
  ) {
    const { source, sink } = endsOf(spec, streams);
    this.#clock = clock;
    this.#output = output;
    this.#source = source;
    this.#sink = sink;
    this.connection = spec.connect({
      ...who,
      sink,
      source: {
        ...source,
        listen: (onBytes, onEnd) => this.#listen(onBytes, onEnd),
        pause: () => this.#pause(),
      },
      stderrTail: () => output.stderr.text(),
    });
  }

  /** What it wrote before it died is heard first: an answer may be in it, and why it died. */
  exited(reason: ExitReason): void {
    if (this.#exit !== undefined) return;
    this.#exit = reason;
    this.#source.resume(); // or what came before its end would never be read
    this.#wait(MOST_WAITS);
    this.#tellWhenAllIsHeard();
  }

  /** Calls `action` when its death has been told: what it wrote is not needed any more. */
  onceTold(action: () => void): void {
    if (this.#told) action();
    else this.#onTold = action;
  }

  destroy(): void {
    this.#source.destroy();
    this.#sink.destroy();
  }

  #listen(onBytes: (bytes: Uint8Array) => void, onEnd: () => void): void {
    this.#source.listen(
      (bytes) => {
        this.#heard = true;
        onBytes(bytes);
      },
      () => {
        this.#sourceEnded = true;
        onEnd();
        this.#tellWhenAllIsHeard();
      },
    );
  }

  /** What a dead worker has left is no more than a pipe holds: all of it is read, and nobody waits for slow takers. */
  #pause(): void {
    if (this.#exit === undefined) this.#source.pause();
  }

  #wait(waits: number): void {
    this.#heard = false;
    this.#timer = this.#clock.setTimeout(() => void this.#waited(waits - 1), LAST_WORDS_MS);
  }

  /** A process that was busy meanwhile has not read yet what came: it does so after its timers. */
  async #waited(waits: number): Promise<void> {
    await this.#clock.turn();
    if (this.#told) return;
    if (this.#heard && waits > 0) this.#wait(waits);
    else this.#tell();
  }

  #tellWhenAllIsHeard(): void {
    if (this.#exit === undefined || !this.#sourceEnded) return;
    if (this.#output.ended) this.#tell();
    else this.#output.onceEnded(() => this.#tell());
  }

  #tell(): void {
    if (this.#told || this.#exit === undefined) return;
    this.#told = true;
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.connection.ended(this.#exit);
    this.#onTold();
  }
}

function endsOf({ over }: WireSpec, { stdin, stdout, fd3 }: Streams): { source: ByteSource; sink: ByteSink } {
  return over === 'fd3' ? { source: fd3!, sink: fd3! } : { source: stdout!, sink: stdin! };
}
