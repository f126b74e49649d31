/** The tasks of `reeve run` as the host gets them: without those that were done in an earlier run, numbered, and no more once told so. */

import { NEEDS_HELP, type TaskResult } from '../../tasks/result.ts';
import { TaskSkippedError } from '../../tasks/task-errors.ts';
import { DEFAULT_RETRIES, type TaskOptions } from '../../tasks/task-spec.ts';
import type { Draft, Drafts } from './drafts.ts';
import type { JobOutput } from './job-output.ts';
import type { Joblog } from './joblog.ts';

export interface Job extends Draft {
  /** Among all, from 1. */
  readonly seq: number;
  readonly output: JobOutput;
  /** Bytes of standard output that its last attempt has written. */
  received: number;
  /** `running` unless it is between two attempts; what the last one has written counts until the next begins. */
  phase: JobPhase;
}

export type JobPhase = 'running' | 'retrying' | 'fallback';

/**
 * Given up when it would have been tried again: its result is the last attempt's, but it has come to no end of its own.
 * An attempt that had failed when all was ended, and whose process was still being cleared up, is not told of as
 * `retrying`: where that cannot be known, another run does it again. @param retries of those that have none of their own
 */
export function isCutOff(
  { task, phase }: Job,
  result: TaskResult,
  retries: number,
  isEnding: boolean,
): boolean {
  if (phase === 'retrying') return true;
  if (!isEnding || result.fallbackOf !== undefined) return false;
  if (task.fallback !== undefined && NEEDS_HELP.has(result.status)) return true;
  if (result.status !== 'failed' && result.status !== 'timed-out') return false;
  const own = task.retries ?? retries;
  return Math.max(1, result.attempts) <= (typeof own === 'number' ? own : (own.retries ?? DEFAULT_RETRIES));
}

export interface JobsOptions {
  readonly drafts: Drafts;
  readonly joblog: Joblog | undefined;
  readonly outputOf: (draft: Draft) => JobOutput;
  readonly gate: Gate;
}

/** Where they wait before they are begun. */
export interface Gate {
  /** Resolves when another one may be begun. */
  room(): Promise<void>;
  /** Nobody waits any more. */
  open(): void;
}

export class Jobs {
  readonly #options: JobsOptions;
  /** Those that were begun and are not over, by the index that the host gives them. */
  readonly #open = new Map<number, Job>();
  /** The ids of those of an earlier run, and whether they were ok: what depends on them need not wait. */
  readonly #earlier = new Map<string, boolean>();
  #resumed = 0;
  #isClosed = false;
  #isExhausted = false;
  #begun = 0;

  constructor(options: JobsOptions) {
    this.#options = options;
  }

  get total(): number | undefined {
    return this.#options.drafts.total;
  }

  /** How many were found to be done already. */
  get resumed(): number {
    return this.#resumed;
  }

  /** Whether all were begun. */
  get isExhausted(): boolean {
    return this.#isExhausted || this.#begun + this.#resumed === this.total;
  }

  /** How many are in progress. */
  get running(): number {
    return this.#open.size;
  }

  /** Those that have to be run, without anything that follows from it. */
  async *left(): AsyncGenerator<Draft & { readonly seq: number }, void, undefined> {
    const { drafts, joblog } = this.#options;
    let seq = 0;
    for await (const draft of drafts) {
      seq += 1;
      const logged = joblog?.done(seq, draft.commandLine);
      if (logged === undefined) {
        yield { ...draft, seq };
        continue;
      }
      this.#resumed += 1;
      this.#earlier.set(draft.task.id, logged.isOk);
    }
  }

  /** For the host. */
  async *tasks(): AsyncGenerator<TaskOptions, void, undefined> {
    const { outputOf, gate } = this.#options;
    let index = 0;
    for await (const draft of this.left()) {
      await gate.room();
      if (this.#isClosed) return;
      const { seq } = draft;
      const job: Job = {
        ...this.#regarding(draft),
        seq,
        output: outputOf(draft),
        received: 0,
        phase: 'running',
      };
      this.#open.set(index, job);
      index += 1;
      this.#begun += 1;
      yield job.task;
      if (this.#isClosed) return;
    }
    this.#isExhausted = true;
  }

  /** @param index the host's */
  of(index: number): Job {
    return this.#open.get(index)!;
  }

  /** What the last attempt has written counts until another one begins. */
  enter(index: number, phase: JobPhase): void {
    const job = this.of(index);
    if (phase === 'running' && job.phase !== 'running') {
      job.received = 0;
      job.output.again();
    }
    job.phase = phase;
  }

  over(index: number): void {
    this.#open.delete(index);
  }

  /** No more are begun; none waits for it. */
  close(): void {
    this.#isClosed = true;
    this.#options.gate.open();
    this.#options.drafts.close();
  }

  /** The host does not know those of earlier runs. */
  #regarding(draft: Draft): Draft {
    const { task } = draft;
    if (!Array.isArray(task.dependsOn)) return draft;
    const bad = task.dependsOn.find((id) => this.#earlier.get(id) === false);
    if (bad !== undefined) {
      const problem = new TaskSkippedError(task.id, `'${bad}' was not ok in an earlier run`);
      return { ...draft, problem, task: { id: task.id, command: '' } };
    }
    return { ...draft, task: { ...task, dependsOn: task.dependsOn.filter((id) => !this.#earlier.has(id)) } };
  }
}
