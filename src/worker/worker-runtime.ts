/** What all workers of a host share, and what is known of each outside its machine. */
import type { EventBus, ExitReason } from '../events.ts';
import type { ByteSink, Os, Spawner } from '../os/os.ts';
import type { RunRegistry } from '../registry/run-registry.ts';
import { workerMachine } from './worker-machine.ts';
import type { OutputStream, WorkerOutput } from './worker-output.ts';
import { workerProcess } from './worker-process.ts';

/** One incarnation, as far as it is no part of a machine's state. */
export interface Incarnation {
  readonly workerId: string;
  readonly output: WorkerOutput;
  readonly stdin: ByteSink | undefined;
  readonly pid: number | undefined;
  /** What its start function had for whoever asked for the start. */
  readonly info: unknown;
}

/** Of how many children that are forgotten the last words are kept. */
const DEPARTED_KEPT = 32;

export type OutputListener = (path: string, line: string, stream: OutputStream) => void;

export class WorkerRuntime {
  readonly os: Os;
  readonly spawner: Spawner;
  readonly registry: RunRegistry;
  readonly events: EventBus;
  /**
   * The newest incarnation by path. It stays when its process is gone, for its last words are still of interest: until
   * its supervisor, which has ended, takes it over.
   */
  readonly #incarnations = new Map<string, Incarnation>();
  /** The paths of those that are forgotten, oldest first. */
  readonly #departed = new Set<string>();
  readonly #listeners = new Set<OutputListener>();

  constructor(parts: { os: Os; spawner: Spawner; registry: RunRegistry; events: EventBus }) {
    this.os = parts.os;
    this.spawner = parts.spawner;
    this.registry = parts.registry;
    this.events = parts.events;
  }

  incarnation(path: string): Incarnation | undefined {
    return this.#incarnations.get(path);
  }

  adopt(path: string, incarnation: Incarnation): void {
    this.#incarnations.set(path, incarnation);
    this.#departed.delete(path);
  }

  /** Nobody asks for it by its name any more: its last words stay for a while, as long as there are few others. */
  forget(path: string): void {
    this.#departed.delete(path);
    this.#departed.add(path);
    if (this.#departed.size <= DEPARTED_KEPT) return;
    const [oldest] = this.#departed;
    this.#departed.delete(oldest!);
    this.#incarnations.delete(oldest!);
  }

  /** A supervisor's children, by path: from now on they are the caller's alone to keep. */
  takeChildrenOf(supervisor: string): ReadonlyMap<string, Incarnation> {
    const taken = new Map<string, Incarnation>();
    for (const [path, incarnation] of this.#incarnations) {
      if (path.slice(0, path.lastIndexOf('/')) === supervisor) taken.set(path, incarnation);
    }
    for (const path of taken.keys()) {
      this.#incarnations.delete(path);
      this.#departed.delete(path);
    }
    return taken;
  }

  onOutput(listener: OutputListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  get isFollowed(): boolean {
    return this.#listeners.size > 0;
  }

  onLine(path: string, line: string, stream: OutputStream): void {
    for (const listener of this.#listeners) listener(path, line, stream);
  }

  /** The worker machine with this host's effects in it. */
  machine() {
    return workerMachine.provide({
      actors: { process: workerProcess(this) },
      actions: {
        announce: ({ context: { path, workerId, pid } }, { state }) => {
          if (state === 'running' || state === 'stopping')
            this.registry.update(workerId, { lifecycle: state });
          this.events.emit({ type: 'worker.state', path, workerId, state, pid });
        },
        announceLingering: ({ context: { path, pid } }) => {
          if (pid !== undefined) this.events.emit({ type: 'worker.lingers', path, pid });
        },
      },
    });
  }

  /** Of a worker; a supervisor tells of its end itself. */
  announceExit(workerId: string, reason: ExitReason): void {
    const path = workerId.slice(0, workerId.lastIndexOf(':'));
    const incarnation = this.#incarnations.get(path);
    if (incarnation?.workerId !== workerId) return;
    const { pid } = incarnation;
    this.events.emit({ type: 'worker.exited', path, workerId, pid, reason });
  }
}
