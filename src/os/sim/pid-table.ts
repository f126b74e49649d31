/** Who has which pid: given out in turn, and again from the beginning when the highest was reached. */
import type { SimProcess } from './process.ts';
import { systemError } from './system-error.ts';

/** The first pid after pid 1. */
const FIRST_PID = 2;

export class PidTable {
  readonly #highest: number;
  readonly #owners = new Map<number, SimProcess>();
  #last = FIRST_PID - 1;

  constructor(highest: number) {
    this.#highest = highest;
  }

  /** Every process, zombies too, by pid. */
  all(): readonly SimProcess[] {
    return [...this.#owners.values()].sort((a, b) => a.pid - b.pid);
  }

  find(pid: number): SimProcess | undefined {
    return this.#owners.get(pid);
  }

  /** Zombies are members too. */
  group(group: number): readonly SimProcess[] {
    return this.all().filter((process) => process.group === group);
  }

  /** The next pid in turn that is free: neither a process nor a group nor a session is called so. */
  next(): number {
    const taken = new Set<number>();
    for (const { pid, group, session } of this.#owners.values()) taken.add(pid).add(group).add(session);
    for (let tries = 0; tries < this.#highest; tries += 1) {
      this.#last = this.#last >= this.#highest ? FIRST_PID : this.#last + 1;
      if (!taken.has(this.#last)) return this.#last;
    }
    throw systemError('EAGAIN', 'fork');
  }

  /** The next process gets the first free pid from here on. */
  nextIs(pid: number): void {
    this.#last = pid - 1;
  }

  add(process: SimProcess): void {
    this.#owners.set(process.pid, process);
  }

  remove(process: SimProcess): void {
    if (this.#owners.get(process.pid) === process) this.#owners.delete(process.pid);
  }

  clear(): void {
    this.#owners.clear();
    this.#last = FIRST_PID - 1;
  }
}
