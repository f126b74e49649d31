/** One task's directory: what it wrote, in `stdout.log` and `stderr.log`, and how far it is, in `meta.json`. */
import { messageOf } from '../../errors.ts';
import type { Files, Logs } from '../../os/os.ts';
import { replaceFile } from '../../os/replace-file.ts';
import type { OutputStream } from '../../worker/worker-output.ts';
import { NOT_OVER, type TaskBeginning, type TaskEnding, type TaskRecord, textOf } from './task-record.ts';

/** Bytes that wait for the disk, before the task has to wait too. */
const MOST_PENDING = 1_024 * 1_024;

export interface TaskFilesOptions {
  readonly files: Files;
  readonly logs: Logs;
  readonly beginning: TaskBeginning;
  /** Where `meta.json` is to be; of these the first has the logs. */
  readonly directories: readonly string[];
  /** Bytes that each log may have. */
  readonly mostBytes: number;
  /** Told, once, what keeps it from being written down as a whole. */
  readonly warn: (message: string) => void;
}

export const logPath = (directory: string, stream: OutputStream): string => `${directory}/${stream}.log`;
export const metaPath = (directory: string): string => `${directory}/meta.json`;

const STREAMS: readonly OutputStream[] = ['stdout', 'stderr'];

export class TaskFiles {
  readonly #options: TaskFilesOptions;
  readonly #opened: Promise<void>;
  readonly #written = { stdout: 0, stderr: 0 };
  readonly #pending: Record<OutputStream, Uint8Array[]> = { stdout: [], stderr: [] };
  #pendingBytes = 0;
  #flushing: Promise<void> | undefined;
  #cut: string | undefined;
  /** The disk does not take it: nothing more is tried. */
  #isBroken = false;

  constructor(options: TaskFilesOptions) {
    this.#options = options;
    this.#opened = this.#open().catch((error: unknown) => this.#break(error));
  }

  get directory(): string {
    return this.#options.beginning.directory;
  }

  get recordId(): string {
    return this.#options.beginning.recordId;
  }

  /** Resolves when there is room for more; undefined when there is. */
  wrote(stream: OutputStream, bytes: Uint8Array): Promise<void> | undefined {
    const room = this.#options.mostBytes - this.#written[stream];
    this.#written[stream] += bytes.length;
    if (bytes.length > room) this.#cut ??= `it wrote more than ${this.#options.mostBytes} bytes`;
    if (this.#isBroken || room <= 0) return undefined;
    const kept = bytes.subarray(0, room);
    this.#pending[stream].push(kept);
    this.#pendingBytes += kept.length;
    this.#flushing ??= this.#flush();
    return this.#pendingBytes > MOST_PENDING ? this.#flushing : undefined;
  }

  /** Resolves when all is written down that can be. */
  async end(ending: TaskEnding): Promise<void> {
    await this.#opened;
    await this.#flushing;
    await this.#writeMeta(ending).catch((error: unknown) => this.#break(error));
  }

  async #open(): Promise<void> {
    const { files, logs, directories, beginning } = this.#options;
    for (const directory of directories) await files.makePrivateDirectory(directory);
    for (const stream of STREAMS) {
      const path = logPath(beginning.directory, stream);
      await files.remove(path); // of another task that had its directory
      await logs.append(path, new Uint8Array());
    }
    await this.#writeMeta(NOT_OVER);
  }

  async #writeMeta(ending: TaskEnding): Promise<void> {
    const { files, directories, beginning } = this.#options;
    const record: TaskRecord = { ...beginning, ...ending, written: this.#written, cut: this.#cut };
    for (const directory of directories) {
      const path = metaPath(directory);
      await replaceFile(files, path, textOf(record), `${path}.tmp`);
    }
  }

  async #flush(): Promise<void> {
    await this.#opened;
    while (this.#pendingBytes > 0 && !this.#isBroken) {
      for (const stream of STREAMS) await this.#append(stream);
    }
    this.#flushing = undefined;
  }

  async #append(stream: OutputStream): Promise<void> {
    const pieces = this.#pending[stream].splice(0);
    if (pieces.length === 0) return;
    const bytes = Buffer.concat(pieces);
    this.#pendingBytes -= bytes.length;
    await this.#options.logs
      .append(logPath(this.directory, stream), bytes)
      .catch((error: unknown) => this.#break(error));
  }

  #break(error: unknown): void {
    if (this.#isBroken) return;
    this.#isBroken = true;
    this.#cut = messageOf(error);
    this.#pendingBytes = 0;
    for (const stream of STREAMS) this.#pending[stream] = [];
    this.#options.warn(`'${this.#options.beginning.id}' is not written down: ${this.#cut}`);
  }
}
