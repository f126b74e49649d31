/** What the host and its forker say to each other: one JSON object a line. */
import type { SpawnFailure } from '../../errors.ts';
import type { Cookie } from '../cookie.ts';
import type { ProcessIdentity } from '../identity.ts';
import type { Signal } from '../os.ts';

/**
 * Where one of a child's descriptors 0 to 3 comes from. A number names a socket that the forker connected before; a FIFO
 * is open at the host's end already.
 */
export type StreamSource =
  | 'ignore'
  | 'inherit'
  | number
  | { readonly file: string }
  | { readonly fifo: number };

/** FIFOs are called by their numbers: these, from the first one on. */
export interface FifoBatch {
  readonly first: number;
  readonly count: number;
}

export interface ForkOrder {
  /** Names the child on this line; never used twice in a run. */
  readonly id: number;
  readonly workerId: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string | undefined;
  /** Added to the environment of the run; null takes a variable away. */
  readonly env: Readonly<Record<string, string | null>>;
  /** stdin, stdout, stderr, fd 3. */
  readonly streams: readonly [StreamSource, StreamSource, StreamSource, StreamSource];
}

export type ForkerCommand =
  | {
      readonly do: 'begin';
      readonly host: ProcessIdentity;
      readonly runId: string;
      readonly outer: readonly Cookie[];
      readonly env: Readonly<Record<string, string>>;
      readonly socketPath: string;
      /** Proves to the host that a connection comes from its forker. */
      readonly secret: string;
      /** Its streams are numbered from here: those of the forker before it may still be on their way. */
      readonly firstStream: number;
      readonly fifoDirectory: string | undefined;
      /** To be made before it is ready. */
      readonly firstFifos: FifoBatch | undefined;
      /** To be removed when the run has ended without its host: its file, its socket, its FIFOs. */
      readonly leftovers: readonly string[];
      readonly orphanGrace: number;
    }
  | { readonly do: 'connect'; readonly count: number }
  | { readonly do: 'make-fifos'; readonly batch: FifoBatch }
  | { readonly do: 'fork'; readonly order: ForkOrder }
  /** Answered by `tree-empty`, also when the child is long gone: what it left elsewhere is found by its mark. */
  | { readonly do: 'signal'; readonly id: number; readonly workerId: string; readonly signal: Signal | null }
  /** Say that you are well. */
  | { readonly do: 'answer' }
  /** `left`: the pids of what could not be ended before, when another forker was lost. */
  | { readonly do: 'close'; readonly left: readonly number[] };

/** The host's first word. */
export type Begin = Extract<ForkerCommand, { do: 'begin' }>;

/** What is told of a child. */
export type ChildReport =
  | { readonly is: 'forked'; readonly id: number; readonly identity: ProcessIdentity }
  | { readonly is: 'fork-failed'; readonly id: number; readonly failure: SpawnFailure }
  | {
      readonly is: 'exited';
      readonly id: number;
      readonly code: number | null;
      readonly signal: Signal | null;
      readonly treeEmpty: boolean;
      /** It had been ordered to signal it, or to look, by then. */
      readonly asked: boolean;
    }
  | { readonly is: 'tree-empty'; readonly id: number };

export type ForkerReport =
  | ChildReport
  | { readonly is: 'ready'; readonly identity: ProcessIdentity }
  | { readonly is: 'connect-failed'; readonly failure: SpawnFailure }
  | { readonly is: 'fifos-made'; readonly batch: FifoBatch }
  | { readonly is: 'fifos-refused' }
  | { readonly is: 'well' }
  | { readonly is: 'closed'; readonly left: readonly number[] }
  | { readonly is: 'broken'; readonly message: string };
