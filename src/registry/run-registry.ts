/** This run's own file: every worker is in it before it is forked, and until nothing is left of it. */
import { Low } from 'lowdb';
import { codeOf, messageOf, RegistryError } from '../errors.ts';
import { identityOf, type ProcessIdentity } from '../os/identity.ts';
import type { Clock, Files, Self, Timer } from '../os/os.ts';
import { type ActiveRecord, type ReservedRecord, RUN_FILE_VERSION, type RunFile } from './run-file.ts';
import { RunFileAdapter } from './run-file-adapter.ts';
import { runFilePath, runsDirectory } from './run-paths.ts';

/** The file as it is kept in memory: lowdb writes whatever it holds. */
type MutableRunFile = { -readonly [Key in keyof RunFile]: RunFile[Key] } & {
  workers: Record<string, ReservedRecord | ActiveRecord>;
};

/**
 * A birth is written down before it happens, in advance and by the hundred: the file answers for this many more than
 * there were. So a restart need not wait for the disk, and yet no process is older than the file that answers for it.
 */
const BIRTHS_AHEAD = 256;
/** How long changes that nobody waits for are gathered, in milliseconds. */
const WRITE_BEHIND_MS = 50;
/**
 * After a write that failed it is tried again, in milliseconds: the disk may have room by then, and nothing else change.
 * While there are workers, that is: without any there is nothing that has to be on disk, and nothing else that keeps the
 * host from ending.
 */
const RETRY_MS = 2_000;

export interface RunRegistryOptions {
  readonly files: Files;
  readonly clock: Clock;
  readonly stateDirectory: string;
  readonly runId: string;
  readonly name: string;
  readonly self: Self;
  readonly orphanGrace: number;
  /**
   * A write that nobody waits for has failed. The next one, two seconds later at the latest while there are workers,
   * carries its data too.
   */
  readonly onWarning: (error: RegistryError) => void;
}

export class RunRegistry {
  readonly path: string;
  readonly #options: RunRegistryOptions;
  readonly #db: Low<MutableRunFile>;
  #births = 0;
  /** How many births the file on disk answers for; none, after a write that failed. */
  #covered = 0;
  #writeBehindTimer: Timer | undefined;
  #retryTimer: Timer | undefined;
  #isOpen = false;
  #sealed = false;

  constructor(options: RunRegistryOptions) {
    const { files, stateDirectory, runId, name, self, orphanGrace } = options;
    this.#options = options;
    this.path = runFilePath(stateDirectory, runId);
    this.#db = new Low<MutableRunFile>(new RunFileAdapter(files, this.path), {
      version: RUN_FILE_VERSION,
      runId,
      name,
      host: { ...identityOf(self.identity), userId: self.userId, machine: self.machine },
      forker: null,
      orphanGrace,
      births: BIRTHS_AHEAD,
      workers: {},
    });
  }

  /** Makes the directories and writes the file; without it no worker may start. */
  async open(): Promise<void> {
    const { files, stateDirectory } = this.#options;
    const runs = runsDirectory(stateDirectory);
    try {
      await files.makePrivateDirectory(runs);
    } catch (error) {
      throw registryError(runs, error);
    }
    await this.#write();
    this.#isOpen = true;
  }

  setForker(identity: ProcessIdentity): void {
    this.#db.data.forker = identityOf(identity);
    this.#writeNow(); // a sweep must know whom to let finish
  }

  /** The file on disk answers for this birth when it resolves; rejects when it could not be written. */
  async reserve(record: Omit<ReservedRecord, 'state'>): Promise<void> {
    if (this.#sealed) throw new RegistryError(this.path, 'the run is over: nothing is born in it any more');
    const { data } = this.#db;
    data.workers[record.workerId] = { ...record, state: 'reserved' };
    this.#births += 1;
    data.births = Math.max(data.births, this.#births + BIRTHS_AHEAD / 2);
    if (this.#births <= this.#covered) {
      this.#writeBehind();
      return;
    }
    data.births = this.#births + BIRTHS_AHEAD;
    try {
      await this.#write();
    } catch (error) {
      delete data.workers[record.workerId];
      throw error;
    }
  }

  activate(workerId: string, identity: ProcessIdentity): void {
    const record = this.#db.data.workers[workerId];
    if (record === undefined) return;
    this.#db.data.workers[workerId] = {
      ...record,
      state: 'active',
      process: identityOf(identity),
      session: identity.pid,
      group: identity.pid,
      lifecycle: 'spawning',
      settled: false,
    };
    this.#writeBehind();
  }

  /** What is known of an active worker has changed. */
  update(workerId: string, change: Partial<Pick<ActiveRecord, 'lifecycle' | 'settled'>>): void {
    const record = this.#db.data.workers[workerId];
    if (record?.state !== 'active') return;
    this.#db.data.workers[workerId] = { ...record, ...change };
    this.#writeBehind();
  }

  /** Nothing is left of the worker. */
  release(workerId: string): void {
    if (!(workerId in this.#db.data.workers)) return;
    delete this.#db.data.workers[workerId];
    this.#writeBehind();
  }

  /** One last write, and nothing is written any more: whoever removes the file now is not overtaken by a write. */
  async seal(): Promise<void> {
    if (this.#sealed) return;
    const lastWrite = this.#write();
    this.#sealed = true;
    await lastWrite.catch(() => undefined); // the file on disk answers for all that was born, if not for their deaths
  }

  /** The run is over, and nothing is left of it. */
  async remove(): Promise<void> {
    await this.seal();
    await this.#options.files.remove(this.path);
  }

  #writeBehind(): void {
    if (this.#sealed) return;
    this.#writeBehindTimer ??= this.#options.clock.setTimeout(() => this.#writeNow(), WRITE_BEHIND_MS);
  }

  #writeNow(): void {
    if (this.#sealed) return;
    this.#write().catch((error: RegistryError) => this.#options.onWarning(error));
  }

  /** That it cannot be written was said when it first failed. */
  #retrySoon(): void {
    if (!this.#isOpen || this.#sealed || Object.keys(this.#db.data.workers).length === 0) return;
    const { clock } = this.#options;
    clock.clearTimeout(this.#retryTimer);
    this.#retryTimer = clock.setTimeout(() => {
      if (!this.#sealed) this.#write().catch(() => undefined);
    }, RETRY_MS);
  }

  async #write(): Promise<void> {
    const { clock } = this.#options;
    clock.clearTimeout(this.#writeBehindTimer);
    clock.clearTimeout(this.#retryTimer);
    this.#writeBehindTimer = undefined;
    const { births } = this.#db.data;
    try {
      await this.#db.write();
      this.#covered = Math.max(this.#covered, births);
    } catch (error) {
      this.#covered = 0;
      this.#retrySoon();
      throw registryError(this.path, error);
    }
  }
}

function registryError(path: string, error: unknown): RegistryError {
  const hint = HINTS[codeOf(error)] ?? 'the registry cannot be written';
  return new RegistryError(path, `${hint}: ${messageOf(error)}`, { cause: error });
}

const HINTS: Record<string, string> = {
  EACCES:
    'no permission to write the registry; set REEVE_STATE_DIR or `stateDirectory` to a place of your own',
  EROFS: 'the registry lies on a read-only file system; set REEVE_STATE_DIR or `stateDirectory`',
  ENOSPC: 'no space left for the registry',
};
