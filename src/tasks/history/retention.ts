/** How many finished tasks stay on the disk, and for how long: the oldest go first, and none that runs. */
import { messageOf } from '../../errors.ts';
import type { Os } from '../../os/os.ts';
import { isRunOver } from '../../registry/list-runs.ts';
import { byRecordId, readRecords, recordDirectory, type StoredRecord } from './record-store.ts';
import { metaPath } from './task-files.ts';

export interface RetentionOptions {
  readonly os: Os;
  readonly runId: string;
  readonly stateDirectory: string;
  readonly count: number;
  /** Milliseconds. */
  readonly age: number;
  readonly warn: (message: string) => void;
}

interface Finished {
  readonly recordId: string;
  readonly endedAt: number;
}

export class Retention {
  readonly #options: RetentionOptions;
  /** The first to go first. */
  readonly #finished: Finished[] = [];
  /** One thing after the other. */
  #work: Promise<void>;

  /** Looks at what other runs have left. */
  constructor(options: RetentionOptions) {
    this.#options = options;
    this.#work = this.#orWarn(this.#load());
  }

  /** One more has ended. */
  add(finished: Finished): void {
    this.#work = this.#orWarn(
      this.#work.then(() => {
        this.#finished.push(finished);
        return this.#removeOldest();
      }),
    );
  }

  /** Resolves when what had to go is gone. */
  settled(): Promise<void> {
    return this.#work;
  }

  async #load(): Promise<void> {
    const { os, runId, stateDirectory } = this.#options;
    for (const stored of await readRecords(os, stateDirectory)) {
      if (stored.runId === runId) continue; // it is told of when it ends
      if (stored.record === undefined) await this.#removeRemains(stored);
      else if (stored.record !== 'other-version' && stored.record.status !== 'running') {
        const { recordId, endedAt, startedAt } = stored.record;
        this.#finished.push({ recordId, endedAt: endedAt ?? startedAt });
      }
    }
    this.#finished.sort((a, b) => a.endedAt - b.endedAt || byRecordId(a, b));
    await this.#removeOldest();
  }

  async #removeOldest(): Promise<void> {
    const { os, count, age } = this.#options;
    const now = os.clock.now();
    for (let first = this.#finished[0]; first !== undefined; first = this.#finished[0]) {
      if (this.#finished.length <= count && now - first.endedAt <= age) return;
      this.#finished.shift();
      await this.#remove(first.recordId);
    }
  }

  /** Of a record that was about to be written, or to be removed. */
  async #removeRemains({ recordId, runId }: StoredRecord): Promise<void> {
    const { os, stateDirectory } = this.#options;
    if (await isRunOver(os, stateDirectory, runId)) await this.#remove(recordId);
  }

  /** Its record first: what is left of one that is half removed is no task any more. */
  async #remove(recordId: string): Promise<void> {
    const { os, stateDirectory } = this.#options;
    const directory = recordDirectory(stateDirectory, recordId);
    await os.files.remove(metaPath(directory));
    await os.files.remove(directory);
  }

  #orWarn(work: Promise<void>): Promise<void> {
    return work.catch((error: unknown) =>
      this.#options.warn(`the history of tasks cannot be kept in order: ${messageOf(error)}`),
    );
  }
}
