/** One forker process, from its start to its end, as the host sees it. */
import { ForkerError } from '../../errors.ts';
import { KILL_PATIENCE_MS } from '../clear.ts';
import type { Cookie } from '../cookie.ts';
import type { ProcessIdentity } from '../identity.ts';
import type { Clock } from '../os.ts';
import { Heartbeat } from './heartbeat.ts';
import type { FifoBatch, ForkerCommand, ForkerReport } from './messages.ts';

/** How long a forker may take from its start to its first word, in milliseconds. */
const START_TIMEOUT_MS = 10_000;

export interface ForkerProcessOptions {
  readonly clock: Clock;
  readonly runId: string;
  readonly host: ProcessIdentity;
  readonly outer: readonly Cookie[];
  readonly env: Readonly<Record<string, string>>;
  readonly socketPath: string;
  readonly secret: string;
  readonly firstStream: number;
  readonly fifoDirectory: string | undefined;
  readonly firstFifos: FifoBatch | undefined;
  readonly leftovers: readonly string[];
  readonly orphanGrace: number;
  readonly onReport: (report: ForkerReport) => void;
  /** It was ready once, and is gone without having been dismissed. */
  readonly onLost: (identity: ProcessIdentity, cause: string) => void;
}

/** A forker that was just launched, or was not. */
export interface ForkerChild {
  send(command: ForkerCommand): void;
  /** Whether it keeps the host from ending. */
  hold(held: boolean): void;
  /** SIGKILL; does nothing when it is reaped already. */
  kill(): void;
  /** Closes the line, and keeps the host from ending until it has ended. */
  letGo(): void;
  /** It is dead and reaped, or never was: then with the error. */
  readonly ended: Promise<
    { readonly code: number | null; readonly signal: string | null } | { readonly error: Error }
  >;
}

/** Who hears what a forker says. */
export interface ForkerHears {
  onReport(report: ForkerReport): void;
  /** The line is closed, from whichever end. */
  onClosed(): void;
}

export type LaunchForker = (options: ForkerProcessOptions, hears: ForkerHears) => ForkerChild;

export class ForkerProcess {
  /** Rejects when it ends, or says nothing for 10 s, before it is ready. */
  readonly ready: Promise<ProcessIdentity>;
  /** It is dead and reaped. True when it ended by itself, having removed what was to be removed. */
  readonly gone: Promise<boolean>;
  readonly #child: ForkerChild;
  readonly #options: ForkerProcessOptions;
  readonly #heartbeat: Heartbeat;
  #identity: ProcessIdentity | undefined;
  #announce: (identity: ProcessIdentity) => void = () => {};
  #refuse: (error: Error) => void = () => {};
  #dismissed = false;
  #gaveUp = false;
  /** Dismissed, or dead. */
  #over = false;
  /** Why it ended, in its own words or the system's. */
  #cause = 'it closed its line';

  constructor(options: ForkerProcessOptions, launch: LaunchForker) {
    this.#options = options;
    this.#heartbeat = new Heartbeat(
      options.clock,
      () => this.send({ do: 'answer' }),
      () => this.#silent(),
    );
    this.#child = launch(options, {
      onReport: (report) => this.#heard(report),
      onClosed: () => this.#lineClosed(),
    });
    this.gone = this.#child.ended.then((end) => this.#ended(end));
    this.ready = this.#firstWord();
    this.ready.catch(() => {}); // whoever waits for it hears of it
    const { host, runId, outer, env, socketPath, secret, firstStream } = options;
    const { fifoDirectory, firstFifos, leftovers, orphanGrace } = options;
    this.send({
      do: 'begin',
      host,
      runId,
      outer,
      env,
      socketPath,
      secret,
      firstStream,
      fifoDirectory,
      firstFifos,
      leftovers,
      orphanGrace,
    });
  }

  send(command: ForkerCommand): void {
    this.#child.send(command);
  }

  /** Whether it keeps the host from ending, and is asked now and then whether it is well. */
  hold(held: boolean): void {
    this.#child.hold(held);
    if (held && !this.#over) this.#heartbeat.start();
    else this.#heartbeat.stop();
  }

  /** It may go; what it would do when the host dies, it does now. Killed when that takes longer than it may. */
  dismiss(): void {
    this.#dismissed = true;
    this.#over = true;
    this.#heartbeat.stop();
    const { clock, orphanGrace } = this.#options;
    const timer = clock.setTimeout(() => this.#child.kill(), orphanGrace + KILL_PATIENCE_MS);
    void this.gone.then(() => clock.clearTimeout(timer));
    this.#child.letGo();
  }

  #firstWord(): Promise<ProcessIdentity> {
    const { clock } = this.#options;
    const timer = clock.setTimeout(() => {
      this.#dismissed = true; // what it says from now on comes too late
      this.#refuse(new ForkerError(`the forker said nothing for ${START_TIMEOUT_MS} ms`));
      this.#child.kill();
    }, START_TIMEOUT_MS);
    return new Promise((resolve, reject) => {
      this.#announce = (identity) => {
        clock.clearTimeout(timer);
        resolve(identity);
      };
      this.#refuse = (error) => {
        clock.clearTimeout(timer);
        reject(error);
      };
    });
  }

  #ended(end: Awaited<ForkerChild['ended']>): boolean {
    this.#over = true;
    this.#heartbeat.stop();
    if ('error' in end) {
      this.#refuse(end.error);
      return false;
    }
    if (!this.#gaveUp) {
      this.#cause = end.signal === null ? `it ended with code ${end.code}` : `it was ended by ${end.signal}`;
    }
    this.#refuse(new ForkerError(this.#cause));
    return end.code === 0;
  }

  #heard(report: ForkerReport): void {
    this.#heartbeat.heard();
    if (this.#dismissed && this.#identity === undefined) return; // given up before it was ready
    if (report.is === 'ready') {
      this.#identity = report.identity;
      this.#announce(report.identity);
    } else if (report.is === 'broken') {
      this.#cause = report.message;
    } else if (report.is !== 'well') {
      this.#options.onReport(report);
    }
  }

  /** Whether it is stopped or stuck: dead, it can be replaced. */
  #silent(): void {
    this.#gaveUp = true;
    this.#cause = 'it did not answer, and was killed';
    this.#child.kill();
  }

  /** Without its line it is of no use, dead or not: make sure that it is dead. */
  #lineClosed(): void {
    if (this.#dismissed) return;
    this.#child.kill(); // our own child, not reaped yet, or this does nothing
    void this.gone.then(() => {
      if (this.#identity !== undefined) this.#options.onLost(this.#identity, this.#cause);
    });
  }
}
