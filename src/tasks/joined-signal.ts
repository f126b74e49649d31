/** One signal of several. `AbortSignal.any` would leave something behind on those that live on, in Node 20. */
import { forgetAbort, onAbort } from '../flow/shared-signal.ts';

export class JoinedSignal {
  readonly #controller = new AbortController();
  readonly #watched: { readonly source: AbortSignal; readonly act: () => void }[] = [];

  /** Aborted with the reason of the first of them that is. */
  constructor(sources: readonly (AbortSignal | undefined)[]) {
    for (const source of sources) {
      if (source === undefined) continue;
      const act = (): void => this.abort(source.reason);
      if (source.aborted) act();
      else {
        onAbort(source, act);
        this.#watched.push({ source, act });
      }
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  abort(reason: unknown): void {
    this.#controller.abort(reason);
  }

  /** Nobody is interested any more: nothing is left on the others. */
  release(): void {
    for (const { source, act } of this.#watched.splice(0)) forgetAbort(source, act);
  }
}

/** What a run's signal is aborted with when the time for all is over. */
export class TimeIsOver {
  /** Milliseconds that there were. */
  readonly ms: number;

  constructor(ms: number) {
    this.ms = ms;
  }
}
