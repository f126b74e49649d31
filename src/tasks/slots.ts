/** How many processes of tasks may be there at once: whoever wants one more waits for its turn. */
import { forgetAbort, onAbort } from '../flow/shared-signal.ts';

/** The right to one process; given back once. */
export type Release = () => void;

interface Waiting {
  readonly grant: () => void;
}

export class Slots {
  readonly #limit: number;
  readonly #waiting = new Set<Waiting>();
  #taken = 0;

  /** @param limit `Infinity` for none */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get taken(): number {
    return this.#taken;
  }

  /** Resolves when it is its turn, first come first served; with undefined when `signal` was aborted before. */
  take(signal: AbortSignal): Promise<Release | undefined> {
    if (signal.aborted) return Promise.resolve(undefined);
    if (this.#taken < this.#limit && this.#waiting.size === 0) return Promise.resolve(this.#give());
    return new Promise((resolve) => {
      const leave = (): void => {
        forgetAbort(signal, leave);
        this.#waiting.delete(waiting);
        resolve(undefined);
      };
      const waiting: Waiting = {
        grant: () => {
          forgetAbort(signal, leave);
          resolve(this.#give());
        },
      };
      this.#waiting.add(waiting);
      onAbort(signal, leave);
    });
  }

  #give(): Release {
    this.#taken += 1;
    let isBack = false;
    return () => {
      if (isBack) return;
      isBack = true;
      this.#taken -= 1;
      this.#grantNext();
    };
  }

  #grantNext(): void {
    if (this.#taken >= this.#limit) return;
    const [next] = this.#waiting;
    if (next === undefined) return;
    this.#waiting.delete(next);
    next.grant();
  }
}
