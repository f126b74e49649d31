/** What lends has to know, and whom it tells. */
import type { Clock } from '../os/os.ts';
import type { Call } from './call.ts';
import type { Member } from './member.ts';

export interface LenderOptions {
  readonly pool: string;
  readonly clock: Clock;
  readonly maxQueue: number;
  /** How many workers a call that may be done twice is given to. */
  readonly attempts: number;
  /** Milliseconds that a worker has to answer a call that was cancelled. */
  readonly cancelGrace: number;
}

/** Whoever has the workers. */
export interface LenderNeeds {
  /** Somebody waits, or has given up. */
  onQueueChanged(): void;
  /** One waits no longer. */
  onServed(): void;
  /** One was refused, for the queue is full. */
  onTurnedAway(): void;
  /** Why nobody can be served for now; undefined when it is worth waiting. */
  refusal(): Error | undefined;
  /** It has nothing to do, and nobody is promised it. */
  onIdle(member: Member): void;
  /** It has answered as many calls as it is to. */
  onWorn(member: Member): void;
  /** A call is not given up, though it was cancelled. */
  onStubborn(member: Member, call: Call): void;
  complain(error: unknown, what: string): void;
}
