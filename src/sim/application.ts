/** An application on a simulated host: what it does there, and what is asked of it. */
import { HostStoppedError, messageOf, OptionsError, ReeveError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { isGenerator, milliseconds } from '../os/sim/checks.ts';
import type { Prng } from '../os/sim/prng.ts';
import { raise } from '../os/sim/simulation-error.ts';
import { type SimHost, type Simulation, SimulationStuck } from './simulation.ts';

/** Milliseconds of virtual time: with its host in peace for so long, an application is at work, or done. */
const AT_WORK_WITHIN_MS = 20_000;
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
  /** Of its own: what it asks changes nothing for others. */
  readonly #chance: Prng;
  /** Settles when it is over, however that came; never when its process dies first. */
  readonly #over: Promise<void>;
  readonly #stop = new AbortController();
  /** Nobody listens any more. */
  #isLeft = false;
  #isInPeace = false;
  /** What it failed with that was Reeve's to say, before its host was told to stop, when it was not known to be in peace. */
  #refused: { readonly error: unknown } | undefined;

  constructor(simulation: Simulation, host: SimHost, application: Application) {
    this.#simulation = simulation;
    this.#host = host;
    this.#chance = simulation.machine.prng.split();
    this.#over = host.started.then(
      (started) => this.#live(started, application),
      () => {}, // there is no host for it
    );
  }

  /** Nothing is wrong, nothing ever was, and nothing will be: it is left to its work, in which nothing may fail. */
  async beAtWork(): Promise<void> {
    this.#isInPeace = true;
    if (this.#refused !== undefined) this.#complain(this.#refused.error);
    await this.#simulation.run(Promise.race([this.#over, this.#pause(AT_WORK_WITHIN_MS)]));
  }

  /** Its host has stopped in order: whatever it waits for there has its answer. */
  async beOver(): Promise<void> {
    try {
      await this.#simulation.run(this.#over, OVER_WITHIN_MS);
    } catch (error) {
      if (!(error instanceof SimulationStuck)) throw error;
      if (!this.#host.alive) return;
      const detail = `the application is not over, though its host has stopped: ${error.message}. Does it look at its signal, and wait for no timer of its own?`;
      this.#simulation.oracle.fail('every-request-settles-once', detail);
    }
  }

  /** The life is over. What it still does, dead as it is, by timers of its own, would keep the test from its end. */
  leave(): void {
    this.#isLeft = true;
    this.#stop.abort(new HostStoppedError());
  }

  async #live(host: Host, application: Application): Promise<void> {
    host.events.on(({ type }) => {
      if (type === 'host.stopping') this.#stop.abort(new HostStoppedError());
    });
    try {
      const over = await application(host, {
        pause: (ms) => {
          this.#simulation.trace.note(`${this.#host.process.pid} pauses ${milliseconds('pause()', ms)} ms`);
          return this.#pause(ms);
        },
        random: () => this.#chance.fraction(),
        signal: this.#stop.signal,
      });
      if (isGenerator(over))
        throw new OptionsError('world.application', 'is a generator: nobody runs what it does');
    } catch (error) {
      this.#failed(error);
    }
  }

  /** What Reeve says is a matter of course while something is wrong. Whatever else is thrown is the application's own. */
  #failed(error: unknown): void {
    if (this.#isLeft) return;
    const { machine, oracle } = this.#simulation;
    const reeves = reevesIn(error);
    if (reeves === undefined) {
      oracle.fail('application-holds', told(error), error);
    } else if (reeves instanceof OptionsError) {
      raise(machine, this.#host.process, error); // of what cannot be meant nothing was tried
    } else if (!this.#host.stopping) {
      if (this.#isInPeace) this.#complain(error);
      else this.#refused = { error };
    }
  }

  #complain(error: unknown): void {
    const detail = `the application failed, though nothing was wrong: ${told(error)}`;
    this.#simulation.oracle.fail('quiet-means-healthy', detail, error);
  }

  #pause(ms: number): Promise<void> {
    const { machine } = this.#simulation;
    return new Promise((resolve) => {
      machine.timeline.add(ms, () => machine.happen(this.#host.process, resolve));
    });
  }
}

/** What Reeve has said, if that is all there is to an error: it, its cause, or each of those that were gathered in it. */
function reevesIn(error: unknown, seen: readonly unknown[] = []): ReeveError | undefined {
  try {
    if (error instanceof ReeveError) return error;
    // An assertion that does not hold is one, whatever it was made of.
    if (!(error instanceof Error) || error.name === 'AssertionError' || seen.includes(error))
      return undefined;
    const inside = [...seen, error];
    if (!(error instanceof AggregateError)) return reevesIn(error.cause, inside);
    const all = error.errors.map((one) => reevesIn(one, inside));
    return all.every((one) => one !== undefined) ? all[0] : undefined;
  } catch {
    return undefined; // it throws when it is asked, and so is nobody's but the application's
  }
}

/** Whatever it is, and whatever comes of asking it. */
function told(error: unknown): string {
  try {
    const all =
      error instanceof AggregateError ? error.errors.map((one) => `; ${messageOf(one)}`).join('') : '';
    return `${error instanceof Error ? `${error.name}: ` : ''}${messageOf(error)}${all}`;
  } catch {
    return 'it throws what cannot be told';
  }
}
