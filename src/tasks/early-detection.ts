/** Ends what has no hope: a task that has said something fatal, or has been silent for too long, time and again. */
import { StringDecoder } from 'node:string_decoder';
import { LONGEST_TIMER_MS } from '../os/longest-timer.ts';
import type { Clock, Timer } from '../os/os.ts';
import { OptionReader, show } from '../worker/option-reader.ts';
import type { OutputStream } from '../worker/worker-output.ts';
import {
  CATEGORIES,
  type FailureCategory,
  type FailurePattern,
  KNOWN_PATTERNS,
  linesIn,
  matches,
  unended,
} from './failure-category.ts';

export interface DetectOptions {
  /** Lines that end a task, on either stream; default: the known ones that are fatal. Strings are fatal, of kind `permanent`. */
  readonly patterns?: readonly (FailurePattern | RegExp | string)[];
  /** Milliseconds without output that count as one strike; default: silence is no fault. */
  readonly silence?: number;
  /** Strikes in a row that end a task; default 3. Any output forgives them all. */
  readonly strikes?: number;
}

export interface Detection {
  /** Those that end a task. */
  readonly fatal: readonly FailurePattern[];
  readonly silence: number | undefined;
  readonly strikes: number;
}

/** Why a task was ended early. */
export interface Hopeless {
  readonly reason: string;
  readonly category: FailureCategory;
}

/** Throws an `OptionsError`. `true`: the defaults; `false`, or nothing: no detection. */
export function parseDetect(value: unknown, path: string): Detection | undefined {
  if (value === undefined || value === false) return undefined;
  const reader = new OptionReader(value === true ? {} : value, path, ['patterns', 'silence', 'strikes']);
  return {
    fatal: reader.has('patterns')
      ? parsePatterns(reader).filter(({ fatal }) => fatal)
      : KNOWN_PATTERNS.filter(({ fatal }) => fatal),
    silence: reader.has('silence') ? reader.integer('silence', 0, 1, LONGEST_TIMER_MS) : undefined,
    strikes: reader.integer('strikes', 3, 1, 1_000),
  };
}

/** Throws an `OptionsError`. A bare pattern is fatal, and of kind `permanent`. */
export function parsePatterns(reader: OptionReader): readonly FailurePattern[] {
  const values = reader.get('patterns') ?? [];
  if (!Array.isArray(values)) reader.fail('patterns', `expected an array, got ${show(values)}`);
  return values.map((value: unknown, index): FailurePattern => {
    if (isPattern(value)) return { category: 'permanent', pattern: value, fatal: true };
    const each = new OptionReader(value, `${reader.at('patterns')}[${index}]`, [
      'category',
      'pattern',
      'fatal',
    ]);
    const pattern = each.get('pattern');
    if (!isPattern(pattern))
      return each.fail('pattern', `expected a RegExp or a string, got ${show(pattern)}`);
    return {
      category: each.oneOf('category', CATEGORIES, 'permanent'),
      pattern,
      fatal: each.boolean('fatal', false),
    };
  });
}

const isPattern = (value: unknown): value is RegExp | string =>
  value instanceof RegExp || (typeof value === 'string' && value !== '');

/** Watches one attempt. */
export class Detector {
  readonly #detection: Detection;
  readonly #clock: Clock;
  readonly #onHopeless: (hopeless: Hopeless) => void;
  readonly #decoders: Readonly<Record<OutputStream, StringDecoder>>;
  /** The line that is not whole yet: who waits for an answer does not end it. */
  readonly #rests: Record<OutputStream, string> = { stdout: '', stderr: '' };
  #strikes = 0;
  #timer: Timer | undefined;
  #isOver = false;

  constructor(detection: Detection, clock: Clock, onHopeless: (hopeless: Hopeless) => void) {
    this.#detection = detection;
    this.#clock = clock;
    this.#onHopeless = onHopeless;
    this.#decoders = { stdout: new StringDecoder('utf8'), stderr: new StringDecoder('utf8') };
    this.#wait();
  }

  wrote(stream: OutputStream, bytes: Uint8Array): void {
    if (this.#isOver) return;
    this.#strikes = 0;
    if (this.#detection.fatal.length === 0) return;
    const text = this.#decoders[stream].write(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
    const output = this.#rests[stream] + text;
    this.#rests[stream] = unended(output).slice(-LONGEST_REST);
    for (const line of linesIn(output)) this.#read(line);
  }

  close(): void {
    this.#isOver = true;
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #read(line: string): void {
    const found = this.#detection.fatal.find(({ pattern }) => matches(pattern, line));
    if (found === undefined || this.#isOver) return;
    this.#tell({ reason: `it said: ${line.slice(0, LONGEST_SHOWN)}`, category: found.category });
  }

  /** A strike for each time that nothing has come; whatever has come begins the count anew. */
  #wait(): void {
    const { silence, strikes } = this.#detection;
    if (silence === undefined) return;
    this.#timer = this.#clock.setTimeout(() => {
      this.#strikes += 1;
      if (this.#strikes > strikes) {
        this.#tell({ reason: `it was silent for ${strikes} × ${silence} ms`, category: 'timeout' });
      } else {
        this.#wait();
      }
    }, silence);
  }

  #tell(hopeless: Hopeless): void {
    this.close();
    this.#onHopeless(hopeless);
  }
}

/** Of a line that is not whole yet, in UTF-16 units: it is read again with each piece of output that comes. */
const LONGEST_REST = 4_096;
/** Of a line, in a reason. */
const LONGEST_SHOWN = 200;
