/** Why a task is not ok, beside what keeps any process from starting. Nothing throws these: they stand in results. */
import { messageOf, ReeveError } from '../errors.ts';
import type { FailureCategory } from './failure-category.ts';

/** It exited with a code that is not 0, or was killed. */
export class TaskFailedError extends ReeveError {
  readonly code = 'ERR_REEVE_TASK_FAILED';
  readonly task: string;
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
    super(`'${task}' ${isLost ? 'was lost with its forker' : how} (${category})`);
    this.task = task;
    this.exitCode = exitCode;
    this.signal = signal;
    this.category = category;
  }
}

/** Its time was over, or that of all: it was ended, with all that it had forked. */
export class TaskTimeoutError extends ReeveError {
  readonly code = 'ERR_REEVE_TASK_TIMEOUT';
  readonly task: string;
  /** Milliseconds that it had. */
  readonly timeout: number;

  constructor(task: string, timeout: number) {
    super(`'${task}' was not done after ${timeout} ms`);
    this.task = task;
    this.timeout = timeout;
  }
}

/** There was no hope for it: see `detect`. */
export class TaskHopelessError extends ReeveError {
  readonly code = 'ERR_REEVE_TASK_HOPELESS';
  readonly task: string;
  /** Milliseconds after its start. */
  readonly ms: number;

  constructor(task: string, reason: string, ms: number) {
    super(reason);
    this.task = task;
    this.ms = Math.round(ms);
  }
}

/** Somebody wanted it no more. `cause` is the reason of the signal that was aborted. */
export class TaskCancelledError extends ReeveError {
  readonly code = 'ERR_REEVE_TASK_CANCELLED';
  readonly task: string;

  constructor(task: string, why: unknown) {
    super(`'${task}' was cancelled: ${messageOf(why)}`, { cause: why });
    this.task = task;
  }
}

/** What it was to read could not be had: `cause` is what the stream for its standard input threw. */
export class TaskInputError extends ReeveError {
  readonly code = 'ERR_REEVE_TASK_INPUT';
  readonly task: string;

  constructor(task: string, why: unknown) {
    super(`the input of '${task}' failed: ${messageOf(why)}`, { cause: why });
    this.task = task;
  }
}

/** What was to stand in for it threw, which `cause` is, or cannot be meant. */
export class TaskFallbackError extends ReeveError {
  readonly code = 'ERR_REEVE_TASK_FALLBACK';
  readonly task: string;

  constructor(task: string, why: unknown) {
    super(`the fallback of '${task}' failed: ${messageOf(why)}`, { cause: why });
    this.task = task;
  }
}

/** The circuit breaker of its key is open, or half-open and another is its probe. */
export class TaskBlockedError extends ReeveError {
  readonly code = 'ERR_REEVE_TASK_BLOCKED';
  readonly task: string;
  readonly key: string;
  /** Milliseconds until the breaker lets a probe through. */
  readonly retryInMs: number;

  constructor(task: string, key: string, retryInMs: number) {
    super(`'${task}' was not started: '${key}' has failed too often; a probe may go in ${retryInMs} ms`);
    this.task = task;
    this.key = key;
    this.retryInMs = retryInMs;
  }
}

/** It was not begun: what it depends on was not ok, or the time for all was over. */
export class TaskSkippedError extends ReeveError {
  readonly code = 'ERR_REEVE_TASK_SKIPPED';
  readonly task: string;

  constructor(task: string, why: string) {
    super(`'${task}' was skipped: ${why}`);
    this.task = task;
  }
}
