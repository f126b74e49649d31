/** A simulated computer: a table of processes, time, a disk and sockets. Several hosts, and strangers, live on it. */
import type { Signal, SignalOutcome } from '../os.ts';
import { Deaths } from './deaths.ts';
import { Disk } from './disk.ts';
import type { Onlooker } from './onlooker.ts';
import { PidTable } from './pid-table.ts';
import { Prng } from './prng.ts';
import { type Birth, type Handler, SimProcess } from './process.ts';
import { systemError } from './system-error.ts';
import { type Entry, Timeline } from './timeline.ts';

export interface MachineOptions {
  /** All that happens by chance follows from it. */
  readonly seed: number;
  /** The highest pid there is; default 64. As small as this, pids are used again all the time. */
  readonly pidMax?: number;
  /**
   * Start times are counted in these, in milliseconds: what is born in one of them cannot be told apart. Default 10, as
   * on Linux; `ps` counts in seconds.
   */
  readonly tick?: number;
}

const DEFAULT_TICK_MS = 10;
const DEFAULT_PID_MAX = 64;
const PID_NAMESPACE = 'pid:[4026531836]';
/** Signals whose default is to do nothing. */
const HARMLESS: ReadonlySet<Signal> = new Set([
  'SIGCHLD',
  'SIGCONT',
  'SIGURG',
  'SIGWINCH',
  // These stop whom a shell could continue. Every group here is an orphaned one, for nobody has a parent in his own
  // session but outside his group, and what is in such a group the kernel does not let them stop.
  'SIGTSTP',
  'SIGTTIN',
  'SIGTTOU',
]);

export class SimMachine {
  readonly timeline = new Timeline();
  readonly prng: Prng;
  readonly disk = new Disk();
  readonly onlookers: Onlooker[] = [];
  /** Who listens where, by the path of a socket or by a port. The file of a socket outlives its listener. */
  readonly listeners = new Map<string | number, SimProcess>();
  readonly pidNamespace = PID_NAMESPACE;
  readonly hostname = 'simulated';
  #bootId = 'boot-1';
  #boots = 1;
  #bootedAt = 0;
  readonly #table: PidTable;
  readonly #deaths = new Deaths(this);
  readonly tick: number;
  readonly pidMax: number;
  #lastUid = 0;
  /** What is answered to the next forks instead of a process. */
  readonly forkFailures: string[] = [];
  /** What is wrong with the wall clock, in milliseconds. */
  wallOffset = 0;
  /** How late, at most, a signal, a death or an answer is told, in milliseconds. */
  latency = 2;

  constructor({ seed, pidMax = DEFAULT_PID_MAX, tick = DEFAULT_TICK_MS }: MachineOptions) {
    this.tick = tick;
    this.pidMax = pidMax;
    this.prng = new Prng(seed);
    this.#table = new PidTable(pidMax);
    this.disk.onFailure = (once) => {
      for (const onlooker of this.onlookers) onlooker.onFailure?.('disk', once);
    };
    this.#startInit();
  }

  /** Returns how to look away again. */
  watch(onlooker: Onlooker): () => void {
    this.onlookers.push(onlooker);
    return () => void this.onlookers.splice(this.onlookers.indexOf(onlooker), 1);
  }

  get bootId(): string {
    return this.#bootId;
  }

  get init(): SimProcess {
    return this.#table.find(1)!;
  }

  /** Every process, zombies too, by pid. */
  processes(): readonly SimProcess[] {
    return this.#table.all();
  }

  find(pid: number): SimProcess | undefined {
    return this.#table.find(pid);
  }

