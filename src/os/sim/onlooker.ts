/** Whoever watches a simulated machine: it sees what no process can. */
import type { Signal } from '../os.ts';
import type { SimProcess } from './process.ts';

/** Told of what truly happens: for an onlooker who knows everything, and changes nothing. */
export interface Onlooker {
  onFork?(child: SimProcess): void;
  onDeath?(dead: SimProcess): void;
  /** Its pid is free now. */
  onReap?(dead: SimProcess): void;
  /** `observer` has been shown what there is to be seen of `seen`. */
  onLook?(observer: SimProcess, seen: SimProcess): void;
  /** An attempt: who of them may be signalled is not said. */
  onSignal?(sender: SimProcess, targets: readonly SimProcess[], signal: Signal): void;
  /** A fork or a disk operation has failed as it was told to, for once or as all do now. */
  onFailure?(of: 'fork' | 'disk', once: boolean): void;
  /** Just before `process` does something that others can see, such as a write or a signal; and just after. */
  onBoundary?(process: SimProcess, what: string): void;
}
