/** Ctrl-C once, and twice. */
import type { Lifetime, Signal } from '../../os/os.ts';

export interface InterruptActions {
  /** Begin no more. */
  readonly drain: (signal: Signal) => void;
  /** End what runs. */
  readonly end: (signal: Signal) => void;
}

/**
 * The first SIGINT or SIGTERM drains, the second ends; a SIGHUP ends, since nobody is there to send another. What comes
 * after that does what it does to any process.
 */
export class Interrupts {
  readonly #lifetime: Lifetime;
  readonly #actions: InterruptActions;
  readonly #takeBack: () => void;
  #first: Signal | undefined;

  constructor(lifetime: Lifetime, actions: InterruptActions) {
    this.#lifetime = lifetime;
    this.#actions = actions;
    this.#takeBack = lifetime.onSignal((signal) => this.#heard(signal));
  }

  /** The one that decides how we end. */
  get signal(): Signal | undefined {
    return this.#first;
  }

  /** Ends our own process by the signal that came, if one did. */
  finish(): void {
    this.#takeBack();
    if (this.#first !== undefined) this.#lifetime.endBy(this.#first);
  }

  #heard(signal: Signal): void {
    const isFirst = this.#first === undefined;
    this.#first ??= signal;
    if (isFirst && signal !== 'SIGHUP') this.#actions.drain(signal);
    else {
      this.#takeBack();
      this.#actions.end(signal);
    }
  }
}
