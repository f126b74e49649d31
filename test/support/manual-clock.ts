/** A clock that stands still until a test moves it. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock, Timer } from '../../src/os/os.ts';

interface Alarm {
  readonly at: number;
  readonly action: () => void;
}

export class ManualClock implements Clock {
  #now = 0;
  #alarms: Alarm[] = [];

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  setTimeout(action: () => void, ms: number): Timer {
    const alarm = { at: this.#now + ms, action };
    this.#alarms.push(alarm);
    return alarm;
  }

  clearTimeout(timer: Timer): void {
    this.#alarms = this.#alarms.filter((alarm) => alarm !== timer);
  }

  soon(action: () => void): void {
    queueMicrotask(action);
  }

  async turn(): Promise<void> {}

  /** How many timers wait. */
  get pending(): number {
    return this.#alarms.length;
  }

  /** Rings what is due within `ms`, in order, and lets the promises of each settle before the next. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await nextTurn();
    for (let next = this.#first(end); next !== undefined; next = this.#first(end)) {
      this.clearTimeout(next);
      this.#now = next.at;
      next.action();
      await nextTurn();
    }
    this.#now = end;
  }

  #first(end: number): Alarm | undefined {
    return this.#alarms.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
  }
}
