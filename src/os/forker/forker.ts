/** The host's side of the forker: starts it, has it fork, and when it is lost clears up and starts another. */
import { ForkerError, messageOf, type SpawnFailure } from '../../errors.ts';
import type { ClearingTools } from '../clearing.ts';
import type { ProcessIdentity } from '../identity.ts';
import type {
  OsProcess,
  OsProcessEvent,
  Signal,
  Spawner,
  SpawnerOptions,
  SpawnRequest,
  Timer,
} from '../os.ts';
import { pause } from '../pause.ts';
import { Aftermath } from './aftermath.ts';
import { Birth } from './birth.ts';
import { orderOf, streamsOf } from './fork-order.ts';
import { ForkerProcess, type LaunchForker } from './forker-process.ts';
import type { ChildReport, ForkerCommand, ForkerReport } from './messages.ts';
import { CLOSED, FORKER_LOST, failure } from './spawn-failure.ts';
import type { HostEnd, Supply } from './supply.ts';

/** A new forker that dies before it is ready is tried again this often, then its workers fail to start. */
const ATTEMPTS = 3;
/** Milliseconds before the second attempt, and three times that before the third: what was short may come back. */
const RETRY_AFTER_MS = 100;
/** What could not be cleared up after a lost forker is tried again after so many milliseconds, wanted or not. */
const CLEAR_AGAIN_AFTER_MS = 2_000;

/** More than one forker can ever connect: its streams' numbers stay below the next one's. */
const STREAMS_PER_FORKER = 10 ** 10;

export interface ForkerSpawnerOptions extends Omit<SpawnerOptions, 'fifoDirectory'> {
  readonly tools: ClearingTools;
  readonly secret: string;
  /** Undefined when there are to be no FIFOs. */
  readonly fifoDirectory: string | undefined;
  readonly leftovers: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly launch: LaunchForker;
  /** @param send tells the present forker, if there is one */
  readonly supply: (send: (command: ForkerCommand) => void) => Supply;
}

export class ForkerSpawner implements Spawner {
  readonly #options: ForkerSpawnerOptions;
  readonly #births = new Map<number, Birth>();
  readonly #streams: Supply;
  readonly #aftermath: Aftermath;
  #clearAgain: Timer;
  #forker: ForkerProcess | undefined;
  /** Of the present one, or the last. */
  #forkerPid = 0;
  #failedToStart = false;
  /** Settles when there is a forker again, or none can be had. */
  #ready: Promise<void> = Promise.resolve();
  #lastId = 0;
  /** The present forker's streams have higher numbers. */
  #firstStream = 0;
  #closing: Promise<readonly number[]> | undefined;
  /** With what the forker could not end; undefined when it is lost, and that is ours to find out. */
  #closed: (left: readonly number[] | undefined) => void = () => {};

  constructor(options: ForkerSpawnerOptions) {
    this.#options = options;
    this.#aftermath = new Aftermath(options);
    this.#streams = options.supply((command) => this.#send(command));
  }

  start(): Promise<void> {
    return this.#become(this.#startForker());
  }

  /** What births wait for from now on. When it fails they are told, and the next birth has it tried again. */
  #become(ready: Promise<void>): Promise<void> {
    this.#ready = ready;
    this.#failedToStart = false;
    ready.catch((error: unknown) => {
      this.#failedToStart = true;
      this.#streams.failAll(failure('forker', error));
      if (!this.#aftermath.isPending) return;
      const { clock } = this.#options.tools;
      this.#clearAgain = clock.setTimeout(() => this.#startAnew(), CLEAR_AGAIN_AFTER_MS);
    });
    return ready;
  }

  /** If none can be had at present. */
  #startAnew(): void {
    this.#options.tools.clock.clearTimeout(this.#clearAgain);
    if (this.#failedToStart && this.#closing === undefined) void this.#become(this.#startForker());
  }

