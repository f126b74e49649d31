/** Notices a forker that is alive and says nothing, stopped or stuck: it would neither fork nor tell of an exit. */
import type { Clock, Timer } from '../os.ts';

/** It is asked this often, in milliseconds. */
const ASK_EVERY_MS = 5_000;
/** And given up when it has said nothing since it was asked this many times: 15 to 20 s, which no load explains. */
const UNANSWERED = 3;

export class Heartbeat {
  readonly #clock: Clock;
  readonly #ask: () => void;
  readonly #onSilence: () => void;
  #unanswered = 0;
  #timer: Timer | undefined;

  constructor(clock: Clock, ask: () => void, onSilence: () => void) {
    this.#clock = clock;
    this.#ask = ask;
    this.#onSilence = onSilence;
  }

  /** May be started again. */
  start(): void {
    if (this.#timer !== undefined) return;
    this.#unanswered = 0;
    this.#wait();
  }

  /** It said something, whatever it was. */
  heard(): void {
    this.#unanswered = 0;
  }

  stop(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  // Counted in questions, not in time: a host that was itself stopped asks but once when it goes on, and then listens.
  #beat(): void {
    this.#timer = undefined;
    if (this.#unanswered === UNANSWERED) {
      this.#onSilence();
    } else {
      this.#unanswered += 1;
      this.#ask();
      this.#wait();
    }
  }

  #wait(): void {
    this.#timer = this.#clock.setTimeout(() => this.#beat(), ASK_EVERY_MS);
  }
}
