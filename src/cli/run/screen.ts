/** Our own output, only as fast as it is read: what tasks have written, messages, and below them a line of progress. */
import { forgetAbort, onAbort } from '../../flow/shared-signal.ts';
import type { OutputStream } from '../../worker/worker-output.ts';
import { endOnBrokenOutput, type OutputError } from '../stdout.ts';

/** Milliseconds between two looks at the progress. */
const REDRAW_MS = 100;
const NEWLINE = 0x0a;

export class Screen {
  readonly #onBroken: (stream: OutputStream, error: OutputError) => void;
  readonly #broken = new Set<OutputStream>();
  #progress: (() => string) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #drawn = '';
  #isAtLineStart = true;
  readonly #givenUp = new AbortController();

  /** @param onBroken is told once of each stream; what is written to it from then on goes nowhere */
  constructor(onBroken: (stream: OutputStream, error: OutputError) => void) {
    this.#onBroken = onBroken;
    process.stdout.off('error', endOnBrokenOutput).on('error', (error) => this.#break('stdout', error));
    process.stderr.on('error', (error) => this.#break('stderr', error));
  }

  get columns(): number {
    return process.stderr.columns || 80; // 0 when the terminal does not say
  }

  /** Draws what `progress` says, as long as standard error is a terminal. */
  follow(progress: () => string): void {
    if (process.stderr.isTTY !== true) return;
    this.#progress = progress;
    this.#timer = setInterval(() => this.#draw(), REDRAW_MS).unref();
  }

  /** Resolves when there is room for more. */
  write(stream: OutputStream, bytes: Uint8Array | string): Promise<void> {
    if (this.#broken.has(stream) || bytes.length === 0) return Promise.resolve();
    this.#erase();
    if (process[stream].isTTY === true) {
      const last = bytes.at(-1);
      this.#isAtLineStart = last === NEWLINE || last === '\n';
    }
    return this.#written(stream, bytes);
  }

  /** A message of our own. */
  say(line: string): void {
    void this.write('stderr', `${this.#isAtLineStart ? '' : '\n'}reeve: ${line}\n`);
  }

  /** Nothing moves any more. Resolves when all is written. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#erase();
    for (const stream of ['stdout', 'stderr'] as const) {
      if (this.#broken.has(stream)) continue;
      await this.#written(stream, '');
    }
  }

  /** Nobody waits any more for what is not read. */
  giveUp(): void {
    this.#givenUp.abort();
  }

  #written(stream: OutputStream, bytes: Uint8Array | string): Promise<void> {
    const { signal } = this.#givenUp;
    return new Promise((resolve) => {
      const over = (): void => {
        forgetAbort(signal, over);
        resolve();
      };
      process[stream].write(bytes, (error) => {
        if (error != null) this.#break(stream, error); // who waits is to know before it goes on
        over();
      });
      if (signal.aborted) resolve();
      else onAbort(signal, over);
    });
  }

  #draw(): void {
    const text = this.#progress?.() ?? '';
    if (text === this.#drawn || this.#broken.has('stderr')) return;
    this.#erase();
    process.stderr.write(this.#isAtLineStart ? text : `\n${text}`);
    this.#isAtLineStart = true;
    this.#drawn = text;
  }

  #erase(): void {
    if (this.#drawn !== '') process.stderr.write('\r\x1b[K');
    this.#drawn = '';
  }

  #break(stream: OutputStream, error: OutputError): void {
    if (this.#broken.has(stream)) return;
    this.#broken.add(stream);
    this.#onBroken(stream, error);
  }
}
