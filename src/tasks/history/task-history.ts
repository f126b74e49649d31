/** What is known of tasks that were written down, of whichever run: for people who look, also while they run. */
import type { Os } from '../../os/os.ts';
import { OptionReader } from '../../worker/option-reader.ts';
import type { OutputStream } from '../../worker/worker-output.ts';
import { byRecordId, readRecord, readRecords, recordDirectory, runOf } from './record-store.ts';
import { logPath } from './task-files.ts';
import type { TaskRecord } from './task-record.ts';

export interface TaskOutputQuery {
  /** Default `'stdout'`. */
  readonly stream?: OutputStream;
  /** Bytes that were read already, the `next` of the answer before; default 0. */
  readonly since?: number;
  /** Bytes to read at most; default 65,536, at least 4. */
  readonly limit?: number;
}

export interface TaskOutputPage {
  readonly text: string;
  /** Where to go on. */
  readonly next: number;
  /** There is no more to come. */
  readonly isOver: boolean;
}

const DEFAULT_LIMIT = 64 * 1_024;
/** The longest character of UTF-8: less might hold none. */
const LEAST_LIMIT = 4;
const MOST_LIMIT = 64 * 1_024 * 1_024;

export class TaskHistory {
  readonly #os: Os;
  readonly #stateDirectory: string;

  /** @internal use `host.tasks.history` */
  constructor(os: Os, stateDirectory: string) {
    this.#os = os;
    this.#stateDirectory = stateDirectory;
  }

  /** Those that are kept, of all runs, the first begun first. */
  async list(): Promise<readonly TaskRecord[]> {
    const stored = await readRecords(this.#os, this.#stateDirectory);
    return stored
      .flatMap(({ record }) => (typeof record === 'object' ? [record] : []))
      .sort((a, b) => a.startedAt - b.startedAt || byRecordId(a, b));
  }

  /** Undefined when there is none, or none any more. */
  async get(recordId: string): Promise<TaskRecord | undefined> {
    if (runOf(recordId) === undefined) return undefined;
    const record = await readRecord(this.#os, this.#stateDirectory, recordId);
    return typeof record === 'object' ? record : undefined;
  }

  /**
   * What it wrote, page by page, from `since` on; no character is cut in half. Undefined when there is no such record any
   * more. Throws an `OptionsError`.
   */
  async output(recordId: string, query: TaskOutputQuery = {}): Promise<TaskOutputPage | undefined> {
    const reader = new OptionReader(query, '', ['stream', 'since', 'limit']);
    const stream = reader.oneOf('stream', ['stdout', 'stderr'], 'stdout');
    const since = reader.integer('since', 0, 0, Number.MAX_SAFE_INTEGER);
    const limit = reader.integer('limit', DEFAULT_LIMIT, LEAST_LIMIT, MOST_LIMIT);
    const record = await this.get(recordId); // before its output: when it is over, all of that is there
    if (record === undefined) return undefined;
    const path = logPath(recordDirectory(this.#stateDirectory, recordId), stream);
    const bytes = (await this.#os.logs.read(path, since, limit)) ?? new Uint8Array();
    const isWhole = record.status !== 'running' && bytes.length < limit;
    const text = isWhole ? bytes : bytes.subarray(0, wholeCharacters(bytes));
    return { text: new TextDecoder().decode(text), next: since + text.length, isOver: isWhole };
  }
}

/** The length without a character of which the end is still to come. */
function wholeCharacters(bytes: Uint8Array): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back += 1) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) break;
    if (byte >= 0xc0) return lengthOf(byte) > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

/** Of the character of UTF-8 that begins with this byte. */
const lengthOf = (first: number): number => (first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2);
