/** Lines of a file or of a pipe, read only as fast as they are taken. */
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { errorOf, messageOf, OptionsError } from '../../errors.ts';

/** A longer one is no line, but a file that was meant for something else. */
const LONGEST_LINE = 16 * 1_024 * 1_024;

export interface Line {
  /** From 1. */
  readonly number: number;
  /** Undefined when it is not UTF-8: no argument of that name could be passed. */
  readonly text: string | undefined;
}

export class Lines implements AsyncIterable<Line> {
  readonly #stream: Readable;
  readonly #name: string;
  readonly #separator: number;
  #isClosed = false;

  /** @param path `-` is standard input @param separator the byte that ends a line */
  constructor(path: string, separator: '\n' | '\0') {
    if (path === '-' && process.stdin.isTTY) throw new OptionsError('', FROM_A_TERMINAL);
    this.#stream = path === '-' ? process.stdin : createReadStream(path);
    this.#stream.on('error', () => {}); // whoever reads is told
    this.#name = path === '-' ? 'standard input' : path;
    this.#separator = separator.charCodeAt(0);
  }

  /** There are no more, though there might have been. */
  close(): void {
    this.#isClosed = true;
    this.#stream.destroy();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Line, void, undefined> {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    const decode = (bytes: Uint8Array): string | undefined => {
      try {
        return decoder.decode(bytes);
      } catch {
        return undefined;
      }
    };
    let number = 0;
    for await (const bytes of this.#split()) {
      number += 1;
      yield { number, text: decode(bytes) };
    }
  }

  async *#split(): AsyncGenerator<Uint8Array, void, undefined> {
    let begun: Buffer[] = []; // of a line whose end has not come
    let length = 0;
    for await (const chunk of this.#chunks()) {
      let start = 0;
      for (
        let end = chunk.indexOf(this.#separator);
        end !== -1;
        end = chunk.indexOf(this.#separator, start)
      ) {
        yield Buffer.concat([...begun, chunk.subarray(start, end)]);
        begun = [];
        length = 0;
        start = end + 1;
      }
      begun.push(chunk.subarray(start));
      length += chunk.length - start;
      if (length > LONGEST_LINE)
        throw new Error(`${this.#name} has a line of more than ${LONGEST_LINE} bytes`);
    }
    if (length > 0 && !this.#isClosed) yield Buffer.concat(begun);
  }

  async *#chunks(): AsyncGenerator<Buffer, void, undefined> {
    try {
      for await (const chunk of this.#stream) {
        if (this.#isClosed) return;
        yield chunk as Buffer;
      }
    } catch (error) {
      if (this.#isClosed) return;
      throw new Error(`${this.#name} cannot be read: ${messageOf(error)}`, { cause: errorOf(error) });
    }
  }
}

const FROM_A_TERMINAL =
  "standard input is a terminal: give arguments after ':::', pipe them in, or name a file with --arg-file or --tasks";
