/** What a call to a pool is rejected with, besides what its `AbortSignal` gives as its reason. */
import { ReeveError } from './errors.ts';
import type { ExitReason } from './events.ts';

/** Which worker, of which pool. */
export interface WorkerFacts {
  /** The worker's path, such as `embed/worker.3`. */
  readonly path: string;
  readonly pid: number;
}

/** The worker ended while it had the call. */
export class WorkerCrashedError extends ReeveError {
  readonly code = 'ERR_REEVE_WORKER_CRASHED';
  readonly path: string;
  readonly pid: number;
  readonly reason: ExitReason;
  /** The end of what it wrote to its standard error, at most 64 KiB. */
  readonly stderrTail: string;

  constructor({ path, pid }: WorkerFacts, how: string, reason: ExitReason, stderrTail: string) {
    const tail = stderrTail.trimEnd();
    super(`'${path}' (${pid}) ${how} while it had the call${tail === '' ? '' : `\n${tail}`}`);
    this.path = path;
    this.pid = pid;
    this.reason = reason;
    this.stderrTail = stderrTail;
  }
}

/**
 * The worker said what nobody understands, or nothing any more, and was ended. `violation`: `garbage`: no message ·
 * `too-long` · `unfinished`: a message that did not go on · `unknown-id`: an answer to what was never asked ·
 * `answered-twice` · `closed`: it closed its channel and lived on.
 */
export class ProtocolError extends ReeveError {
  readonly code = 'ERR_REEVE_PROTOCOL';
  readonly path: string;
  readonly pid: number;
  readonly violation: string;

  constructor({ path, pid }: WorkerFacts, violation: string, detail: string) {
    super(`'${path}' (${pid}) broke the protocol (${violation}): ${detail}`);
    this.path = path;
    this.pid = pid;
    this.violation = violation;
  }
}

/** The worker was ended because it did not show any more that it was well. */
export class WorkerUnhealthyError extends ReeveError {
  readonly code = 'ERR_REEVE_UNHEALTHY';
  readonly path: string;
  readonly pid: number;

  constructor({ path, pid }: WorkerFacts, what: string) {
    super(`'${path}' (${pid}) ${what}, and was ended`);
    this.path = path;
    this.pid = pid;
  }
}

/** The worker was ended for another call's sake, or by whoever held it. */
export class WorkerEndedError extends ReeveError {
  readonly code = 'ERR_REEVE_WORKER_ENDED';
  readonly path: string;
  readonly pid: number;

  constructor({ path, pid }: WorkerFacts, why: string) {
    super(`'${path}' (${pid}) was ended: ${why}`);
    this.path = path;
    this.pid = pid;
  }
}

/** The handler threw, or there is none of this name. */
export class RemoteError extends ReeveError {
  readonly code = 'ERR_REEVE_REMOTE';
  readonly method: string;
  /** JSON-RPC's: -32601 no such method, -32602 bad parameters, -32800 cancelled, -32000 and others: the handler threw. */
  readonly remoteCode: number;
  /** The class of what was thrown, such as `ValueError`. */
  readonly remoteName: string;
  /** Where it was thrown, in the worker's own words. */
  readonly remoteStack: string | undefined;
  readonly data: unknown;

  constructor(method: string, failure: { code: number; message: string; data: unknown }) {
    super(failure.message);
    const { name, stack, data } = detailsOf(failure.data);
    this.method = method;
    this.remoteCode = failure.code;
    this.remoteName = name;
    this.remoteStack = stack;
    this.data = data;
  }
}

function detailsOf(data: unknown): { name: string; stack: string | undefined; data: unknown } {
  const {
    name,
    stack,
    data: own,
  } = (typeof data === 'object' && data !== null ? data : {}) as Record<string, unknown>;
  if (typeof name !== 'string') return { name: 'Error', stack: undefined, data };
  return { name, stack: typeof stack === 'string' ? stack : undefined, data: own };
}

/** It took longer than its `timeout` or `queueTimeout`. A worker that had it is told, and ended if it goes on. */
export class CallTimeoutError extends ReeveError {
  readonly code = 'ERR_REEVE_TIMEOUT';
  /** Where it was then. */
  readonly phase: 'queued' | 'running';
  /** Milliseconds. */
  readonly timeout: number;

  constructor(phase: 'queued' | 'running', timeout: number, what: string) {
    super(
      `${what} was ${phase === 'queued' ? 'waiting for a worker' : 'running'} when its ${timeout} ms were over`,
    );
    this.phase = phase;
    this.timeout = timeout;
  }
}

/** As many wait as may. Nothing was done for this call: it may be tried again later, or elsewhere. */
export class QueueFullError extends ReeveError {
  readonly code = 'ERR_REEVE_QUEUE_FULL';

  constructor(pool: string, maxQueue: number) {
    super(`${maxQueue} calls wait for a worker of '${pool}' already`);
  }
}

/** The pool takes no calls any more. */
export class PoolClosedError extends ReeveError {
  readonly code = 'ERR_REEVE_POOL_CLOSED';

  constructor(pool: string, how = 'is closed') {
    super(`the pool '${pool}' ${how}`);
  }
}

/** There is no worker, and none can be started; `cause` says why. */
export class NoWorkerError extends ReeveError {
  readonly code = 'ERR_REEVE_NO_WORKER';
  /** Milliseconds until it is tried again. */
  readonly retryIn: number;

  constructor(pool: string, retryIn: number, cause: Error) {
    super(`no worker of '${pool}' can be started: ${cause.message}`, { cause });
    this.retryIn = retryIn;
  }
}

/** A call that may be done twice was given to one worker after the other, and each of them died of it. */
export class PoisonCallError extends ReeveError {
  readonly code = 'ERR_REEVE_POISON';
  readonly attempts: number;
  /** What became of each of them. */
  readonly errors: readonly Error[];

  constructor(method: string, errors: readonly Error[]) {
    super(
      `'${method}' ended ${errors.length} workers, one after the other; the last: ${errors.at(-1)!.message}`,
      {
        cause: errors.at(-1),
      },
    );
    this.attempts = errors.length;
    this.errors = errors;
  }
}

/** What was to be sent cannot be: it is too long, or holds what the channel does not carry. `cause` says what. */
export class UnsendableError extends ReeveError {
  readonly code = 'ERR_REEVE_UNSENDABLE';

  constructor(method: string, cause: Error) {
    super(`the parameters of '${method}' cannot be sent: ${cause.message}`, { cause });
  }
}

/** The session is over: its worker died, it was closed, or not used for too long. */
export class SessionLostError extends ReeveError {
  readonly code = 'ERR_REEVE_SESSION_LOST';
  readonly session: string;

  constructor(session: string, why: string, options?: ErrorOptions) {
    super(`the session '${session}' is lost: ${why}`, options);
    this.session = session;
  }
}

/** As many sessions are open as may. */
export class SessionLimitError extends ReeveError {
  readonly code = 'ERR_REEVE_SESSION_LIMIT';

  constructor(pool: string, maxSessions: number) {
    super(`'${pool}' has ${maxSessions} sessions already`);
  }
}
