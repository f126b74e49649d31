/** One host on a simulated machine: its process, its forkers, and the host itself once it has started. */

import type { TimedEvent } from '../events.ts';
import { Host, startHost } from '../host/host.ts';
import type { HostOptions } from '../host/options.ts';
import type { SimProcess } from '../os/sim/process.ts';
import type { Installed } from '../os/sim/sim-fork.ts';
import { simOs } from '../os/sim/sim-os.ts';
import { raise } from '../os/sim/simulation-error.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';
import { parseSupervisorSpec, type SupervisorOptions } from '../supervisor/supervisor-spec.ts';
import { CalledFor } from './called-for.ts';
import type { Simulation } from './simulation.ts';
import { type Tell, telling } from './told-calls.ts';
import { handedOver, promisedBy } from './tree.ts';

/** Where the hosts of a simulation keep their records. */
export const STATE_DIRECTORY = '/state';

export class SimHost {
  readonly process: SimProcess;
  /** Never settles when its process dies first. */
  readonly started: Promise<Host>;
  /** What was accepted, and what was made of it since. */
  readonly supervisors: SupervisorOptions[] = [];
  /** @internal what becomes of them as somebody has called for it */
  readonly calledFor = new CalledFor(this.supervisors);
  host: Host | undefined;
  #stopping: Promise<void> | undefined;
  /** By whomever: by us, by its application, or by a signal. */
  #toldToStop = false;
  /** What it said when it had stopped. */
  #nothingLeft = false;
  #diedAt: number | undefined;
  #callsOpen = 0;
  /** What it was asked for and has not answered. */
  readonly #awaited = new Set<string>(['its start']);
  /** What was heard while it is not known yet what was promised, and the ids of the trees that this is not known of. */
  readonly #held: TimedEvent[] = [];
  readonly #undecided = new Set<string>();
  readonly #simulation: Simulation;
  readonly #installed: Installed;
  /** In the order of their births. Who outlives it has pid 1 for a parent. */
  readonly #forkers: SimProcess[] = [];

  /** @internal use `Simulation.boot` */
  constructor(simulation: Simulation, installed: Installed, process: SimProcess, options: HostOptions) {
    this.process = process;
    this.#simulation = simulation;
    this.#installed = installed;
    process.atDeath.add(() => {
      this.#diedAt = simulation.machine.timeline.now;
    });
    simulation.machine.watch({
      onFork: (child) => {
        if (child.isForker && child.parent === process) this.#forkers.push(child);
      },
    });
    const os = simOs(installed, process);
    this.started = startHost({ ...options, os, stateDirectory: STATE_DIRECTORY }).then((host) => {
      this.host = host;
      this.#hearListeners(host);
      this.#hearCalls(host);
      host.events.on((event) => {
        if (this.#undecided.size === 0) simulation.oracle.heard(host.runId, event);
        else this.#held.push(event);
        simulation.trace.event(event);
        if (event.type === 'host.stopping') this.#toldToStop = true;
        if (event.type === 'host.stopped') this.#nothingLeft = event.nothingLeft;
      });
      this.#awaited.delete('its start');
      return host;
    });
    this.started.catch(() => this.#awaited.delete('its start')); // whoever waits hears of it
  }

  get alive(): boolean {
    return this.process.alive;
  }

  /** Its present forker, if there is one alive; when it is dead, whoever clears up after it. */
  get forker(): SimProcess | undefined {
    return this.#forkers.find(({ alive }) => alive);
  }

  /** @internal this is, or was, its forker */
  hasForked(process: SimProcess): boolean {
    return this.#forkers.includes(process);
  }

  /** As the real one: rejects with an `OptionsError` when it is refused, whether the host has started by then or not. */
  async supervise(options: SupervisorOptions): Promise<void> {
    const spec = parseSupervisorSpec(options);
    await this.#await(`supervise('${spec.id}')`, async () => {
      const host = await this.started;
      await this.#supervise(host, options);
    });
  }

