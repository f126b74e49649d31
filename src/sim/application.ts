/** An application on a simulated host: what it does there, and what is asked of it. */
import { HostStoppedError, messageOf, OptionsError, ReeveError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { milliseconds } from '../os/sim/checks.ts';
import { raise } from '../os/sim/simulation-error.ts';
import { type SimHost, type Simulation, SimulationStuck } from './simulation.ts';

/** Milliseconds of virtual time: with its host in peace for so long, an application is at work, or done. */
const AT_WORK_WITHIN_MS = 10_000;
/** Milliseconds of virtual time that it may go on when its host has stopped. */
const OVER_WITHIN_MS = 60_000;

/** What an application has beside its host, in place of timers, and of chance, of its own. */
export interface ApplicationSelf {
  /** Resolves so many milliseconds of virtual time later. Throws a `RangeError` for what is no time. */
  pause(ms: number): Promise<void>;
  /** From 0 up to, and without, 1, by the seed. */
  random(): number;
  /** Aborted, with a `HostStoppedError`, when its host is told to stop. */
  readonly signal: AbortSignal;
}

/**
 * What an application does with a host that has just started: it opens pools, makes calls, runs tasks. It resolves when
 * it is done, once its host has stopped at the latest. When its process dies it goes no further.
 */
export type Application = (host: Host, self: ApplicationSelf) => unknown;

/** One application on one host. */
export class ApplicationRun {
  readonly #simulation: Simulation;
  readonly #host: SimHost;
  /** Settles when it is over, however that came; never when its process dies first. */
  readonly #over: Promise<void>;
  /** What it failed with that was Reeve's to say, before its host was told to stop. */
  #refused: string | undefined;

  constructor(simulation: Simulation, host: SimHost, application: Application) {
    this.#simulation = simulation;
    this.#host = host;
    this.#over = host.started.then(
      (started) => this.#live(started, application),
      () => {}, // there is no host for it
    );
  }

  /** Nothing is wrong, and nothing ever was: it is left to its work, in which nothing may fail. */
  async beAtWork(): Promise<void> {
    await this.#simulation.run(Promise.race([this.#over, this.#pause(AT_WORK_WITHIN_MS)]));
    if (this.#refused !== undefined) {
      const detail = `the application failed, though nothing was wrong: ${this.#refused}`;
      this.#simulation.oracle.fail('quiet-means-healthy', detail);
    }
  }

  /** Its host has stopped in order: whatever it waits for there has its answer. */
  async beOver(): Promise<void> {
    try {
      await this.#simulation.run(this.#over, OVER_WITHIN_MS);
    } catch (error) {
      if (!(error instanceof SimulationStuck)) throw error;
      if (!this.#host.alive) return;
      const detail = `the application is not over, though its host has stopped: ${error.message}`;
      this.#simulation.oracle.fail('every-request-settles-once', detail);
    }
  }

  async #live(host: Host, application: Application): Promise<void> {
    const stop = new AbortController();
    host.events.on(({ type }) => {
      if (type === 'host.stopping') stop.abort(new HostStoppedError());
    });
    const { prng } = this.#simulation.machine;
    try {
      await application(host, {
        pause: (ms) => this.#pause(milliseconds('pause()', ms)),
        random: () => prng.fraction(),
        signal: stop.signal,
      });
    } catch (error) {
      this.#failed(error);
    }
  }

  /** What Reeve says is a matter of course while something is wrong. Whatever else is thrown is the application's own. */
  #failed(error: unknown): void {
    const reeves = causesOf(error).find((cause) => cause instanceof ReeveError);
    if (reeves === undefined) {
      const detail = error instanceof Error ? `${error.name}: ${error.message}` : messageOf(error);
      this.#simulation.oracle.fail('application-holds', detail);
    } else if (reeves instanceof OptionsError) {
      raise(this.#simulation.machine, this.#host.process, error); // of what cannot be meant nothing was tried
    } else if (!this.#host.stopping) {
      this.#refused ??= messageOf(error);
    }
  }

  #pause(ms: number): Promise<void> {
    const { machine } = this.#simulation;
    return new Promise((resolve) => {
      machine.timeline.add(ms, () => machine.happen(this.#host.process, resolve));
    });
  }
}

/** An error, and all that it was made of: its cause, or, of an `AggregateError`, its errors. */
function causesOf(error: unknown): readonly unknown[] {
  const found = new Set<unknown>([error]);
  for (const one of found) {
    if (!(one instanceof Error)) continue;
    if (one.cause !== undefined) found.add(one.cause);
    if (one instanceof AggregateError) for (const other of one.errors) found.add(other);
  }
  return [...found];
}
