/** The line between a simulated host and its forker: whole messages, in order, some time later. */
import type { SimMachine } from './machine.ts';
import type { SimProcess } from './process.ts';

interface Side {
  readonly process: SimProcess;
  hear: (message: unknown) => void;
  onClosed: () => void;
}

/** What one end can do. */
export interface LineEnd<Out> {
  send(message: Out): void;
  close(): boolean;
}

export class SimLine {
  readonly #machine: SimMachine;
  /** When the last message to each side arrives: none overtakes another. */
  readonly #arrival = new Map<Side, number>();
  readonly #sides: Side[] = [];
  #open = true;

  constructor(machine: SimMachine) {
    this.#machine = machine;
  }

  /** Both ends must be there before anything is sent. */
  join<Out, In>(process: SimProcess, hear: (message: In) => void, onClosed: () => void): LineEnd<Out> {
    const side: Side = { process, hear: hear as (message: unknown) => void, onClosed };
    this.#sides.push(side);
    process.atDeath.add(() => this.close());
    return { send: (message) => this.#send(side, message), close: () => this.close() };
  }

  /** What was sent arrives still; then both sides that live are told. False when it was closed already. */
  close(): boolean {
    if (!this.#open) return false;
    this.#open = false;
    for (const side of this.#sides) this.#arrive(side, () => side.onClosed());
    return true;
  }

  #send(from: Side, message: unknown): void {
    if (!from.process.alive || !this.#open) return;
    this.#machine.boundary(from.process, 'before a message');
    if (!from.process.alive || !this.#open) return; // ended or cut just before: lost with it
    const text = JSON.stringify(message); // as it is now, and nothing that JSON does not know
    for (const to of this.#sides) {
      if (to !== from) this.#arrive(to, () => to.hear(JSON.parse(text)));
    }
  }

  #arrive(to: Side, action: () => void): void {
    const { timeline } = this.#machine;
    const at = Math.max(this.#arrival.get(to) ?? 0, timeline.now + this.#machine.moment());
    this.#arrival.set(to, at);
    timeline.add(at - timeline.now, () => this.#machine.happen(to.process, action));
  }
}
