/** A stream over which somebody above talks with a worker. Made when it is born; it tells of the worker's death once. */
import type { ExitReason } from '../events.ts';
import type { ByteSink, ByteSource, Clock, Streams } from '../os/os.ts';
import { Silence } from './silence.ts';
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

export class LiveWire {
  readonly connection: Connection;
  readonly #clock: Clock;
  readonly #output: WorkerOutput;
  readonly #source: ByteSource;
  readonly #sink: ByteSink;
  #sourceEnded = false;
  #exit: ExitReason | undefined;
  /** From its death on. */
  #silence: Silence | undefined;
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
    this.#silence = new Silence(this.#clock, () => this.#tell());
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
        this.#silence?.heard();
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

  #tellWhenAllIsHeard(): void {
    if (this.#exit === undefined || !this.#sourceEnded) return;
    if (this.#output.ended) this.#tell();
    else this.#output.onceEnded(() => this.#tell());
  }

  #tell(): void {
    if (this.#told || this.#exit === undefined) return;
    this.#told = true;
    this.#silence?.end();
    this.connection.ended(this.#exit);
    this.#onTold();
  }
}

function endsOf({ over }: WireSpec, { stdin, stdout, fd3 }: Streams): { source: ByteSource; sink: ByteSink } {
  return over === 'fd3' ? { source: fd3!, sink: fd3! } : { source: stdout!, sink: stdin! };
}
