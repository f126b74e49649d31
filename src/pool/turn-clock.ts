/** The time, read once in a turn of the event loop: many calls are made and answered in one, and to ask costs. */
import type { Clock } from '../os/os.ts';

export class TurnClock {
  readonly #clock: Clock;
  #now: number | undefined;
  readonly #forget = (): void => {
    this.#now = undefined;
  };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds that never jump. */
  now(): number {
    if (this.#now === undefined) {
      this.#now = this.#clock.monotonic();
      this.#clock.soon(this.#forget);
    }
    return this.#now;
  }
}
