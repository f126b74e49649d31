/** A pipe: bytes arrive in order and late, and its end comes when the last process that holds it has let go. */
import type { ByteSink, ByteSource } from '../os.ts';
import type { SimProcess } from './process.ts';

/** What a pipe needs of the machine: that something happens to a process after a while. */
export type Later = (process: SimProcess, delay: number, action: () => void) => unknown;

/** A host reads or writes one end of it; the other is held by processes. */
export class Pipe {
  readonly #host: SimProcess;
  readonly #later: Later;
  readonly #holders = new Set<SimProcess>();
  readonly #kept: Uint8Array[] = [];
  #listener: { onBytes: (bytes: Uint8Array) => void; onEnd: () => void } | undefined;
  #held = false;
  #destroyed = false;
  #ended = false;
  #under = 0;
  /** Of a pipe that a process reads. */
  onInput: (text: string) => void = () => {};
  onInputEnd: () => void = () => {};
  #inputEnded = false;

  constructor(host: SimProcess, later: Later) {
    this.#host = host;
    this.#later = later;
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
        for (const bytes of this.#kept.splice(0)) this.#deliver(bytes);
        this.#endIfLetGo();
      },
      destroy: () => this.destroy(),
    };
  }

  /** The host's end, of what processes read. */
  asSink(): ByteSink {
    return {
      write: async (bytes) => {
        if (this.#destroyed || this.#inputEnded || this.#holders.size === 0) throw brokenPipe();
        const text = typeof bytes === 'string' ? bytes : new TextDecoder().decode(bytes);
        for (const holder of this.#holders) this.#later(holder, 0, () => this.onInput(text));
      },
      end: () => this.#endInput(),
      destroy: () => this.#endInput(),
    };
  }

  /** A process writes. */
  write(bytes: Uint8Array): void {
    if (this.#destroyed || this.#ended) return;
    if (this.#listener === undefined) this.#kept.push(bytes);
    else this.#deliver(bytes);
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#later(this.#host, 0, () => this.#end());
  }

  #deliver(bytes: Uint8Array): void {
    this.#under += 1;
    this.#later(this.#host, 0, () => {
      this.#under -= 1;
      if (!this.#destroyed) this.#listener?.onBytes(bytes);
      this.#endIfLetGo();
    });
  }

  #release(process: SimProcess): void {
    this.#holders.delete(process);
    this.#later(this.#host, 0, () => this.#endIfLetGo());
  }

  #endIfLetGo(): void {
    if (this.#held && this.#holders.size === 0 && this.#under === 0 && this.#kept.length === 0) this.#end();
  }

  #end(): void {
    if (this.#ended || this.#listener === undefined) return;
    this.#ended = true;
    this.#listener.onEnd();
  }

  #endInput(): void {
    if (this.#inputEnded) return;
    this.#inputEnded = true;
    for (const holder of this.#holders) this.#later(holder, 0, () => this.onInputEnd());
  }
}

/** What a process holds. */
export interface PipeEnd {
  readonly pipe: Pipe;
  release(): void;
}

const brokenPipe = () => Object.assign(new Error('write EPIPE'), { code: 'EPIPE', errno: -32 });
