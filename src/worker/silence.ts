/** When the dead have been heard out: what they wrote is still in the pipes, which somebody else may hold open. */
import type { Clock, Timer } from '../os/os.ts';

/** How long the last words are waited for when somebody else, a grandchild perhaps, holds a stream open, ms. */
export const LAST_WORDS_MS = 100;
/** How often it is waited for so long, as long as something comes each time: a stranger may go on writing for ever. */
const MOST_WAITS = 10;

export class Silence {
  readonly #clock: Clock;
  readonly #action: () => void;
  /** Since the last wait has begun. */
  #heard = false;
  #timer: Timer | undefined;
  #isOver = false;

  /** Calls `action` once nothing has come for a while, unless it is ended before. */
  constructor(clock: Clock, action: () => void) {
    this.#clock = clock;
    this.#action = action;
    this.#wait(MOST_WAITS);
  }

  /** Something has come. */
  heard(): void {
    this.#heard = true;
  }

  end(): void {
    this.#isOver = true;
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
  }

  #wait(waits: number): void {
    this.#heard = false;
    this.#timer = this.#clock.setTimeout(() => void this.#waited(waits - 1), LAST_WORDS_MS);
  }

  /** A process that was busy meanwhile has not read yet what came: it does so after its timers. */
  async #waited(waits: number): Promise<void> {
    await this.#clock.turn();
    if (this.#isOver) return;
    if (this.#heard && waits > 0) this.#wait(waits);
    else this.#action();
  }
}
