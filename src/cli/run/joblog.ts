/** The joblog: a line for each task that has run, in GNU parallel's format, from which a later run goes on. */
import { closeSync, constants, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { codeOf, messageOf, ReeveError } from '../../errors.ts';
import type { ExitValues } from './exit-values.ts';

const HEADER = 'Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n';
const ONWARD = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND;
const ANEW = ONWARD | constants.O_TRUNC;
const LINE = /^(\d+)\t[^\t]*(?:\t *-?[\d.]+){4}\t(-?\d+)\t(-?\d+)\t([^\n]*)$/; // a dot is no U+2028, which is no end of a line here

const NO_JOBLOG = (path: string): string => `${path} is no joblog: its first line is another`;

/** A joblog that cannot be read or written, or belongs to other commands. */
export class JoblogError extends ReeveError {
  readonly code = 'ERR_REEVE_JOBLOG';
}

export interface JoblogEntry extends ExitValues {
  readonly seq: number;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly durationMs: number;
  /** Bytes of its standard output. */
  readonly received: number;
  /** On one line. */
  readonly commandLine: string;
}

/** What an earlier run has written of a task. */
export interface Logged {
  readonly commandLine: string;
  readonly isOk: boolean;
}

/** How much of it is taken over: nothing, every task, or those that were ok. */
export type Resumption = 'none' | 'all' | 'ok';

export interface JoblogOptions {
  readonly path: string;
  readonly resumption: Resumption;
  /** Nothing is written. */
  readonly isReadOnly?: boolean;
}

export class Joblog {
  readonly #path: string;
  readonly #file: number | undefined;
  /** What need not be run again. */
  readonly #done: ReadonlyMap<number, Logged>;

  /** Throws a `JoblogError`. */
  constructor({ path, resumption, isReadOnly = false }: JoblogOptions) {
    this.#path = path;
    try {
      const text = resumption === 'none' ? Buffer.alloc(0) : readOrNothing(path);
      // A line that was cut off by the end of its run has no end: it is nobody's.
      const whole = text.subarray(0, text.lastIndexOf(0x0a) + 1);
      if (whole.length === 0) requireBegun(text, path);
      this.#done = readLog(whole.toString('utf8'), path, resumption);
      if (isReadOnly) return;
      this.#file = openSync(path, resumption === 'none' ? ANEW : ONWARD);
      if (whole.length < text.length) ftruncateSync(this.#file, whole.length);
      if (whole.length === 0) this.#write(HEADER);
    } catch (error) {
      throw error instanceof JoblogError
        ? error
        : new JoblogError(`${path}: ${messageOf(error)}`, { cause: error });
    }
  }

  /** What is known of this task, when it need not be run. Throws a `JoblogError` when it was another command then. */
  done(seq: number, commandLine: string): Logged | undefined {
    const logged = this.#done.get(seq);
    if (logged !== undefined && logged.commandLine !== commandLine)
      throw new JoblogError(
        `${this.#path} is of other commands: job ${seq} was ${logged.commandLine}, and is now ${commandLine}`,
      );
    return logged;
  }

  /** In one write: whoever is killed meanwhile leaves it whole, or without its end. Throws a `JoblogError`. */
  add({ seq, startedAt, durationMs, received, exitval, signal, commandLine }: JoblogEntry): void {
    const start = (startedAt / 1_000).toFixed(3);
    const runtime = (durationMs / 1_000).toFixed(3).padStart(10);
    this.#write(`${[seq, ':', start, runtime, 0, received, exitval, signal, commandLine].join('\t')}\n`);
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
  }

  #write(line: string): void {
    const bytes = Buffer.from(line);
    try {
      if (writeSync(this.#file!, bytes) < bytes.length) throw new Error('no space left');
    } catch (error) {
      throw new JoblogError(`${this.#path} cannot be written: ${messageOf(error)}`, { cause: error });
    }
  }
}

function readOrNothing(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}

/** Without a whole line it is a joblog only if all of it is the beginning of the first one. */
function requireBegun(text: Buffer, path: string): void {
  if (!Buffer.from(HEADER).subarray(0, text.length).equals(text)) throw new JoblogError(NO_JOBLOG(path));
}

/** Of a task that was run several times the last one counts. */
function readLog(text: string, path: string, resumption: Resumption): ReadonlyMap<number, Logged> {
  const done = new Map<number, Logged>();
  if (text === '') return done;
  if (!text.startsWith(HEADER)) throw new JoblogError(NO_JOBLOG(path));
  const lines = text.slice(HEADER.length).split('\n').slice(0, -1);
  for (const [index, line] of lines.entries()) {
    const match = LINE.exec(line);
    if (match === null) throw new JoblogError(`${path} is no joblog: line ${index + 2} cannot be read`);
    const isOk = match[2] === '0' && match[3] === '0';
    if (isOk || resumption === 'all') done.set(Number(match[1]), { commandLine: match[4]!, isOk });
    else done.delete(Number(match[1]));
  }
  return done;
}
