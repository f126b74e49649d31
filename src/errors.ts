/** Every error that Reeve throws or reports. Each carries a stable `code`: match on that, never on a message. */

/** The base of them all: `error instanceof ReeveError` tells ours from others. */
export abstract class ReeveError extends Error {
  abstract readonly code: string;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** Options that cannot be meant. `path` leads to the fault, as in `children[2].ready.port`. */
export class OptionsError extends ReeveError {
  readonly code = 'ERR_REEVE_OPTIONS';
  readonly path: string;

  constructor(path: string, complaint: string) {
    super(path === '' ? complaint : `${path}: ${complaint}`);
    this.path = path;
  }
}

/**
 * How far the birth of a process had come when it failed: writing its record, reaching the forker, opening its
 * streams, entering its directory, forking, or executing the program.
 */
export type SpawnPhase = 'record' | 'forker' | 'streams' | 'cwd' | 'fork' | 'exec';

/** What is known of a failure to start, as plain data, so that it can cross from the forker to the host. */
export interface SpawnFailure {
  readonly phase: SpawnPhase;
  /** The system's name for it, such as `ENOENT`. */
  readonly code: string;
  /** The system's number for it, negative as in Node; undefined when the failure is not the system's. */
  readonly errno: number | undefined;
  readonly message: string;
}

/** A process could not be started. Nothing of it is left: no process, no descriptor, no record. */
export class SpawnError extends ReeveError {
  readonly code: string;
  readonly errno: number | undefined;
  readonly phase: SpawnPhase;
  readonly command: string;

  constructor(command: string, failure: SpawnFailure, options?: ErrorOptions) {
    super(`cannot start '${command}' (${failure.phase}): ${failure.message}`, options);
    this.code = failure.code;
    this.errno = failure.errno;
    this.phase = failure.phase;
    this.command = command;
  }
}

/** A child of a supervisor did not become ready; those started before it were stopped again, in reverse order. */
export class StartError extends ReeveError {
  readonly code = 'ERR_REEVE_START';
  /** The child's path, such as `services/api`. */
  readonly path: string;
  /** The end of what the child wrote to its standard error, at most 64 KiB. */
  readonly stderrTail: string;

  constructor(path: string, what: string, stderrTail: string, options?: ErrorOptions) {
    const tail = stderrTail.trimEnd();
    super(`'${path}' did not start: ${what}${tail === '' ? '' : `\n${tail}`}`, options);
    this.path = path;
    this.stderrTail = stderrTail;
  }
}

/**
 * A supervisor will not do what it was called for; nothing has changed. `code` has OTP's word for it:
 * `ERR_REEVE_ALREADY_STARTED`: a child of this id is up · `ERR_REEVE_ALREADY_PRESENT`: there is such a child, and it is
 * not up · `ERR_REEVE_NOT_FOUND`: there is none · `ERR_REEVE_RUNNING`: it is up · `ERR_REEVE_RESTARTING`: it is on its
 * way back · `ERR_REEVE_MAX_CHILDREN` · `ERR_REEVE_DYNAMIC`: a dynamic supervisor has no such call, or a static one no
 * such options (OTP's `simple_one_for_one`).
 */
export class SupervisionError extends ReeveError {
  readonly code: string;
  /** The child's path, or the supervisor's. */
  readonly path: string;

  constructor(code: string, path: string, message: string) {
    super(`'${path}' ${message}`);
    this.code = code;
    this.path = path;
  }
}

/** The supervisor that was called has ended, or is being stopped (OTP's `noproc`). */
export class SupervisorNotRunningError extends ReeveError {
  readonly code = 'ERR_REEVE_NOT_RUNNING';
  readonly path: string;

  constructor(path: string) {
    super(`the supervisor '${path}' is not running`);
    this.path = path;
  }
}

/** The forker could not be started, or did not answer. */
export class ForkerError extends ReeveError {
  readonly code = 'ERR_REEVE_FORKER';
}

/** The registry's directory or file cannot be used; without a record no process is started. */
export class RegistryError extends ReeveError {
  readonly code = 'ERR_REEVE_REGISTRY';
  /** The file or directory that failed. */
  readonly path: string;

  constructor(path: string, message: string, options?: ErrorOptions) {
    super(`${message} (${path})`, options);
    this.path = path;
  }
}

/** The host was asked for something after `stop()`. */
export class HostStoppedError extends ReeveError {
  readonly code = 'ERR_REEVE_STOPPED';

  constructor() {
    super('the host has stopped');
  }
}

/** The `code` of any thrown value (`ENOENT`, `ERR_…`), or `UNKNOWN`. */
export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : 'UNKNOWN';
}

/** Any thrown value as an error. */
export const errorOf = (thrown: unknown): Error =>
  thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });

/** The message of any thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