  spawn(request: SpawnRequest, listener: (event: OsProcessEvent) => void): OsProcess {
    this.#lastId += 1;
    const birth = new Birth(this.#lastId, request, listener);
    this.#births.set(birth.id, birth);
    this.#forker?.hold(true);
    if (this.#closing === undefined) void this.#order(birth);
    else queueMicrotask(() => this.#failed(birth, CLOSED));
    return { signal: (signal) => this.#signal(birth, signal) };
  }

  #signal(birth: Birth, signal: Signal | undefined): void {
    const isThere = birth.phase === 'alive' || birth.phase === 'exited';
    if (!isThere || !this.#births.has(birth.id)) return; // there is nobody to be signalled
    birth.signalled = true;
    this.#send({ do: 'signal', id: birth.id, workerId: birth.request.workerId, signal: signal ?? null });
  }

  close(): Promise<readonly number[]> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<readonly number[]> {
    await this.#ready.catch(() => {});
    this.#options.tools.clock.clearTimeout(this.#clearAgain);
    const forker = this.#forker;
    if (forker === undefined) return this.#endByOurselves();
    const closed = new Promise<readonly number[] | undefined>((resolve) => {
      this.#closed = resolve;
    });
    forker.hold(true);
    forker.send({ do: 'close', left: await this.#aftermath.left() });
    const told = await closed.finally(() => {
      this.#streams.clear();
      forker.dismiss();
    });
    const left = told ?? (await this.#endByOurselves());
    const endedWell = await forker.gone;
    if (left.length > 0 || endedWell || this.#forker !== forker) return left;
    throw new ForkerError('the forker did not end by itself, and may not have removed all');
  }

  /** Without a forker. */
  async #endByOurselves(): Promise<readonly number[]> {
    await this.#aftermath.clear();
    return this.#aftermath.left();
  }

  abandon(): void {
    // The line closes with this process, and the forker does the rest.
  }

  async #order(birth: Birth): Promise<void> {
    try {
      this.#startAnew();
      const ends = await this.#takeStreams(birth.request);
      birth.ends = ends;
      birth.phase = 'ordered';
      this.#send({ do: 'fork', order: orderOf(birth.id, birth.request, ends) });
    } catch (error) {
      this.#failed(birth, isSpawnFailure(error) ? error : failure('forker', error));
    }
  }

  /** From the forker that is to get the order: streams of one that was lost meanwhile are of no use to the next. */
  async #takeStreams(request: SpawnRequest): Promise<readonly HostEnd[]> {
    for (;;) {
      await this.#ready;
      if (this.#closing !== undefined) throw CLOSED;
      const forker = this.#forker;
      const ends = await this.#streams.take(request);
      if (forker !== undefined && forker === this.#forker && this.#closing === undefined) return ends;
      for (const end of ends) end.destroy();
    }
  }

  #send(command: ForkerCommand): void {
    this.#forker?.send(command);
  }

  /** What the one before had started is ended by then, or SIGKILL does not end it. */
  async #startForker(): Promise<void> {
    const { kernel, clock } = this.#options.tools;
    this.#tellLeft(await this.#aftermath.clear());
    for (let attempt = 1; ; attempt += 1) {
      const begun = clock.monotonic();
      this.#firstStream += STREAMS_PER_FORKER;
      try {
        const forker = new ForkerProcess(
          {
            ...this.#options,
            clock,
            host: kernel.self.identity,
            outer: kernel.self.cookies,
            firstStream: this.#firstStream,
            firstFifos: this.#streams.firstFifos(),
            onReport: (report) => this.#heard(report),
            onLost: (identity, cause) => void this.#lost(forker, identity, cause),
          },
          this.#options.launch,
        );
        this.#forker = forker;
        const identity = await forker.ready;
        this.#forkerPid = identity.pid;
        forker.hold(this.#births.size > 0);
        this.#streams.refill();
        this.#options.onForker({ type: 'started', identity, ms: clock.monotonic() - begun });
        return;
      } catch (error) {
        this.#forker = undefined;
        if (attempt === ATTEMPTS) throw new ForkerError(`no forker: ${messageOf(error)}`, { cause: error });
        await pause(clock, RETRY_AFTER_MS * 3 ** (attempt - 1));
      }
    }
  }

  #heard(report: ForkerReport): void {
    this.#streams.heard(report);
    if (report.is === 'closed') this.#closed(report.left);
    else if ('id' in report) this.#heardOf(this.#births.get(report.id), report);
  }

  #heardOf(birth: Birth | undefined, report: ChildReport): void {
    if (birth === undefined) return;
    if (report.is === 'forked') {
      const streams = streamsOf(birth.request, birth.ends);
      birth.forked(report.identity, streams, this.#options.tools, this.#forkerPid);
    } else if (report.is === 'fork-failed') {
      this.#failed(birth, report.failure);
    } else if (report.is === 'exited') {
      const { code, signal } = report;
      // Told before the forker knew that it was to be ended: what it left outside its group is being looked for.
      const treeEmpty = report.treeEmpty && (report.asked || !birth.signalled);
      if (treeEmpty) this.#forget(birth);
      birth.exited({ type: 'os.exited', code, signal, treeEmpty });
    } else {
      this.#forget(birth);
      birth.listener({ type: 'os.treeEmpty' });
    }
  }

  #failed(birth: Birth, spawnFailure: SpawnFailure): void {
    this.#forget(birth);
    birth.failed(spawnFailure);
  }

  #forget(birth: Birth): void {
    this.#births.delete(birth.id);
    if (this.#births.size === 0 && this.#closing === undefined) this.#forker?.hold(false);
  }

  /** The forker died: what it had started is ended here, verified, before anything new is started. */
  async #lost(forker: ForkerProcess, identity: ProcessIdentity, cause: string): Promise<void> {
    if (forker !== this.#forker) return;
    const births = [...this.#births.values()].filter((birth) => birth.phase !== 'waiting');
    this.#forker = undefined;
    this.#streams.clear();
    this.#aftermath.begin(births);
    void this.#become(this.#recover(births));
    this.#options.onForker({ type: 'lost', identity, workers: births.length, cause });
    for (const birth of births) birth.orphaned();
    await forker.gone;
  }

  /** Its births are told that they are over even if nobody can look for them: who stops them must not wait for ever. */
  async #recover(births: readonly Birth[]): Promise<void> {
    const cleared = this.#aftermath.clear();
    const inVain = await cleared.then(() => undefined, messageOf);
    for (const birth of births) {
      if (birth.phase === 'ordered') this.#failed(birth, FORKER_LOST);
      else {
        this.#forget(birth);
        birth.listener({ type: 'os.treeEmpty' });
      }
    }
    if (this.#closing !== undefined) return this.#closed(undefined);
    if (inVain !== undefined) this.#options.onForker({ type: 'left-behind', pids: [], message: inVain });
    this.#tellLeft(await cleared); // in vain, no other forker is started beside what may be alive
    await this.#startForker();
  }

  #tellLeft(pids: readonly number[]): void {
    if (pids.length === 0) return;
    this.#options.onForker({ type: 'left-behind', pids, message: 'SIGKILL did not end them' });
  }
}

const isSpawnFailure = (error: unknown): error is SpawnFailure =>
  typeof error === 'object' && error !== null && 'phase' in error && !(error instanceof Error);
