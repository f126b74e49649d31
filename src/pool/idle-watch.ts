/** Workers that nobody has needed for a while, and that are more than are kept ready. */
import type { Clock, Timer } from '../os/os.ts';
import type { Member } from './member.ts';

export interface IdleWatchOptions {
  readonly clock: Clock;
  /** Milliseconds, or infinite. */
  readonly idleTimeout: number;
  readonly members: () => readonly Member[];
  /** How many more are ready than are kept. */
  readonly surplus: () => number;
  readonly end: (member: Member) => void;
}

export class IdleWatch {
  readonly #options: IdleWatchOptions;
  #timer: Timer | undefined;
  #closed = false;

  constructor(options: IdleWatchOptions) {
    this.#options = options;
  }

  /** Somebody has nothing to do. One timer for all: it rings when the first may have been idle for long enough. */
  look(): void {
    const { clock, idleTimeout, members, surplus } = this.#options;
    if (
      this.#timer !== undefined ||
      this.#closed ||
      idleTimeout === Number.POSITIVE_INFINITY ||
      surplus() <= 0
    )
      return;
    const since = members().flatMap((member) => (isSpare(member) ? [member.idleSince] : []));
    if (since.length === 0) return;
    const wait = Math.ceil(Math.min(...since) + idleTimeout - clock.monotonic());
    this.#timer = clock.setTimeout(
      () => {
        this.#timer = undefined;
        this.#endSpare();
        this.look();
      },
      Math.max(1, wait),
    );
  }

  close(): void {
    this.#closed = true;
    if (this.#timer !== undefined) this.#options.clock.clearTimeout(this.#timer);
  }

  /** The newest first: calls go to the oldest. */
  #endSpare(): void {
    const { clock, idleTimeout, members, surplus, end } = this.#options;
    const now = clock.monotonic();
    for (const member of [...members()].reverse()) {
      if (surplus() <= 0) return;
      if (isSpare(member) && now - member.idleSince >= idleTimeout) end(member);
    }
  }
}

const isSpare = (member: Member): boolean =>
  member.state === 'ready' && member.isIdle && member.sessions.size === 0;
