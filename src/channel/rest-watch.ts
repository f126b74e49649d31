/** Sees to it that a message that has begun goes on. */
import type { Clock, Timer } from '../os/os.ts';

export interface RestWatchOptions {
  readonly clock: Clock;
  /** Without another byte of it, in milliseconds. */
  readonly unfinishedAfter: number;
  readonly isMidway: () => boolean;
  /** It has not gone on. Not told after `stop`. */
  readonly onStuck: () => void;
}

export class RestWatch {
  readonly #options: RestWatchOptions;
  #timer: Timer | undefined;
  #pieces = 0;

  constructor(options: RestWatchOptions) {
    this.#options = options;
  }

  /** A piece has come. One timer, however many come: when it rings it is seen whether any did. */
  heard(): void {
    this.#pieces += 1;
    this.begin();
  }

  begin(): void {
    if (this.#timer !== undefined || !this.#options.isMidway()) return;
    const { clock, unfinishedAfter } = this.#options;
    const before = this.#pieces;
    const timer = clock.setTimeout(() => {
      // If we were busy for so long, what has come meanwhile is heard only now.
      void clock.turn().then(() => {
        if (this.#timer !== timer) return;
        this.#timer = undefined;
        if (this.#pieces === before) this.#options.onStuck();
        else this.begin();
      });
    }, unfinishedAfter);
    this.#timer = timer;
  }

  stop(): void {
    if (this.#timer !== undefined) this.#options.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
