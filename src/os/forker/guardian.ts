/** What the forker does: it obeys its host, and when the host is gone it ends all that is left and removes its traces. */
import type { SpawnFailure } from '../../errors.ts';
import { SharedCensus } from '../census.ts';
import { type ProcessIdentity, sameProcess } from '../identity.ts';
import type { Clock, Kernel } from '../os.ts';
import { pause } from '../pause.ts';
import { Children, type ForkedChild } from './children.ts';
import type { Begin, FifoBatch, ForkerCommand, ForkerReport, ForkOrder } from './messages.ts';

/** What outlasts SIGKILL by this many milliseconds is left to a sweep, and with it the run's file. */
const ORPHANS_PATIENCE_MS = 60_000;
/** Milliseconds between two looks whether the host is dead. */
const LOOK_AFTER_HOST_MS = 20;

/** The forker's ends of its children's streams. */
export interface ForkerStreams {
  /** Connects one socket to the host, ahead of need. */
  connect(): void;
  /** False when there can be none. */
  makeFifos(batch: FifoBatch): Promise<boolean>;
  /**
   * Opens what the order names, forks with it, and closes its own copies. Throws (any error) when something cannot be
   * opened; nothing stays open then.
   */
  fork(order: ForkOrder, env: NodeJS.ProcessEnv): ForkedChild;
}

export interface GuardianParts {
  readonly kernel: Kernel;
  readonly clock: Clock;
  readonly report: (report: ForkerReport) => void;
  readonly openStreams: (begin: Begin, onConnectFailed: (failure: SpawnFailure) => void) => ForkerStreams;
  /** False when something of it stays. */
  readonly remove: (path: string) => boolean;
  readonly exit: (code: number) => void;
}

/** What there is from the host's first word on. */
interface Charge {
  readonly children: Children;
  readonly streams: ForkerStreams;
  readonly leftovers: readonly string[];
  readonly host: ProcessIdentity;
}

export class Guardian {
  readonly #parts: GuardianParts;
  #charge: Charge | undefined;
  /** The host has ordered the end of its run. */
  #closed = false;
  /** The pids of what would not die. */
  #left: readonly number[] = [];

  constructor(parts: GuardianParts) {
    this.#parts = parts;
  }

  obey(command: ForkerCommand): void {
    if (command.do === 'begin') {
      void this.#start(command);
      return;
    }
    const { children, streams } = this.#charge!;
    if (command.do === 'connect') {
      for (let count = 0; count < command.count; count += 1) streams.connect();
    } else if (command.do === 'make-fifos') {
      void this.#makeFifos(streams, command.batch);
    } else if (command.do === 'fork') {
      void children.fork(command.order, (env) => streams.fork(command.order, env));
    } else if (command.do === 'signal') {
      children.signal(command.id, command.workerId, command.signal);
    } else if (command.do === 'answer') {
      this.#parts.report({ is: 'well' });
    } else {
      this.#closed = true;
      void this.#close(children, command.left);
    }
  }

  async hostIsGone(): Promise<void> {
    const { exit, remove } = this.#parts;
    if (this.#charge === undefined) return exit(0);
    const { children, leftovers, host } = this.#charge;
    // What did not die while the host waited is not tried again while it waits for us.
    if (this.#left.length === 0) this.#left = await children.clearAll(ORPHANS_PATIENCE_MS);
    if (this.#left.length > 0) return exit(1);
    await this.#hostIsDead(host);
    const kept = leftovers.filter((path) => !remove(path));
    return exit(kept.length === 0 ? 0 : 1);
  }

  /** A host that lives has lost its line and nothing else: its run goes on, with another forker, and it kills this one. */
  async #hostIsDead(host: ProcessIdentity): Promise<void> {
    const { kernel, clock } = this.#parts;
    while (!this.#closed) {
      const seen = await kernel.sight(host.pid);
      if (seen === undefined || seen.zombie || !sameProcess(seen, host)) return;
      await pause(clock, LOOK_AFTER_HOST_MS);
    }
  }

  async #start(begin: Begin): Promise<void> {
    const { kernel, clock, report, openStreams } = this.#parts;
    const { runId, outer, env, orphanGrace, leftovers, host, firstFifos } = begin;
    const tools = { kernel, clock, census: new SharedCensus(kernel, clock) };
    const children = new Children({ tools, runId, outer, env, orphanGrace, report });
    const streams = openStreams(begin, (failure) => report({ is: 'connect-failed', failure }));
    this.#charge = { children, streams, leftovers, host };
    if (firstFifos !== undefined) await this.#makeFifos(streams, firstFifos);
    report({ is: 'ready', identity: kernel.self.identity });
  }

  async #makeFifos(streams: ForkerStreams, batch: FifoBatch): Promise<void> {
    const made = await streams.makeFifos(batch);
    this.#parts.report(made ? { is: 'fifos-made', batch } : { is: 'fifos-refused' });
  }

  async #close(children: Children, before: readonly number[]): Promise<void> {
    this.#left = [...new Set([...before, ...(await children.clearAll())])];
    this.#parts.report({ is: 'closed', left: this.#left });
  }
}
