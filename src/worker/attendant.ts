/** Whoever follows one incarnation from beside, from its beginning to its end: for those who make specs. */
import type { ByteSink } from '../os/os.ts';
import type { OutputStream } from './worker-output.ts';

export interface Attendant {
  /** There is to be a process. */
  begins(who: { readonly path: string; readonly workerId: string }): void;
  /** It runs. */
  born(pid: number, stdin: ByteSink | undefined): void;
  /** It has written this. Nothing more of this stream is read until a promise that this returns is resolved. */
  wrote(stream: OutputStream, bytes: Uint8Array): Promise<void> | undefined;
  /** It is dead; of what it has forked some may live. `'forker-lost'`: nobody can say how it ended. */
  exited(how: { readonly code: number | null; readonly signal: string | null } | 'forker-lost'): void;
  /** Nothing is left of it, or there never was a process: because of this error, or because it was told to end before. */
  over(error?: Error): void;
}
