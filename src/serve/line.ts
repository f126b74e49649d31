/** What a worker and its host talk over, as the worker sees it. */
import { Console } from 'node:console';
import type { Readable, Writable } from 'node:stream';
import type { Reader } from '../channel/words.ts';
import { lendingSocket } from '../os/lending-socket.ts';

export interface Line {
  readonly input: Readable;
  readonly output: Writable;
  /** Has `reader` read all that comes. @param onError told what it throws */
  read(reader: Reader, onError: (error: unknown) => void): void;
}

/** A file descriptor that the pool has opened for its worker. */
const CHANNEL_FD = 3;

export class SocketLine implements Line {
  readonly #lending = lendingSocket({
    fd: CHANNEL_FD,
    readable: true,
    writable: true,
    allowHalfOpen: true, // what is being done when the host ends its side is answered still
  });

  get input(): Readable {
    return this.#lending.socket;
  }

  get output(): Writable {
    return this.#lending.socket;
  }

  read(reader: Reader, onError: (error: unknown) => void): void {
    this.#lending.listen((bytes) => readOr(onError, reader, bytes));
  }
}

/** Standard input and output, where a stray print would be taken for an answer: those go to standard error from now on. */
export class StandardLine implements Line {
  readonly input: Readable = process.stdin;
  readonly output: Writable = process.stdout;

  constructor() {
    const { stderr } = process;
    Object.defineProperty(process, 'stdout', { value: stderr, configurable: true, enumerable: true });
    globalThis.console = new Console(stderr);
  }

  read(reader: Reader, onError: (error: unknown) => void): void {
    this.input.on('data', (bytes: Buffer) => readOr(onError, reader, bytes));
  }
}

function readOr(onError: (error: unknown) => void, reader: Reader, bytes: Buffer): void {
  try {
    reader.add(bytes);
  } catch (error) {
    onError(error);
  }
}
