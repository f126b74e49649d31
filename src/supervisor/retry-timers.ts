/** The waits of children that are to be started again later, by the children's paths. */
import type { Clock } from './child-actors.ts';

export class RetryTimers {
  readonly #clock: Clock;
  readonly #timers = new Map<string, unknown>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param delay milliseconds */
  set(path: string, delay: number, action: () => void): void {
    this.clear(path);
    const timer = this.#clock.setTimeout(() => {
      this.#timers.delete(path);
      action();
    }, delay);
    this.#timers.set(path, timer);
  }

  clear(path: string): void {
    this.#clock.clearTimeout(this.#timers.get(path));
    this.#timers.delete(path);
  }
}
