/** A machine with programs on it, the hosts that run there, and an oracle that watches: what a test holds in its hands. */

import { milliseconds } from '../os/sim/checks.ts';
import { SimMachine } from '../os/sim/machine.ts';
import type { Birth, SimProcess } from '../os/sim/process.ts';
import { type Program, runProgram } from '../os/sim/running.ts';
import type { Installed } from '../os/sim/sim-fork.ts';
import { blamed } from '../os/sim/simulation-error.ts';
import type { Violation } from './invariants.ts';
import {
  readProgram,
  readSimHostOptions,
  readSimulationOptions,
  type SimHostOptions,
  type SimulationOptions,
} from './options.ts';
import { Oracle } from './oracle.ts';
import { SimHost, STATE_DIRECTORY } from './sim-host.ts';
import { createTrace, type Trace } from './trace.ts';

export type { SimHost } from './sim-host.ts';

/** Milliseconds of virtual time after which whatever is waited for is taken not to come. */
const PATIENCE_MS = 600_000;

/** Thrown when what a test waits for cannot come any more, or does not come in time. */
export class SimulationStuck extends Error {
  override readonly name = 'SimulationStuck';
}

export class Simulation {
  readonly machine: SimMachine;
  readonly oracle: Oracle;
  readonly trace: Trace;
  readonly hosts: SimHost[] = [];
  readonly #programs: Map<string, Program>;
  readonly #installed: Installed;

  /** Throws an `OptionsError`. */
  constructor(options: SimulationOptions = {}) {
    const { programs, ...rest } = readSimulationOptions(options);
    this.machine = new SimMachine(rest);
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
    this.#programs.set(command, readProgram(command, program));
  }

  /** A process that has nothing to do with any host; undefined when it cannot be forked. */
  stranger(
    program: Program,
    commandLine = 'stranger',
    environment: Readonly<Record<string, string>> = {},
  ): SimProcess | undefined {
    readProgram(commandLine, program, 'stranger');
    let process: SimProcess;
    try {
      process = this.#forkAlone({ commandLine, environment });
    } catch {
      return undefined;
    }
    runProgram(this.machine, process, program);
    return process;
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

  /**
   * A host in a process of its own. `started` never settles when that process dies first. Throws an `OptionsError`, and
   * an EAGAIN when there is no pid left.
   */
  boot(options: SimHostOptions = {}): SimHost {
    const { userId, rest } = readSimHostOptions(options);
    const process = this.#forkAlone({ commandLine: 'node app.js', userId, threaded: true });
    const host = new SimHost(this, this.#installed, process, rest);
    this.hosts.push(host);
    return host;
  }

  /**
   * Boots a host and waits until it has started. To await this alone is to wait for ever, since nothing happens by
   * itself: `await simulation.run(simulation.startHost())`.
   */
  async startHost(options: SimHostOptions = {}): Promise<SimHost> {
    const host = this.boot(options);
    await host.started;
    return host;
  }

  /**
   * Lets things happen until `work` is done, and hands on what became of it. Throws `SimulationStuck` when it cannot be
   * done any more, or not in time, and a `SimulationError` for what a program or the application throws meanwhile.
   *
   * @param patience milliseconds of virtual time; default 600,000
   */
  async run<T>(work: Promise<T> | (() => Promise<T>), patience = PATIENCE_MS): Promise<T> {
    milliseconds('run()', patience);
    const outcome: { settled?: () => T } = {};
    const promise = Promise.resolve(typeof work === 'function' ? work() : work);
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
      if (next === undefined) throw this.#stuck('nothing is left to happen');
      if (next > limit) throw this.#stuck(`not within ${patience} ms`);
      await this.#step();
    }
    return outcome.settled();
  }

  /** Lets things happen for so many milliseconds. */
  async pass(ms: number): Promise<void> {
    milliseconds('pass()', ms);
    await this.machine.timeline.settle();
    const end = this.machine.timeline.now + ms;
    let over = false;
    this.machine.timeline.add(ms, () => {
      over = true;
    });
    while (!over && (this.machine.timeline.nextAt ?? Number.POSITIVE_INFINITY) <= end) {
      await this.#step();
    }
  }

  async #step(): Promise<void> {
    const { prng, timeline } = this.machine;
    try {
      await timeline.step();
    } catch (error) {
      throw blamed({ seed: prng.seed, at: timeline.now }, error);
    }
  }

  /** Whoever waits for a dead host waits in vain, and is told so; of a living one, what it waits for itself. */
  #stuck(why: string): SimulationStuck {
    const accounts = this.hosts.map(({ account }) => account).filter((one) => one !== undefined);
    return new SimulationStuck([why, ...accounts].join('; '));
  }
}
