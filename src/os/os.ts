/** The only door to the outside world. Everything above this floor is deterministic, given an `Os`. */
import type { SpawnFailure } from '../errors.ts';
import type { Cookie } from './cookie.ts';
import type { ProcessIdentity } from './identity.ts';

export interface Os {
  readonly processes: Processes;
  readonly files: Files;
  readonly logs: Logs;
  readonly network: Network;
  readonly clock: Clock;
  readonly random: Random;
  readonly lifetime: Lifetime;
  readonly programs: Programs;
}

/** The programs that come with Reeve. */
export interface Programs {
  /** The directory of what workers in other languages import. */
  readonly helpers: string;
  /** The command that runs this module, a path or a `file:` URL, as a pool's worker. Throws when it cannot be run here. */
  runModule(
    module: string,
    execArgv: readonly string[],
  ): { readonly command: string; readonly args: readonly string[] };
}

export type Timer = unknown;

export interface Clock {
  /** Whole milliseconds since 1970; jumps when somebody sets the time. */
  now(): number;
  /** Milliseconds since some fixed moment, with fractions; never jumps. */
  monotonic(): number;
  setTimeout(action: () => void, ms: number): Timer;
  clearTimeout(timer: Timer): void;
  /** Calls `action` when what runs now is done, and all that follows from it at once; before anything else is heard of. */
  soon(action: () => void): void;
  /** Resolves when all that has happened by now has been told to whoever waits for it. */
  turn(): Promise<void>;
}

export interface Random {
  bytes(count: number): Uint8Array;
}

/** How our own process ends. */
export interface Lifetime {
  /**
   * Called when this process exits, by whatever way leaves time for it; nothing may wait then. Returns how to take it
   * back.
   */
  atExit(action: () => void): () => void;
  /** SIGINT, SIGTERM and SIGHUP, when they come. Returns how to take it back. */
  onSignal(listener: (signal: Signal) => void): () => void;
  /** Ends by this signal, unless the application handles it itself. */
  endBy(signal: Signal): void;
}

