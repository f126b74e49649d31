/** One task's directory: what it wrote, in `stdout.log` and `stderr.log`, and how far it is, in `meta.json`. */
import { messageOf } from '../../errors.ts';
import type { Files, Logs } from '../../os/os.ts';
import { replaceFile } from '../../os/replace-file.ts';
import type { OutputStream } from '../../worker/worker-output.ts';
import { LogFile } from './log-file.ts';
import { NOT_OVER, type TaskBeginning, type TaskEnding, type TaskRecord, textOf } from './task-record.ts';

export interface TaskFilesOptions {
  readonly files: Files;
  readonly logs: Logs;
  readonly beginning: TaskBeginning;
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
  readonly #logs: Readonly<Record<OutputStream, LogFile>>;
  #failure: string | undefined;

  constructor(options: TaskFilesOptions) {
    this.#options = options;
    const log = (stream: OutputStream): LogFile =>
      new LogFile(options.logs, logPath(this.directory, stream), options.mostBytes, (error) =>
        this.#break(error),
      );
    this.#logs = { stdout: log('stdout'), stderr: log('stderr') };
    this.#opened = this.#open().catch((error: unknown) => this.#break(error));
  }

  get directory(): string {
    return this.#options.beginning.directory;
  }

  /** Resolves when there is room for more; undefined when there is. */
  wrote(stream: OutputStream, bytes: Uint8Array): Promise<void> | undefined {
    return this.#logs[stream].add(bytes, this.#opened);
  }

  /** Resolves when all is written down that can be, with whether its record is. */
  async end(ending: TaskEnding): Promise<boolean> {
    await this.#opened;
    for (const stream of STREAMS) await this.#logs[stream].settled();
    return this.#writeMeta(ending).then(
      () => true,
      (error: unknown) => {
        this.#break(error);
        return false;
      },
    );
  }

  async #open(): Promise<void> {
    const { files, beginning } = this.#options;
    await files.makePrivateDirectory(this.directory);
    await this.#writeMeta(NOT_OVER); // before the logs of another that may have had it are gone
    for (const stream of STREAMS) {
      const path = logPath(this.directory, stream);
      await replaceFile(files, path, '', `${path}.${beginning.recordId}.tmp`);
    }
  }

  #writeMeta(ending: TaskEnding): Promise<void> {
    const { files, beginning, mostBytes } = this.#options;
    const { stdout, stderr } = this.#logs;
    const isFull = stdout.isFull || stderr.isFull;
    const cut = this.#failure ?? (isFull ? `it wrote more than ${mostBytes} bytes` : undefined);
    const written = { stdout: stdout.written, stderr: stderr.written };
    const record: TaskRecord = { ...beginning, ...ending, written, cut };
    const path = metaPath(this.directory);
    return replaceFile(files, path, textOf(record), `${path}.${beginning.recordId}.tmp`);
  }

  #break(error: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = messageOf(error);
    for (const stream of STREAMS) this.#logs[stream].giveUp();
    this.#options.warn(`'${this.#options.beginning.id}' is not written down: ${this.#failure}`);
  }
}
