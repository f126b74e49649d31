/** Which tasks are written down, and where: in a directory of the user's, in the host's history, or in both. */
import type { Os } from '../../os/os.ts';
import type { TaskResult } from '../result.ts';
import type { TaskSpec } from '../task-spec.ts';
import type { HistoryPlan } from '../tasks-settings.ts';
import { newRecordId, recordDirectory } from './record-store.ts';
import { Retention } from './retention.ts';
import { TaskFiles } from './task-files.ts';
import { beginningOf, endingOf } from './task-record.ts';

export interface KeeperHost {
  readonly os: Os;
  readonly runId: string;
  readonly stateDirectory: string;
  readonly warn: (message: string) => void;
}

/** A task that is written down. */
export interface KeptTask extends Pick<TaskFiles, 'directory' | 'wrote'> {
  readonly recordId: string | undefined;
  /** Resolves when that is written down too. */
  end(result: TaskResult): Promise<void>;
}

export class Keeper {
  readonly #history: HistoryPlan | undefined;
  readonly #host: KeeperHost;
  #retention: Retention | undefined;
  #kept = 0;

  constructor(history: HistoryPlan | undefined, host: KeeperHost) {
    this.#history = history;
    this.#host = host;
  }

  /** It begins. Undefined when nothing of it is to be written down. */
  keep(spec: TaskSpec): KeptTask | undefined {
    const own = spec.directory;
    if (own === undefined && this.#history === undefined) return undefined;
    const { os, runId, stateDirectory, warn } = this.#host;
    this.#kept += 1;
    const recordId = newRecordId(runId, this.#kept);
    const directories = [
      ...(own === undefined ? [] : [`${os.files.absolute(own)}/${fileNameOf(spec)}`]),
      ...(this.#history === undefined ? [] : [recordDirectory(stateDirectory, recordId)]),
    ];
    const where = { recordId, runId, directory: directories[0]!, startedAt: os.clock.now() };
    const files = new TaskFiles({
      files: os.files,
      logs: os.logs,
      beginning: beginningOf(spec, where),
      directories,
      mostBytes: own === undefined ? this.#history!.logBytes : Number.POSITIVE_INFINITY,
      warn,
    });
    return {
      recordId: this.#history === undefined ? undefined : recordId,
      directory: files.directory,
      wrote: (stream, bytes) => files.wrote(stream, bytes),
      end: async (result) => {
        const endedAt = os.clock.now();
        await files.end(endingOf(result, endedAt));
        this.#shelf()?.add({ recordId, endedAt });
      },
    };
  }

  /** Resolves when the history is in order. */
  async close(): Promise<void> {
    await this.#retention?.settled();
  }

  /** What runs before this one have left is looked at when the first task has ended. */
  #shelf(): Retention | undefined {
    if (this.#history === undefined) return undefined;
    this.#retention ??= new Retention({ ...this.#host, ...this.#history });
    return this.#retention;
  }
}

/** What files cannot be called is written as in a URL. */
export function fileNameOf({ id, index }: Pick<TaskSpec, 'id' | 'index'>): string {
  const name = encodeURIComponent(wellFormed(id)).replace(/^\.+/, (dots) => '%2E'.repeat(dots.length));
  return name.length <= LONGEST_NAME ? name : `${name.slice(0, LONGEST_NAME)}~${index}`;
}

/** Without halves of characters, which have no bytes. */
const wellFormed = (text: string): string => Buffer.from(text).toString();

/** File systems take 255. */
const LONGEST_NAME = 200;