/** What the registry needs of a file system. Failures are Node's, with their `code`. */
export interface Files {
  /** Undefined when there is no such file. */
  read(path: string): Promise<string | undefined>;
  /** Creates or replaces, mode 0600. Not atomic: rename does that. */
  write(path: string, text: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** A directory goes with all that is in it. No error when there is no such file. */
  remove(path: string): Promise<void>;
  /** The names in a directory, sorted; none when there is no such directory. */
  list(directory: string): Promise<readonly string[]>;
  /** With its parents, mode 0700. Takes group's and others' rights away from one that exists. */
  makePrivateDirectory(path: string): Promise<void>;
  /** A relative path counts from the host's working directory. */
  absolute(path: string): string;
}

/** Files that grow, and are read from any place. Failures are Node's, with their `code`. */
export interface Logs {
  /** Creates it, mode 0600. */
  append(path: string, bytes: Uint8Array): Promise<void>;
  /** At most so many bytes from there on, none at its end. Undefined when there is no such file. */
  read(path: string, from: number, most: number): Promise<Uint8Array | undefined>;
}

/** Looking at a socket from outside: for what `refused` proves see `Network`, `absent` proves nothing. */
export type SocketAnswer = 'answered' | 'refused' | 'absent' | 'unclear';

export interface Network {
  /**
   * A socket that refuses has lost its owner, or has not begun to listen. True on Linux, where a full backlog answers
   * EAGAIN; other kernels refuse for that too, and a host that is merely busy may seem to be gone.
   */
  readonly refusalProvesDeath: boolean;
  /** Does anybody listen on this local socket? */
  knock(socketPath: string): Promise<SocketAnswer>;
  /** Removes a dead run's socket, wherever it really stands; no error when there is none. */
  removeSocket(socketPath: string): Promise<void>;
  /** True when a TCP connection is accepted within `timeout` milliseconds. */
  connects(host: string, port: number, timeout: number): Promise<boolean>;
  /** The status of a GET, or undefined when none came within `timeout` milliseconds. */
  httpStatus(url: string, timeout: number): Promise<number | undefined>;
}

export type Signal = NodeJS.Signals;
export type SignalOutcome = 'sent' | 'gone' | 'denied';

/** One process as a census sees it. */
export interface Sighting extends ProcessIdentity {
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Dead, but not yet reaped by its parent. Counts as dead. */
  readonly zombie: boolean;
  /**
   * Its first thread is amid its end, or past it, and others may live. One that was killed is so for some milliseconds,
   * a large one for longer, and holds its files and sockets open; one whose main thread just left lives on. Counts as alive.
   */
  readonly dying: boolean;
  /** Innermost first; undefined when they may not be read. */
  readonly cookies: readonly Cookie[] | undefined;
}

/** One process, looked at closely. */
export interface ProcessFacts extends Sighting {
  readonly userId: number;
  /** Arguments separated by spaces, at most `COMMAND_LINE_KEPT` characters. */
  readonly commandLine: string;
}

/** How much of a process's command line is looked at. */
export const COMMAND_LINE_KEPT = 4_096;

/** Ourselves. */
export interface Self {
  readonly identity: ProcessIdentity;
  readonly userId: number;
  /** Tells machines that share a state directory apart. */
  readonly machine: string;
  /** The marks in our own environment: the runs whose worker we are. */
  readonly cookies: readonly Cookie[];
}

/** What the kernel tells and does about processes. */
export interface Kernel {
  readonly self: Self;
  /** Milliseconds after which whoever was born before cannot share its start time with anybody born later. */
  readonly settlesIn: number;
  /** The start time that a process born now would have. */
  startTimeNow(): number;
  /** The pid given out last: unchanged, nothing was born meanwhile. Undefined where nobody tells. */
  lastPid(): number | undefined;
  /** Cheaper than a sighting, for a process that is known to be there. */
  startTimeOf(pid: number): Promise<number | undefined>;
  sight(pid: number): Promise<Sighting | undefined>;
  inspect(pid: number): Promise<ProcessFacts | undefined>;
  /**
   * Every process that we may see. Dear (some 30 µs a process on Linux): share it, see `SharedCensus`.
   * @param onVanished called when one that was listed was gone when it was looked at
   */
  census(onVanished?: () => void): Promise<readonly Sighting[]>;
  /** kill(2), so a negative pid means a group. Verify first: this does not. */
  signal(pid: number, signal: Signal): SignalOutcome;
  /** True while anything, be it a zombie, is in this process group. */
  groupExists(group: number): boolean;
}

/** What one process uses just now. */
export interface Usage {
  /** Bytes in memory (RSS). */
  readonly memory: number;
  /** By SIGSTOP, or by a debugger: it does nothing until it is told to go on. */
  readonly stopped: boolean;
}

export interface Processes extends Kernel {
  /** How many can run at a time: processors, or what we are allowed of them. */
  readonly parallelism: number;
  /** Undefined when it is gone, or may not be looked at. */
  usage(pid: number): Promise<Usage | undefined>;
  openSpawner(options: SpawnerOptions): Promise<Spawner>;
}

export interface SpawnerOptions {
  readonly kind: 'forker' | 'direct';
  readonly runId: string;
  /** Where this run listens: the forker connects here, and other runs knock. */
  readonly socketPath: string;
  /** Where its forker may put FIFOs: a directory that it makes, and that goes when the run is over. */
  readonly fifoDirectory: string;
  /** What a forker removes when the run is over; without one that is the host's to do, or a sweep's. */
  readonly runFile: string;
  /** Milliseconds between SIGTERM and SIGKILL for what outlives the host. */
  readonly orphanGrace: number;
  readonly onForker: (event: ForkerEvent) => void;
}

export type ForkerEvent =
  | { readonly type: 'started'; readonly identity: ProcessIdentity; readonly ms: number }
  | {
      readonly type: 'lost';
      readonly identity: ProcessIdentity;
      readonly workers: number;
      readonly cause: string;
    }
  /**
   * What the lost forker had started was to be ended before the next one starts. These were not, and it starts; or, with
   * no pids, nobody can say, and it starts when that is mended.
   */
  | { readonly type: 'left-behind'; readonly pids: readonly number[]; readonly message: string };

/** Forks workers, reaps them, and signals them with everything under them. */
export interface Spawner {
  /** The listener hears `os.spawned` or `os.spawnFailed` first, exactly once, and never before this returns. */
  spawn(request: SpawnRequest, listener: (event: OsProcessEvent) => void): OsProcess;
  /**
   * Ends whatever is left of the run, then the forker. Resolves with the pids of what would not die, none as a rule;
   * rejects when processes cannot be listed. When nothing is left the forker
   * has removed the run's file; `direct` leaves it to the caller.
   */
  close(): Promise<readonly number[]>;
  /** The last resort of a host that exits at once: no waiting, no promises. */
  abandon(): void;
}

export type InputSpec = 'pipe' | 'ignore' | 'inherit' | { readonly file: string };
export type OutputSpec = 'pipe' | 'ignore' | 'inherit' | { readonly file: string };

export interface SpawnRequest {
  readonly workerId: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string | undefined;
  /** Added to the host's environment; undefined takes a variable away. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: InputSpec;
  readonly stdout: OutputSpec;
  readonly stderr: OutputSpec;
  readonly fd3: 'pipe' | 'ignore';
}

export interface OsProcess {
  /**
   * Signals the process, its group, and what left its group. Without a signal it only looks for what left its group,
   * so that `os.treeEmpty` answers for that too.
   */
  signal(signal: Signal | undefined): void;
}

export interface Streams {
  readonly stdin: ByteSink | undefined;
  readonly stdout: ByteSource | undefined;
  readonly stderr: ByteSource | undefined;
  readonly fd3: ByteDuplex | undefined;
}

export type OsProcessEvent =
  | {
      readonly type: 'os.spawned';
      readonly identity: ProcessIdentity;
      readonly streams: Streams;
    }
  | { readonly type: 'os.spawnFailed'; readonly failure: SpawnFailure }
  /** It was seen to have its pid and its start time to itself: nobody else had, or ever will have, the two. */
  | { readonly type: 'os.settled' }
  /** The process itself is dead and reaped. `treeEmpty` is false while others are left in its group, or looked for. */
  | {
      readonly type: 'os.exited';
      readonly code: number | null;
      readonly signal: Signal | null;
      readonly treeEmpty: boolean;
    }
  /**
   * Nothing is left of it, signalled or not. Follows an `os.exited` without `treeEmpty`, and `os.forkerLost`: then what
   * SIGKILL does not end, or nobody can look for, may be left all the same, as `left-behind` says.
   */
  | { readonly type: 'os.treeEmpty' }
  /** The forker died; the tree is being ended, and `os.treeEmpty` will follow without `os.exited`. */
  | { readonly type: 'os.forkerLost' };

export interface ByteSource {
  /** Neither is called before this returns. */
  listen(onBytes: (bytes: Uint8Array) => void, onEnd: () => void): void;
  /** Nothing more is read, until `resume`: the writer waits when the system's buffer is full. */
  pause(): void;
  resume(): void;
  destroy(): void;
}

export interface ByteSink {
  /** Resolves when the bytes are handed to the kernel; rejects when the reader is gone. */
  write(bytes: Uint8Array | string): Promise<void>;
  /** Told once when nobody reads any more, where the system says so: what was written may be lost, and no write has failed. */
  onClosed(listener: () => void): void;
  end(): void;
  destroy(): void;
}

/** Both ways on one descriptor. The bytes that it tells of are lent: they may be overwritten once its listener returns. */
export interface ByteDuplex extends ByteSource, ByteSink {}
