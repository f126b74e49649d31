/** A machine with programs on it, the hosts that run there, and an oracle that watches: what a test holds in its hands. */

import { type Host, startHost } from '../host/host.ts';
import type { HostOptions } from '../host/options.ts';
import { SimMachine } from '../os/sim/machine.ts';
import type { Birth, SimProcess } from '../os/sim/process.ts';
import { type Program, runProgram } from '../os/sim/running.ts';
import type { Installed } from '../os/sim/sim-fork.ts';
import { simOs } from '../os/sim/sim-os.ts';
import type { SupervisorOptions } from '../supervisor/supervisor-spec.ts';
import type { Violation } from './invariants.ts';
import { Oracle } from './oracle.ts';
import { promisedBy } from './supervision-oracle.ts';
import { createTrace, type Trace } from './trace.ts';

export interface SimulationOptions {
  /** Everything follows from it; default 1. */
  readonly seed?: number;
  /** The highest pid there is; default 64. */
  readonly pidMax?: number;
  /** The unit of start times in milliseconds: what is born within one cannot be told apart. Default 10, as on Linux. */
  readonly tick?: number;
  /** What can be started, by command. */
  readonly programs?: Readonly<Record<string, Program>>;
}

/** Where the hosts of a simulation keep their records. */
const STATE_DIRECTORY = '/state';
/** Milliseconds of virtual time after which whatever is waited for is taken not to come. */
const PATIENCE_MS = 600_000;

/** Thrown when what a test waits for cannot come any more, or does not come in time. */
export class SimulationStuck extends Error {
  override readonly name = 'SimulationStuck';
}

export interface SimHostOptions extends Omit<HostOptions, 'os' | 'stateDirectory'> {
  /** Whose process it is; default 0, root. */
  readonly userId?: number;
}

export class Simulation {
  readonly machine: SimMachine;
  readonly oracle: Oracle;
  readonly trace: Trace;
  readonly hosts: SimHost[] = [];
  readonly #programs: Map<string, Program>;
  readonly #installed: Installed;

  constructor({ seed = 1, programs = {}, ...rest }: SimulationOptions = {}) {
    this.machine = new SimMachine({ seed, ...rest });
    this.trace = createTrace(this.machine);
    this.oracle = new Oracle(this.machine, STATE_DIRECTORY);
    this.#programs = new Map(Object.entries(programs));
    this.#installed = { machine: this.machine, programs: this.#programs, forkers: new Map() };
  }

  /** What the oracle has seen broken. */
  get violations(): readonly Violation[] {
    return this.oracle.violations;
  }

  /** From now on `command` starts this program. */
  install(command: string, program: Program): void {
    this.#programs.set(command, program);
  }

  /** A process that has nothing to do with any host; undefined when there are too many. */
  stranger(
    program: Program,
    commandLine = 'stranger',
    environment: Readonly<Record<string, string>> = {},
  ): SimProcess | undefined {
    try {
      const process = this.#forkAlone({ commandLine, environment });
      runProgram(this.machine, process, program);
      return process;
    } catch {
      return undefined;
    }
  }

  /** A child of pid 1 in a session of its own, that is nobody's. */
  #forkAlone(birth: Partial<Birth>): SimProcess {
    return this.machine.fork(this.machine.init, {
      environment: {},
      userId: 0,
      session: undefined,
      group: undefined,
      origin: undefined,
      ...birth,
    });
  }

  /** A host in a process of its own. `started` never settles when that process dies first. */
  boot({ userId = 0, ...options }: SimHostOptions = {}): SimHost {
    const process = this.#forkAlone({ commandLine: 'node app.js', userId, threaded: true });
    const host = new SimHost(this, this.#installed, process, options);
    this.hosts.push(host);
    return host;
  }

  /** Boots a host and waits until it has started. */
  async startHost(options: SimHostOptions = {}): Promise<SimHost> {
    const host = this.boot(options);
    await host.started;
    return host;
  }

  /** Lets things happen until `work` is done, and hands on what became of it. */
  async run<T>(work: Promise<T> | (() => Promise<T>), patience = PATIENCE_MS): Promise<T> {
    const outcome: { settled?: () => T } = {};
    const promise = typeof work === 'function' ? work() : work;
    promise.then(
      (value) => {
        outcome.settled = () => value;
      },
      (error: unknown) => {
        outcome.settled = () => {
          throw error;
        };
      },
    );
    await this.machine.timeline.settle();
    const limit = this.machine.timeline.now + patience;
    while (outcome.settled === undefined) {
      const next = this.machine.timeline.nextAt;
      if (next === undefined) throw new SimulationStuck('nothing is left to happen');
      if (next > limit) throw new SimulationStuck(`not within ${patience} ms`);
      await this.machine.timeline.step();
    }
    return outcome.settled();
  }

  /** Lets things happen for so many milliseconds. */
  async pass(ms: number): Promise<void> {
    await this.machine.timeline.settle();
    const end = this.machine.timeline.now + ms;
    let over = false;
    this.machine.timeline.add(ms, () => {
      over = true;
    });
    while (!over && (this.machine.timeline.nextAt ?? Number.POSITIVE_INFINITY) <= end) {
      await this.machine.timeline.step();
    }
  }
}

/** One host on a simulated machine: its process, its forkers, and the host itself once it has started. */
export class SimHost {
  readonly process: SimProcess;
  readonly started: Promise<Host>;
  readonly supervisors: SupervisorOptions[] = [];
  host: Host | undefined;
  #stopping: Promise<void> | undefined;
  readonly #simulation: Simulation;
  readonly #installed: Installed;

  /** @internal use `Simulation.boot` */
  constructor(simulation: Simulation, installed: Installed, process: SimProcess, options: HostOptions) {
    this.process = process;
    this.#simulation = simulation;
    this.#installed = installed;
    const os = simOs(installed, process);
    this.started = startHost({ ...options, os, stateDirectory: STATE_DIRECTORY }).then((host) => {
      this.host = host;
      host.events.on((event) => {
        simulation.oracle.heard(host.runId, event);
        simulation.trace.event(event);
      });
      return host;
    });
    this.started.catch(() => {}); // whoever waits hears of it
  }

  get alive(): boolean {
    return this.process.alive;
  }

  /** Its present forker, if there is one alive. */
  get forker(): SimProcess | undefined {
    return [...this.#installed.forkers.keys()].find(({ alive, parent }) => alive && parent === this.process);
  }

  async supervise(options: SupervisorOptions): Promise<void> {
    const host = await this.started;
    this.#simulation.oracle.promise(host.runId, options.id, promisedBy(options));
    this.supervisors.push(options);
    await host.supervise(options);
  }

  /** Stops it in order, and has the oracle look. May be called again: it is the same stop. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    const host = await this.started;
    const nothingLeft = new Promise<boolean>((resolve) => {
      host.events.on((event) => {
        if (event.type === 'host.stopped') resolve(event.nothingLeft);
      });
    });
    await host.stop();
    if (await nothingLeft) this.#simulation.oracle.stopped(host.runId);
  }

  /** `stop()` was called. */
  get stopping(): boolean {
    return this.#stopping !== undefined;
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

  /** The line between it and its forker breaks, and both live. */
  cutLine(): void {
    const { forker } = this;
    if (forker !== undefined) this.#installed.forkers.get(forker)?.close();
  }
}
