/** A pipe: bytes arrive in order and late, and its end comes when the last process that holds it has let go. */
import type { ByteDuplex, ByteSink, ByteSource } from '../os.ts';
import type { SimProcess } from './process.ts';

/** What a pipe needs of the machine: that something happens to a process after a while. */
export type Later = (process: SimProcess, delay: number, action: () => void) => unknown;

/** A process that reads. */
interface Reader {
  readonly onInput: (text: string) => void;
  readonly onEnd: () => void;
}

/** A host reads or writes one end of it; the other is held by processes. */
export class Pipe {
  readonly #host: SimProcess;
  readonly #later: Later;
  readonly #holders = new Set<SimProcess>();
  #held = false;
  #destroyed = false;
  #paused = false;
  /** Written by processes, and not heard yet. */
  readonly #output: Uint8Array[] = [];
  #listener: { onBytes: (bytes: Uint8Array) => void; onEnd: () => void } | undefined;
  #ended = false;
  /** Written by the host, and not read yet: it waits for whoever reads first. */
  #input = '';
  /** A character may come in two parts. */
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  readonly #readers = new Map<SimProcess, Reader>();
  #inputEnded = false;
  readonly #onReadersGone: (() => void)[] = [];

  constructor(host: SimProcess, later: Later) {
    this.#host = host;
    this.#later = later;
    host.atDeath.add(() => this.#endInput());
  }

  hold(process: SimProcess): PipeEnd {
    this.#held = true;
    this.#holders.add(process);
    process.atDeath.add(() => this.#release(process));
    return { pipe: this, release: () => this.#release(process) };
  }

  /** The host's end, of what processes write. */
  asSource(): ByteSource {
    return {
      listen: (onBytes, onEnd) => {
        this.#listener = { onBytes, onEnd };
        this.#wakeHost();
      },
      pause: () => {
        this.#paused = true;
      },
      resume: () => {
        this.#paused = false;
        this.#wakeHost();
      },
      destroy: () => this.destroy(),
    };
  }

  /** A socket: the host reads and writes it, and so do processes. */
  asDuplex(): ByteDuplex {
    const sink = this.asSink();
    const destroy = (): void => {
      sink.destroy();
      this.destroy();
    };
    return { ...this.asSource(), ...sink, destroy };
  }

  /** The host's end, of what processes read. */
  asSink(): ByteSink {
    return {
      write: async (bytes) => {
        if (this.#destroyed || this.#inputEnded || this.#holders.size === 0) throw brokenPipe();
        this.#input += this.#decoder.decode(typeof bytes === 'string' ? Buffer.from(bytes) : bytes, STREAM);
        this.#wakeReaders();
      },
      onClosed: (listener) => this.#onReadersGone.push(listener),
      end: () => this.#endInput(),
      destroy: () => this.#endInput(),
    };
  }

  /** A process writes. False when nobody will ever read it. */
  write(bytes: Uint8Array): boolean {
    if (this.#destroyed || !this.#host.alive) return false;
    this.#output.push(bytes);
    this.#wakeHost();
    return true;
  }

  /** A process reads from now on; what was written before has waited for it. */
  read(process: SimProcess, onInput: (text: string) => void, onEnd: () => void): void {
    this.#readers.set(process, { onInput, onEnd });
    this.#wakeReaders();
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#later(this.#host, 0, () => this.#end());
  }

  #release(process: SimProcess): void {
    this.#holders.delete(process);
    this.#readers.delete(process);
    this.#wakeHost();
    if (this.#holders.size > 0) return;
    for (const tell of this.#onReadersGone.splice(0)) this.#later(this.#host, 0, tell);
  }

  /** All that has come by then is heard in one go, whoever was woken for which part of it: none overtakes another. */
  #wakeHost(): void {
    this.#later(this.#host, 0, () => {
      if (this.#listener === undefined || this.#paused) return;
      for (const bytes of this.#output.splice(0)) if (!this.#destroyed) this.#listener.onBytes(bytes);
      if (this.#held && this.#holders.size === 0) this.#end();
    });
  }

  #end(): void {
    if (this.#ended || this.#listener === undefined) return;
    this.#ended = true;
    this.#listener.onEnd();
  }

  #endInput(): void {
    if (this.#inputEnded) return;
    this.#inputEnded = true;
    this.#input += this.#decoder.decode(); // half a character, if there is one
    this.#wakeReaders();
  }

  /** The first of them gets it all; the end is for everybody. */
  #wakeReaders(): void {
    for (const [process, reader] of this.#readers) {
      this.#later(process, 0, () => {
        if (this.#readers.get(process) !== reader) return;
        const text = this.#input;
        this.#input = '';
        if (text !== '') reader.onInput(text);
        if (this.#inputEnded && this.#readers.delete(process)) reader.onEnd();
      });
    }
  }
}

/** What a process holds. */
export interface PipeEnd {
  readonly pipe: Pipe;
  release(): void;
}

const STREAM = { stream: true };
const brokenPipe = () => Object.assign(new Error('write EPIPE'), { code: 'EPIPE', errno: -32 });
