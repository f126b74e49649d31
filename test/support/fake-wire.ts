/** A wire without a worker: the test says what comes over it, and sees what is written. */
import type { Wire } from '../../src/worker/wire.ts';

export interface Written {
  readonly bytes: Buffer;
  /** The system has it. */
  readonly taken: () => void;
  /** Nobody will ever read it. */
  readonly fail: () => void;
}

export class FakeWire {
  readonly wire: Wire;
  /** Piece by piece. */
  readonly written: Written[] = [];
  paused = false;
  #onBytes: (bytes: Uint8Array) => void = () => {};
  #onEnd: () => void = () => {};

  constructor() {
    this.wire = {
      path: 'embed/worker.1',
      workerId: 'embed/worker.1:1',
      pid: 4_711,
      source: {
        listen: (onBytes, onEnd) => {
          this.#onBytes = onBytes;
          this.#onEnd = onEnd;
        },
        pause: () => {
          this.paused = true;
        },
        resume: () => {
          this.paused = false;
        },
        destroy: () => {},
      },
      sink: {
        write: (bytes) =>
          new Promise((resolve, reject) => {
            const fail = () => reject(new Error('EPIPE'));
            this.written.push({ bytes: Buffer.from(bytes as Uint8Array), taken: resolve, fail });
          }),
        onClosed: () => {},
        end: () => {},
        destroy: () => {},
      },
      stderrTail: () => '',
    };
  }

  /** The worker writes. */
  say(bytes: string | Uint8Array): void {
    this.#onBytes(Buffer.from(bytes as Uint8Array));
  }

  /** The worker writes lines. */
  sayLines(...messages: object[]): void {
    this.say(messages.map((message) => `${JSON.stringify(message)}\n`).join(''));
  }

  /** The worker closes its end. */
  end(): void {
    this.#onEnd();
  }

  /** The lines that were written. */
  get lines(): unknown[] {
    const lines = this.written.flatMap(({ bytes }) => bytes.toString().split('\n'));
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line));
  }
}
