/** Which tasks are written down, and where: in a directory of the user's, in the host's history, or in both. */
import { messageOf } from '../../errors.ts';
import type { Os } from '../../os/os.ts';
import type { OutputStream } from '../../worker/worker-output.ts';
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
export interface KeptTask {
  /** The user's, or else the history's. */
  readonly directory: string;
  /** Undefined when it is not in the history. */
  readonly recordId: string | undefined;
  /** Resolves when there is room for more; undefined when there is. */
  wrote(stream: OutputStream, bytes: Uint8Array): Promise<void> | undefined;
  /** Resolves when that is written down too. */
  end(result: TaskResult): Promise<void>;
}

export class Keeper {
  readonly #history: HistoryPlan | undefined;
  readonly #host: KeeperHost;
  /** The user's that tasks have now: no other may write there. */
  readonly #taken = new Set<string>();
  #retention: Retention | undefined;
  #kept = 0;

  constructor(history: HistoryPlan | undefined, host: KeeperHost) {
    this.#history = history;
    this.#host = host;
  }

  /** It begins. Undefined when nothing of it is to be written down. */
  keep(spec: TaskSpec): KeptTask | undefined {
    const own = spec.directory === undefined ? undefined : this.#take(spec.directory, spec);
    if (own === undefined && this.#history === undefined) return undefined;
    const { os, runId, stateDirectory } = this.#host;
    this.#kept += 1;
    const recordId = newRecordId(runId, this.#kept);
    const open = (directory: string, mostBytes: number): TaskFiles => {
      const beginning = beginningOf(spec, { recordId, runId, directory, startedAt: os.clock.now() });
      return new TaskFiles({ files: os.files, logs: os.logs, beginning, mostBytes, warn: this.#host.warn });
    };
    const files = own === undefined ? undefined : open(own, Number.POSITIVE_INFINITY);
    const entry = this.#history && open(recordDirectory(stateDirectory, recordId), this.#history.logBytes);
    return {
      directory: (files ?? entry)!.directory,
      recordId: entry && recordId,
      wrote: (stream, bytes) => both(files?.wrote(stream, bytes), entry?.wrote(stream, bytes)),
      end: async (result) => {
        const endedAt = os.clock.now();
        const ending = endingOf(result, endedAt);
        const [, isEntered] = await Promise.all([files?.end(ending), entry?.end(ending)]);
        if (own !== undefined) this.#taken.delete(own);
        if (isEntered === true) this.#shelf(this.#history!).add({ recordId, endedAt });
      },
    };
  }

  /** Resolves when the history is in order. */
  async close(): Promise<void> {
    await this.#retention?.settled();
  }

  /** Its own in this one: by its id, and a number when a task of that id is at work there. Undefined when there is none. */
  #take(parent: string, spec: TaskSpec): string | undefined {
    const { os, warn } = this.#host;
    let absolute: string;
    try {
      absolute = os.files.absolute(parent);
    } catch (error) {
      warn(`'${spec.id}' is not written down: ${messageOf(error)}`); // our own directory is gone
      return undefined;
    }
    const first = `${absolute}/${fileNameOf(spec)}`;
    let directory = first;
    for (let number = 2; this.#taken.has(directory); number += 1) directory = `${first}~${number}`;
    this.#taken.add(directory);
    return directory;
  }

  /** What runs before this one have left is looked at when the first task has ended. */
  #shelf(history: HistoryPlan): Retention {
    this.#retention ??= new Retention({ ...this.#host, ...history });
    return this.#retention;
  }
}

/** Resolves when both have. */
export function both(
  one: Promise<void> | undefined,
  other: Promise<void> | undefined,
): Promise<void> | undefined {
  return one === undefined || other === undefined
    ? (one ?? other)
    : Promise.all([one, other]).then(() => undefined);
}

/** File systems take 255. */
const LONGEST_NAME = 200;

/** What files cannot be called is written as in a URL. */
export function fileNameOf({ id, index }: Pick<TaskSpec, 'id' | 'index'>): string {
  const name = encodeURIComponent(wellFormed(id)).replace(/^\.+/, (dots) => '%2E'.repeat(dots.length));
  return name.length <= LONGEST_NAME ? name : `${name.slice(0, LONGEST_NAME)}~${index}`;
}

/** Without halves of characters, which have no bytes. */
const wellFormed = (text: string): string => Buffer.from(text).toString();
