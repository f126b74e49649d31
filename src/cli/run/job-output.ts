/** What a task writes, on its way to our own output: held until the task is over, line by line, or not at all. */
import type { OutputStream } from '../../worker/worker-output.ts';
import { ByteBuffer } from './byte-buffer.ts';
import { Spool } from './spool.ts';

/** Where it goes. Resolves when there is room for more. */
export type Show = (stream: OutputStream, bytes: Uint8Array) => Promise<void>;

export interface JobOutput {
  /** Of a task that is to be slowed a promise. */
  took(stream: OutputStream, bytes: Uint8Array): Promise<void> | undefined;
  /** Another attempt begins: what the last one has written is not mixed with what comes. */
  again(): void;
  /** It is over, and the rest may be shown. @param hadProcess else what the attempt before has written still counts */
  show(hadProcess: boolean): Promise<void>;
  /** Nothing of it is wanted any more. */
  drop(): void;
}

export type OutputForm = 'held' | 'lines' | 'none';

/** @param tag stands in front of each line; undefined: nothing does */
export function outputOf(form: OutputForm, tag: string | undefined, show: Show): JobOutput {
  if (form === 'none') return NO_OUTPUT;
  return form === 'held' ? new HeldOutput(tag, show) : new LineOutput(tag, show);
}

const NO_OUTPUT: JobOutput = {
  took: () => undefined,
  again: () => {},
  show: () => Promise.resolve(),
  drop: () => {},
};

const STREAMS = ['stdout', 'stderr'] as const;
const NEWLINE = 0x0a;

/** Whole, and only of the last attempt that had a process. */
class HeldOutput implements JobOutput {
  readonly #tag: string | undefined;
  readonly #show: Show;
  readonly #spools = { stdout: new Spool(), stderr: new Spool() };
  /** It is of an attempt after which another one has begun. */
  #isOld = false;

  constructor(tag: string | undefined, show: Show) {
    this.#tag = tag;
    this.#show = show;
  }

  took(stream: OutputStream, bytes: Uint8Array): undefined {
    if (this.#isOld) this.drop();
    this.#spools[stream].add(bytes);
  }

  again(): void {
    this.#isOld = true;
  }

  async show(hadProcess: boolean): Promise<void> {
    if (this.#isOld && hadProcess) this.drop();
    for (const stream of STREAMS) {
      const tagger = new Tagger(this.#tag);
      for (const piece of this.#spools[stream].pieces()) await this.#show(stream, tagger.tag(piece));
    }
    this.drop();
  }

  drop(): void {
    this.#isOld = false;
    for (const stream of STREAMS) this.#spools[stream].clear();
  }
}

/** A line without an end is shown once it is so long, in bytes. */
const LONGEST_HELD_LINE = 1_024 * 1_024;

/** Each line as soon as it is whole, of every attempt. */
class LineOutput implements JobOutput {
  readonly #show: Show;
  readonly #taggers: Readonly<Record<OutputStream, Tagger>>;
  readonly #begun = {
    stdout: new ByteBuffer(LONGEST_HELD_LINE),
    stderr: new ByteBuffer(LONGEST_HELD_LINE),
  };

  constructor(tag: string | undefined, show: Show) {
    this.#show = show;
    this.#taggers = { stdout: new Tagger(tag), stderr: new Tagger(tag) };
  }

  took(stream: OutputStream, bytes: Uint8Array): Promise<void> | undefined {
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    const ready = this.#begun[stream].hasRoom(bytes.length) ? end : bytes.length;
    const shown = ready > 0 ? this.#flush(stream, bytes.subarray(0, ready)) : undefined;
    this.#begun[stream].add(bytes.subarray(ready));
    return shown;
  }

  /** Its first line is another than the last one of the attempt before. */
  again(): void {
    for (const stream of STREAMS) {
      if (this.#begun[stream].length > 0 || this.#taggers[stream].isWithinLine)
        void this.#flush(stream, Uint8Array.of(NEWLINE));
    }
  }

  async show(): Promise<void> {
    for (const stream of STREAMS) await this.#flush(stream, new Uint8Array());
  }

  drop(): void {
    for (const stream of STREAMS) this.#begun[stream].take();
  }

  #flush(stream: OutputStream, rest: Uint8Array): Promise<void> | undefined {
    const bytes = Buffer.concat([this.#begun[stream].take(), rest]);
    return bytes.length === 0 ? undefined : this.#show(stream, this.#taggers[stream].tag(bytes));
  }
}

/** Puts a tag in front of each line, however the pieces are cut. */
class Tagger {
  readonly #tag: Uint8Array | undefined;
  #isWithinLine = false;

  /** Whether the last one has no end so far. */
  get isWithinLine(): boolean {
    return this.#isWithinLine;
  }

  constructor(tag: string | undefined) {
    this.#tag = tag === undefined ? undefined : Buffer.from(tag);
  }

  tag(bytes: Uint8Array): Uint8Array {
    if (this.#tag === undefined) {
      this.#isWithinLine = bytes.at(-1) !== NEWLINE;
      return bytes;
    }
    const tagged: Uint8Array[] = [];
    for (let start = 0; start < bytes.length; ) {
      const newline = bytes.indexOf(NEWLINE, start);
      const end = newline === -1 ? bytes.length : newline + 1;
      if (!this.#isWithinLine) tagged.push(this.#tag);
      tagged.push(bytes.subarray(start, end));
      this.#isWithinLine = newline === -1;
      start = end;
    }
    return Buffer.concat(tagged);
  }
}
