/** One behaviour, what is done about it, and what must be seen on every kernel. */
import type { Observation, Scenario, WorkerSeen } from '../../support/fidelity/scene.ts';
import type { Kind } from '../../support/fidelity/stage.ts';

export interface Case {
  /** A sentence. */
  readonly name: string;
  /** Both, unless told otherwise. */
  readonly kinds?: readonly Kind[];
  /** It needs another user's process, and the right to end it. */
  readonly needsAnotherUser?: boolean;
  readonly scenario: Scenario;
  readonly seen: Partial<Omit<Observation, 'workers'>> & { readonly workers: readonly WorkerSeen[] };
}

/** What is seen of one that says nothing but `up`. */
export const worker = (events: readonly string[], stdout = 'up\n'): WorkerSeen => ({
  events: ['spawned', ...events],
  wrote: { stdout },
});

export const ENDED_BY_TERM = worker(['exited by SIGTERM', 'tree empty']);
export const ENDED_BY_KILL = worker(['exited by SIGKILL', 'tree empty']);
