/** Why a task is not ok, beside what keeps any process from starting. Nothing throws these: they stand in results. */
import { messageOf, ReeveError } from '../errors.ts';
import type { FailureCategory } from './failure-category.ts';

/** Each says whose it is. */
abstract class TaskError extends ReeveError {
  /** The task's id. */
  readonly task: string;

  constructor(task: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.task = task;
  }
}

/** It exited with a code that is not 0, or was killed. */
export class TaskFailedError extends TaskError {
  readonly code = 'ERR_REEVE_TASK_FAILED';
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly category: FailureCategory;

  constructor(
    task: string,
    { exitCode, signal }: { readonly exitCode: number | null; readonly signal: string | null },
    category: FailureCategory,
  ) {
    const isLost = exitCode === null && signal === null;
    const how = signal === null ? `exited with code ${exitCode}` : `was ended by ${signal}`;
    super(task, `'${task}' ${isLost ? 'was lost with its forker' : how} (${category})`);
    this.exitCode = exitCode;
    this.signal = signal;
    this.category = category;
  }
}

/** Its time was over, or that of all: it was ended, with all that it had forked. */
export class TaskTimeoutError extends TaskError {
  readonly code = 'ERR_REEVE_TASK_TIMEOUT';
  /** Milliseconds that it had. */
  readonly timeout: number;

  constructor(task: string, timeout: number) {
    super(task, `'${task}' was not done after ${timeout} ms`);
    this.timeout = timeout;
  }
}

/** There was no hope for it: see `detect`. */
export class TaskHopelessError extends TaskError {
  readonly code = 'ERR_REEVE_TASK_HOPELESS';
  /** Milliseconds after its start. */
  readonly ms: number;

  constructor(task: string, reason: string, ms: number) {
    super(task, reason);
    this.ms = Math.round(ms);
  }
}

/** Somebody wanted it no more. `cause` is the reason of the signal that was aborted. */
export class TaskCancelledError extends TaskError {
  readonly code = 'ERR_REEVE_TASK_CANCELLED';

  constructor(task: string, why: unknown) {
    super(task, `'${task}' was cancelled: ${messageOf(why)}`, { cause: why });
  }
}

/** What it was to read could not be had: `cause` is what the stream for its standard input threw. */
export class TaskInputError extends TaskError {
  readonly code = 'ERR_REEVE_TASK_INPUT';

  constructor(task: string, why: unknown) {
    super(task, `the input of '${task}' failed: ${messageOf(why)}`, { cause: why });
  }
}

/** What was to stand in for it threw, which `cause` is, or cannot be meant. */
export class TaskFallbackError extends TaskError {
  readonly code = 'ERR_REEVE_TASK_FALLBACK';

  constructor(task: string, why: unknown) {
    super(task, `the fallback of '${task}' failed: ${messageOf(why)}`, { cause: why });
  }
}

/** The circuit breaker of its key is open, or half-open and another is its probe. */
export class TaskBlockedError extends TaskError {
  readonly code = 'ERR_REEVE_TASK_BLOCKED';
  readonly key: string;
  /** Milliseconds until the breaker lets a probe through. */
  readonly retryInMs: number;

  constructor(task: string, key: string, retryInMs: number) {
    super(
      task,
      `'${task}' was not started: '${key}' has failed too often; a probe may go in ${retryInMs} ms`,
    );
    this.key = key;
    this.retryInMs = retryInMs;
  }
}

/** It was not begun: what it depends on was not ok, or the time for all was over. */
export class TaskSkippedError extends TaskError {
  readonly code = 'ERR_REEVE_TASK_SKIPPED';

  constructor(task: string, why: string) {
    super(task, `'${task}' was skipped: ${why}`);
  }
}
