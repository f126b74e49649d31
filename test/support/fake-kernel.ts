/** A table of processes that die only as a test wants them to, and remembers every signal. */
import type { Kernel, ProcessFacts, Self, Sighting, Signal, SignalOutcome } from '../../src/os/os.ts';
import { OURSELVES, SELF } from './sightings.ts';

export interface Sent {
  readonly pid: number;
  readonly signal: Signal;
  readonly startTime: number | undefined;
}

export class FakeKernel implements Kernel {
  readonly self: Self = SELF;
  readonly settlesIn = 100;
  readonly table = new Map<number, Sighting>();
  readonly sent: Sent[] = [];
  /** How often all processes were listed. */
  censuses = 0;
  /** The pid that was given out last. */
  newest = 0;
  /** Somebody who was listed is gone when he is looked at. */
  vanishing = false;
  /** What a fork at this moment would get. */
  time = 10_000;
  /** Comes after each census and before whatever is done about it. */
  afterCensus: () => void = () => {};
  /** Decides whether a process dies of a signal; SIGKILL alone by default. */
  dies: (target: Sighting, signal: Signal) => boolean = (_, signal) => signal === 'SIGKILL';

  constructor(...processes: readonly Sighting[]) {
    for (const process of [...OURSELVES, ...processes]) this.table.set(process.pid, process);
  }

  /** Puts a process into the table, in place of whoever had its pid. */
  put(process: Sighting): void {
    this.table.set(process.pid, process);
  }

  signalsTo(pid: number): readonly Signal[] {
    return this.sent.filter((sent) => sent.pid === pid).map(({ signal }) => signal);
  }

  lastPid(): number {
    return this.newest;
  }

  startTimeNow(): number {
    return this.time;
  }

  async startTimeOf(pid: number): Promise<number | undefined> {
    return this.table.get(pid)?.startTime;
  }

  async sight(pid: number): Promise<Sighting | undefined> {
    return this.table.get(pid);
  }

  async inspect(pid: number): Promise<ProcessFacts | undefined> {
    const found = this.table.get(pid);
    return found === undefined ? undefined : { ...found, userId: SELF.userId, commandLine: '' };
  }

  async census(onVanished?: () => void): Promise<readonly Sighting[]> {
    this.censuses += 1;
    const all = [...this.table.values()];
    this.afterCensus();
    if (this.vanishing) onVanished?.();
    return all;
  }

  signal(pid: number, signal: Signal): SignalOutcome {
    const target = this.table.get(pid);
    this.sent.push({ pid, signal, startTime: target?.startTime });
    if (target === undefined) return 'gone';
    if (this.dies(target, signal)) this.#bury(pid);
    return 'sent';
  }

  /** Its children become pid 1's. */
  #bury(pid: number): void {
    this.table.delete(pid);
    for (const child of this.table.values()) if (child.parent === pid) this.put({ ...child, parent: 1 });
  }

  groupExists(group: number): boolean {
    return [...this.table.values()].some((process) => process.group === group);
  }
}
