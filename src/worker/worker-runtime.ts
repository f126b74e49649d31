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
}

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
  }

  /** From now on it is the caller's alone to keep. */
  take(path: string): Incarnation | undefined {
    const incarnation = this.#incarnations.get(path);
    this.#incarnations.delete(path);
    return incarnation;
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

  announceExit(path: string, reason: ExitReason): void {
    const { workerId, pid } = this.#incarnations.get(path)!;
    this.events.emit({ type: 'worker.exited', path, workerId, pid, reason });
  }
}