  /** The start time of what is born now. */
  ticks(): number {
    return Math.floor((this.timeline.now - this.#bootedAt) / this.tick) + 1;
  }

  /** How many processes there have ever been. */
  get births(): number {
    return this.#lastUid;
  }

  /** A little while, by chance: `latency` at most. */
  moment(): number {
    return this.prng.fraction() * this.latency;
  }

  /** `action` happens to this process after `delay` ms and a moment, unless it is dead by then. */
  later(process: SimProcess, delay: number, action: () => void): Entry {
    return this.timeline.add(delay + this.moment(), () => this.happen(process, action));
  }

  /** Now, or when it goes on if it is stopped or busy; never if it is dead. */
  happen(process: SimProcess, action: () => void): void {
    if (!process.alive) return;
    const busy = process.busyUntil - this.timeline.now;
    if (busy > 0) {
      this.timeline.add(busy, () => this.happen(process, action));
      return;
    }
    if (process.stopped) process.deferred.push(action);
    else action();
  }

  /** `process` is about to do something that others can see, or has just done it. */
  boundary(process: SimProcess, what: string): void {
    for (const onlooker of this.onlookers) onlooker.onBoundary?.(process, what);
  }

  /** Throws EAGAIN when there is no pid left, ESRCH when `parent` has just died, and whatever else is to go wrong. */
  fork(parent: SimProcess, birth: Partial<Birth>): SimProcess {
    if (!parent.alive) throw systemError('ESRCH', 'fork');
    const failure = this.forkFailures.shift();
    if (failure !== undefined) {
      for (const onlooker of this.onlookers) onlooker.onFailure?.('fork', true);
      throw systemError(failure, 'fork');
    }
    const pid = this.#table.next();
    this.#lastUid += 1;
    const child = new SimProcess(this.#lastUid, pid, this.ticks(), parent, {
      environment: parent.environment,
      commandLine: parent.commandLine,
      userId: parent.userId,
      group: parent.group,
      session: parent.session,
      origin: parent.origin,
      ...birth,
    });
    child.wiped = parent.wiped;
    child.disguised = parent.disguised;
    parent.children.add(child);
    this.#table.add(child);
    for (const onlooker of this.onlookers) onlooker.onFork?.(child);
    return child;
  }

  /** As writing to /proc/sys/kernel/ns_last_pid: the next process gets the first free pid from here on. */
  nextPidIs(pid: number): void {
    this.#table.nextIs(pid);
  }

  exit(process: SimProcess, code: number | null, signal: Signal | null = null): void {
    this.#deaths.exit(process, code, signal);
  }

  /** Its pid is free. */
  forget(process: SimProcess): void {
    this.#table.remove(process);
  }

  /** kill(2): a negative pid is a group. Delivery comes later, and in any order. */
  kill(sender: SimProcess, pid: number, signal: Signal): SignalOutcome {
    const addressed =
      pid < 0 ? this.group(-pid) : [this.#table.find(pid)].filter((found) => found !== undefined);
    if (addressed.length === 0) return 'gone';
    for (const onlooker of this.onlookers) onlooker.onSignal?.(sender, addressed, signal);
    const allowed = addressed.filter(({ userId }) => sender.userId === 0 || sender.userId === userId);
    if (allowed.length === 0) return 'denied';
    for (const target of allowed) this.send(target, signal);
    return 'sent';
  }

  /** As the kernel itself sends one, or somebody at a terminal. */
  send(target: SimProcess, signal: Signal): void {
    this.timeline.add(this.moment(), () => this.deliver(target, signal));
  }

  /** Zombies are members too. */
  group(group: number): readonly SimProcess[] {
    return this.#table.group(group);
  }

  /** At once, as to one who has it coming from what it does itself. */
  deliver(target: SimProcess, signal: Signal): void {
    if (!target.alive) return;
    if (signal === 'SIGKILL') {
      this.exit(target, null, 'SIGKILL');
      return;
    }
    if (signal === 'SIGSTOP') {
      this.stop(target);
      return;
    }
    if (signal === 'SIGCONT') this.#continue(target);
    if (target.stopped) {
      if (!target.pending.includes(signal)) target.pending.push(signal); // one that waits already is not counted
      return;
    }
    const handler = target.handlers.get(signal);
    if (handler === 'ignore' || (handler === undefined && HARMLESS.has(signal))) return;
    if (handler === undefined) this.exit(target, null, signal);
    else handler();
  }

  /** At once, wherever it is. */
  stop(process: SimProcess): void {
    process.stopped = true;
    process.wasStopped = true;
  }

  #continue(process: SimProcess): void {
    if (!process.stopped) return;
    process.stopped = false;
    for (const action of process.deferred.splice(0)) this.timeline.add(0, () => this.happen(process, action)); // in order
    for (const signal of process.pending.splice(0)) this.deliver(process, signal);
  }

  handle(process: SimProcess, signal: Signal, handler: Handler): void {
    process.handlers.set(signal, handler);
  }

  /** The power goes: every process is gone, none of them is told, and the disk keeps what had reached it. */
  reboot(): void {
    this.disk.cutPower(this.prng);
    const dead = this.#table.all();
    for (const process of dead) process.state = 'reaped';
    this.#table.clear();
    for (const process of dead) {
      for (const letGo of process.atDeath) letGo();
      process.atDeath.clear();
    }
    this.listeners.clear();
    this.#boots += 1;
    this.#bootId = `boot-${this.#boots}`;
    this.#bootedAt = this.timeline.now;
    this.#startInit();
  }

  #startInit(): void {
    this.#lastUid += 1;
    const init = new SimProcess(this.#lastUid, 1, 0, undefined, {
      environment: {},
      commandLine: '/sbin/init',
      userId: 0,
      group: undefined,
      session: undefined,
      origin: undefined,
    });
    init.onChildren = () => {};
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) this.handle(init, signal, 'ignore');
    this.#table.add(init);
  }
}
