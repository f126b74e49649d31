/** Who has which pid: given out in turn, and again from the beginning when the highest was reached. */
import type { SimProcess } from './process.ts';
import { systemError } from './system-error.ts';

/** The first pid after pid 1. */
const FIRST_PID = 2;

export class PidTable {
  readonly #highest: number;
  readonly #owners = new Map<number, SimProcess>();
  readonly #groups = new Map<number, Set<SimProcess>>();
  /** How many processes each session has. */
  readonly #sessions = new Map<number, number>();
  /** All of them by pid, until somebody comes or goes. */
  #sorted: readonly SimProcess[] | undefined;
  #last = FIRST_PID - 1;

  constructor(highest: number) {
    this.#highest = highest;
  }

  /** Every process, zombies too, by pid. */
  all(): readonly SimProcess[] {
    this.#sorted ??= [...this.#owners.values()].sort((a, b) => a.pid - b.pid);
    return this.#sorted;
  }

  find(pid: number): SimProcess | undefined {
    return this.#owners.get(pid);
  }

  /** Zombies are members too. */
  group(group: number): readonly SimProcess[] {
    return [...(this.#groups.get(group) ?? [])].sort((a, b) => a.pid - b.pid);
  }

  /** The next pid in turn that is free: neither a process nor a group nor a session is called so. */
  next(): number {
    for (let tries = 0; tries < this.#highest; tries += 1) {
      this.#last = this.#last >= this.#highest ? FIRST_PID : this.#last + 1;
      const isTaken = [this.#owners, this.#groups, this.#sessions].some((taken) => taken.has(this.#last));
      if (!isTaken) return this.#last;
    }
    throw systemError('EAGAIN', 'fork');
  }

  /** The next process gets the first free pid from here on. */
  nextIs(pid: number): void {
    this.#last = pid - 1;
  }

  add(process: SimProcess): void {
    const { pid, group, session } = process;
    this.#owners.set(pid, process);
    const members = this.#groups.get(group) ?? new Set();
    this.#groups.set(group, members.add(process));
    this.#sessions.set(session, (this.#sessions.get(session) ?? 0) + 1);
    this.#sorted = undefined;
  }

  remove(process: SimProcess): void {
    const { pid, group, session } = process;
    if (this.#owners.get(pid) !== process) return;
    this.#owners.delete(pid);
    this.#groups.get(group)?.delete(process);
    if (this.#groups.get(group)?.size === 0) this.#groups.delete(group);
    const left = this.#sessions.get(session)! - 1;
    if (left === 0) this.#sessions.delete(session);
    else this.#sessions.set(session, left);
    this.#sorted = undefined;
  }

  clear(): void {
    this.#owners.clear();
    this.#groups.clear();
    this.#sessions.clear();
    this.#sorted = undefined;
    this.#last = FIRST_PID - 1;
  }
}
