/** Spawning without a forker: the host forks. For one-shot scripts; a host killed outright leaves work for a sweep. */
import type { ClearingTools } from '../clearing.ts';
import type { OsProcess, OsProcessEvent, Spawner, SpawnerOptions, SpawnRequest, Streams } from '../os.ts';
import { whenSettled } from '../settle.ts';
import { Children, type ForkedChild } from './children.ts';
import { environmentOf } from './fork-order.ts';
import type { ChildReport, ForkOrder } from './messages.ts';
import { CLOSED } from './spawn-failure.ts';

/** A child with the host's ends of its streams. */
export type DirectChild = ForkedChild & { readonly streams: () => Streams };

interface Birth {
  readonly listener: (event: OsProcessEvent) => void;
  readonly child: Promise<DirectChild | undefined>;
  alive: boolean;
  stopSettling: () => void;
  /** Its tree is empty when that was said after the signal. */
  signalled: boolean;
}

export interface DirectSpawnerOptions extends SpawnerOptions {
  readonly tools: ClearingTools;
  readonly env: Readonly<Record<string, string>>;
  /** Throws when a stream cannot be opened. */
  readonly fork: (order: ForkOrder, request: SpawnRequest, env: NodeJS.ProcessEnv) => DirectChild;
}

export class DirectSpawner implements Spawner {
  readonly #tools: ClearingTools;
  readonly #children: Children;
  readonly #forkWith: DirectSpawnerOptions['fork'];
  readonly #births = new Map<number, Birth>();
  #lastId = 0;
  #closed = false;

  constructor(options: DirectSpawnerOptions) {
    this.#tools = options.tools;
    this.#forkWith = options.fork;
    this.#children = new Children({
      ...options,
      outer: options.tools.kernel.self.cookies,
      report: (report) => void this.#heard(report),
    });
  }

  spawn(request: SpawnRequest, listener: (event: OsProcessEvent) => void): OsProcess {
    this.#lastId += 1;
    const id = this.#lastId;
    const child = Promise.resolve().then(() => {
      if (!this.#closed) return this.#fork(id, request);
      void this.#heard({ is: 'fork-failed', id, failure: CLOSED });
      return undefined;
    });
    const birth: Birth = { listener, child, alive: false, signalled: false, stopSettling: () => {} };
    this.#births.set(id, birth);
    return {
      signal: (signal) => {
        if (!birth.alive || !this.#births.has(id)) return; // there is nobody to be signalled
        birth.signalled = true;
        this.#children.signal(id, request.workerId, signal ?? null);
      },
    };
  }

  close(): Promise<readonly number[]> {
    this.#closed = true;
    return this.#children.clearAll();
  }

  abandon(): void {
    this.#children.killAllNow();
  }

  #fork(id: number, request: SpawnRequest): Promise<DirectChild | undefined> {
    const { workerId, command, args, cwd } = request;
    const order = { id, workerId, command, args, cwd, env: environmentOf(request), streams: NO_STREAMS };
    return this.#children.fork(order, (env) => this.#forkWith(order, request, env));
  }

  async #heard(report: ChildReport): Promise<void> {
    const birth = this.#births.get(report.id)!;
    if (report.is === 'forked') {
      const streams = (await birth.child)!.streams();
      birth.alive = true;
      birth.listener({ type: 'os.spawned', identity: report.identity, streams });
      const { kernel } = this.#tools;
      birth.stopSettling = whenSettled(this.#tools, report.identity, kernel.self.identity.pid, () =>
        birth.listener({ type: 'os.settled' }),
      );
      return;
    }
    await birth.child; // an exit is not told before the birth
    if (report.is === 'fork-failed') {
      this.#births.delete(report.id);
      birth.listener({ type: 'os.spawnFailed', failure: report.failure });
    } else if (report.is === 'exited') {
      birth.stopSettling();
      const { code, signal } = report;
      const treeEmpty = report.treeEmpty && (report.asked || !birth.signalled);
      if (treeEmpty) this.#births.delete(report.id);
      birth.listener({ type: 'os.exited', code, signal, treeEmpty });
    } else {
      this.#births.delete(report.id);
      birth.listener({ type: 'os.treeEmpty' });
    }
  }
}

const NO_STREAMS = ['ignore', 'ignore', 'ignore', 'ignore'] as const;
