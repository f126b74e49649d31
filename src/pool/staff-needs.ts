/** What looks after a pool's workers has to know, and whom it tells. */
import type { ReeveEvent } from '../events.ts';
import type { Clock } from '../os/os.ts';
import type { Lender } from './lender.ts';
import type { Member } from './member.ts';
import type { PoolSettings } from './pool-options.ts';

/** What workers are started and ended by. */
export interface Workshop {
  /** Resolves with the path of the worker when it is ready. */
  start(): Promise<string>;
  /** By its stop plan. */
  stop(member: Member): void;
  kill(member: Member): void;
}

export interface StaffOptions {
  readonly settings: PoolSettings;
  readonly form: 'json-lines' | 'frames';
  /** How long a warm-up may take, too. */
  readonly startTimeout: number;
  readonly clock: Clock;
  /** From 0 to 1, without 1. */
  readonly chance: () => number;
  readonly lender: Lender;
  readonly workshop: Workshop;
  readonly report: (event: ReeveEvent) => void;
  /** One is ready, one could not be started, or one is gone. */
  readonly onChange: () => void;
  readonly onReady: (member: Member) => void;
  /** It has finished what it had, and was asked to go. */
  readonly onDrained: (member: Member) => void;
  readonly onGone: (member: Member) => void;
}
