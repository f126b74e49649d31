/** How processes die, thread by thread, and how their parents come to know. */
import type { Signal } from '../os.ts';
import type { SimMachine } from './machine.ts';
import type { SimProcess } from './process.ts';

/** How often a process with several threads takes long to die, and how long. */
const SLOW_DEATHS = 0.2;
const SLOW_DEATH_MS = [10, 150] as const;
/** How often a parent that has reaped is busy before it deals with a death, and for how long: a tick at most. */
const BUSY_PARENTS = 0.05;
const BUSY_MS = [1, 10] as const;

export class Deaths {
  readonly #machine: SimMachine;

  constructor(machine: SimMachine) {
    this.#machine = machine;
  }

  exit(process: SimProcess, code: number | null, signal: Signal | null): void {
    if (!process.alive) return;
    process.state = 'dying';
    process.end = { code, signal };
    for (const onlooker of this.#machine.onlookers) onlooker.onDeath?.(process);
    if (process.threaded) this.#machine.timeline.add(this.#timeToDie(), () => this.#endLastThread(process));
    else this.#endLastThread(process);
  }

  /** Milliseconds from the end of its first thread to that of its last. */
  #timeToDie(): number {
    const { prng } = this.#machine;
    return prng.chance(SLOW_DEATHS) ? prng.between(...SLOW_DEATH_MS) : this.#machine.moment();
  }

  /** Now what it held open is closed, and its children are given away. */
  #endLastThread(process: SimProcess): void {
    if (process.state !== 'dying') return; // the power went
    process.state = 'zombie';
    const { listeners } = this.#machine;
    for (const [path, listener] of listeners) {
      if (listener === process && typeof path === 'number') listeners.delete(path);
    }
    for (const letGo of process.atDeath) letGo();
    process.atDeath.clear();
    for (const child of process.children) this.#giveToInit(child);
    process.children.clear();
    this.#tellParent(process);
  }

  #giveToInit(child: SimProcess): void {
    child.parent = this.#machine.init; // what was not reaped is told again
    child.reparented = true;
    this.#machine.init.children.add(child);
    if (child.state === 'zombie') this.#tellParent(child);
  }

  /** A parent is told once for all that died since it last looked, and reaps them all before it hears of any. */
  #tellParent(dead: SimProcess): void {
    const { parent } = dead;
    const { prng, timeline } = this.#machine;
    parent?.zombies.add(dead);
    if (parent?.onChildren === undefined || parent.told) return;
    parent.told = true;
    this.#machine.later(parent, 0, () => {
      parent.told = false;
      const zombies = [...parent.zombies];
      for (const zombie of zombies) this.#reap(parent, zombie);
      // What it does about one keeps the news of the next waiting, and everything else.
      if (prng.chance(BUSY_PARENTS)) parent.busyUntil = timeline.now + prng.between(...BUSY_MS);
      for (const zombie of zombies) {
        timeline.add(0, () => this.#machine.happen(parent, () => parent.onChildren?.(zombie)));
      }
    });
  }

  #reap(parent: SimProcess, zombie: SimProcess): void {
    zombie.state = 'reaped';
    parent.children.delete(zombie);
    parent.zombies.delete(zombie);
    this.#machine.forget(zombie);
    for (const onlooker of this.#machine.onlookers) onlooker.onReap?.(zombie);
  }
}
