/** A stream over which somebody above talks with a worker. Made when it is born; it tells of the worker's death once. */
import type { ExitReason } from '../events.ts';
import type { ByteSink, ByteSource, Clock, Streams } from '../os/os.ts';
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

export class LiveWire {
  readonly connection: Connection;
  readonly #clock: Clock;
  readonly #output: WorkerOutput;
  readonly #source: ByteSource;
  readonly #sink: ByteSink;
  #sourceEnded = false;
  #onSourceEnded = (): void => {};
  #told = false;

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
      source: { ...source, listen: (onBytes, onEnd) => this.#listen(onBytes, onEnd) },
      stderrTail: () => output.stderr.text(),
    });
  }

  /** What it wrote before it died is heard first: an answer may be in it, and why it died. */
  exited(reason: ExitReason): void {
    if (this.#told) return;
    this.#told = true;
    this.#source.resume(); // or what came before its end would never be read
    const tell = (): void => {
      this.#clock.clearTimeout(timer);
      this.#onSourceEnded = () => {};
      this.connection.ended(reason);
    };
    const timer = this.#clock.setTimeout(tell, LAST_WORDS_MS);
    const tellWhenAllIsHeard = (): void => {
      if (!this.#sourceEnded) this.#onSourceEnded = tellWhenAllIsHeard;
      else if (this.#output.ended) tell();
      else this.#output.onceEnded(tell);
    };
    tellWhenAllIsHeard();
  }

  destroy(): void {
    this.#source.destroy();
    this.#sink.destroy();
  }

  #listen(onBytes: (bytes: Uint8Array) => void, onEnd: () => void): void {
    this.#source.listen(onBytes, () => {
      this.#sourceEnded = true;
      onEnd();
      this.#onSourceEnded();
    });
  }
}

function endsOf({ over }: WireSpec, { stdin, stdout, fd3 }: Streams): { source: ByteSource; sink: ByteSink } {
  return over === 'fd3' ? { source: fd3!, sink: fd3! } : { source: stdout!, sink: stdin! };
}