  /**
   * Its first child is on its way before `supervise` has returned, and only then, or soon after, it is known that it was
   * accepted: the oracle hears what is promised first, and nothing of what is refused.
   */
  #supervise(host: Host, options: SupervisorOptions): Promise<Supervisor> {
    const supervise = () => Host.prototype.supervise.call(host, options);
    const tree = handedOver(options);
    if (tree === undefined || this.#undecided.has(tree.id)) return supervise(); // it is refused
    const current = () => host.supervisors.find(({ path }) => path === tree.id);
    const before = current();
    this.#undecided.add(tree.id);
    const ready = supervise();
    const decide = (): void => {
      if (current() !== before) this.#promise(host, tree);
      this.#undecided.delete(tree.id);
      if (this.#undecided.size > 0) return;
      for (const event of this.#held.splice(0)) this.#simulation.oracle.heard(host.runId, event);
    };
    if (current() !== before) decide();
    else queueMicrotask(decide); // a listener has called, amid a turn of its host
    return ready;
  }

  #promise({ runId }: Host, tree: SupervisorOptions): void {
    this.#simulation.oracle.promise(runId, promisedBy(tree));
    this.calledFor.begins(tree.id);
    const earlier = this.supervisors.findIndex(({ id }) => id === tree.id); // it has ended
    this.supervisors.splice(earlier < 0 ? this.supervisors.length : earlier, 1, tree);
  }

  /** Stops it in order, and has the oracle look. May be called again: it is the same stop. */
  stop(): Promise<void> {
    this.#stopping ??= this.#await('stop()', () => this.#stop());
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    const host = await this.started;
    await host.stop(); // which may have been before
    if (this.#nothingLeft) this.#simulation.oracle.stopped(host.runId);
  }

  /**
   * Makes a call to one of its supervisors, once it has started, and remembers it: what becomes of its children then is as
   * it was told. Settles as `ask` does; never when its process dies first.
   */
  async call<T>(path: string, ask: (supervisor: Supervisor) => Promise<T>): Promise<T> {
    const host = this.host ?? (await this.started);
    if (!this.alive) return await new Promise(() => {});
    this.#callsOpen += 1;
    try {
      return await ask(host.supervisor(path));
    } finally {
      this.#callsOpen -= 1;
    }
  }

  /** It may have other children than those of its trees. */
  get wasCalled(): boolean {
    return this.calledFor.hasOthers;
  }

  /** This child is as somebody has called for: it need not be up. */
  wasCalledFor(path: string): boolean {
    return this.calledFor.covers(path);
  }

  /** How many calls are not answered. */
  get callsOpen(): number {
    return this.#callsOpen;
  }

  /** It was told to stop, or is about to be. */
  get stopping(): boolean {
    return this.#stopping !== undefined || this.#toldToStop;
  }

  /** Its process ends by itself, as when nothing keeps it. */
  leave(): void {
    if (!this.alive) return;
    this.process.exiting = true;
    for (const action of this.process.atExit) action();
    this.#simulation.machine.exit(this.process, 0);
  }

  /** SIGKILL. */
  kill(): void {
    this.#simulation.machine.exit(this.process, null, 'SIGKILL');
  }

  killForker(): void {
    const { forker } = this;
    if (forker !== undefined) this.#simulation.machine.exit(forker, null, 'SIGKILL');
  }

  /** The line between it and its forker breaks: the forker takes it for dead, and it takes its forker for lost. False when there is none. */
  cutLine(): boolean {
    const { forker } = this;
    return forker !== undefined && this.#installed.forkers.get(forker)?.close() === true;
  }

  /** @internal what there is to be said of it by whoever waits in vain; undefined when nothing is amiss */
  get account(): string | undefined {
    const { alive, end, pid } = this.process;
    const awaited = [...this.#awaited].join(' and ');
    if (alive) {
      return awaited === ''
        ? undefined
        : `the host with pid ${pid} has ${this.#others()}: ${awaited} is not over`;
    }
    const why = end === undefined ? 'as the power went' : `by ${end.signal ?? `exit(${end.code})`}`;
    const when = this.#diedAt === undefined ? '' : ` at ${this.#diedAt.toFixed(3)} ms`;
    return `the host with pid ${pid} is dead, ${why}${when}${awaited === '' ? '' : `: ${awaited} never comes`}`;
  }

  /** Those that it may be waiting for. */
  #others(): string {
    const { forker } = this;
    const workers = this.#simulation.machine
      .processes()
      .filter(
        ({ alive, isWorkers, parent }) =>
          alive && isWorkers && (parent === forker || parent === this.process),
      )
      .map(
        ({ commandLine, pid, stopped }) => `'${commandLine}' with pid ${pid}${stopped ? ', stopped' : ''}`,
      );
    return workers.length === 0 ? 'no worker alive' : `workers alive, ${workers.join(' and ')}`;
  }

  async #await<T>(what: string, work: () => Promise<T>): Promise<T> {
    this.#awaited.add(what);
    try {
      return await work();
    } finally {
      this.#awaited.delete(what);
    }
  }

  /** Whoever calls, its application as well, is not blamed for what it has called for. */
  #hearCalls(host: Host): void {
    const judges: readonly Tell[] = [this.#simulation.oracle.called(host.runId), this.calledFor.tell];
    const told = new WeakMap<Supervisor, Supervisor>(); // each is one, however often it is asked for
    const hear = (supervisor: Supervisor): Supervisor => {
      const [id] = supervisor.path.split('/');
      if (this.supervisors.every((tree) => tree.id !== id)) return supervisor; // nothing was promised of it
      const known = told.get(supervisor);
      if (known !== undefined) return known;
      const isBound = all().includes(supervisor); // to the one that lives now; any other is found at each call
      const telltale = telling(supervisor, judges, () => isBound && !all().includes(supervisor));
      told.set(supervisor, telltale);
      return telltale;
    };
    const find = host.supervisor.bind(host);
    const property = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(host), 'supervisors')!;
    const all = (): readonly Supervisor[] => property.get!.call(host);
    host.supervisor = (path) => hear(find(path));
    const begin = host.supervise.bind(host);
    // One of its trees that has ended, and that it begins anew: it is promised to be what it is now.
    host.supervise = async (options) =>
      this.supervisors.some(({ id }) => id === options?.id)
        ? this.#supervise(host, options).then(hear)
        : begin(options);
    Object.defineProperty(host, 'supervisors', { get: () => all().map(hear) });
  }

  /** What the application's listeners throw comes out of the simulation, and not out of the process it runs in. */
  #hearListeners(host: Host): void {
    const { events } = host;
    const on = events.on.bind(events);
    const careful = new WeakMap<Parameters<typeof on>[0], Parameters<typeof on>[0]>(); // one that is added twice is one
    events.on = (listener) => {
      const known = careful.get(listener);
      if (known !== undefined) return on(known);
      const hear: typeof listener = (event) => {
        try {
          listener(event);
        } catch (error) {
          raise(this.#simulation.machine, this.process, error);
        }
      };
      careful.set(listener, hear);
      return on(hear);
    };
  }
}
