/** Gives each birth its streams: FIFOs for what it writes, connected sockets for all else and where there is no FIFO. */
import type { SpawnFailure } from '../../errors.ts';
import type { SpawnRequest } from '../os.ts';
import { FifoPool } from './fifo-pool.ts';
import type { FifoBatch, ForkerCommand } from './messages.ts';
import { type StreamEnd, StreamPool } from './stream-pool.ts';

export class StreamSupply {
  readonly #fifos: FifoPool;
  readonly #sockets: StreamPool;
  /** Until the first is wanted none are kept ready. */
  #usesSockets = false;

  constructor(fifoDirectory: string | undefined, send: (command: ForkerCommand) => void) {
    this.#fifos = new FifoPool(fifoDirectory, (batch) => send({ do: 'make-fifos', batch }));
    this.#sockets = new StreamPool((count) => send({ do: 'connect', count }));
  }

  /**
   * The host's ends of all that are to be pipes, in the order of their descriptors. Rejects with a `SpawnFailure` when
   * one cannot be had.
   */
  async take({ stdin, stdout, stderr, fd3 }: SpawnRequest): Promise<readonly StreamEnd[]> {
    const outputs = countPipes([stdout, stderr]);
    const written = await this.#fifos.take(outputs);
    try {
      const others = await this.#takeSockets(
        countPipes([stdin, fd3]) + (written === undefined ? outputs : 0),
      );
      const first = stdin === 'pipe' ? 1 : 0;
      return [...others.slice(0, first), ...(written ?? []), ...others.slice(first)];
    } catch (error) {
      for (const { socket } of written ?? []) socket.destroy();
      throw error;
    }
  }

  /** A socket has been connected. */
  add(end: StreamEnd): void {
    this.#sockets.add(end);
  }

  /** One or all of the sockets expected will not come. */
  fail(failure: SpawnFailure, count?: number): void {
    this.#sockets.fail(failure, count);
  }

  /** None will come: there is no forker, and there will be none. */
  failAll(failure: SpawnFailure): void {
    this.#fifos.failAll(failure);
    this.#sockets.failAll(failure);
  }

  addFifos(batch: FifoBatch): void {
    this.#fifos.add(batch);
  }

  refuseFifos(): void {
    this.#fifos.refuse();
  }

  /** What a new forker is to make before it is ready. */
  firstFifos(): FifoBatch | undefined {
    return this.#fifos.firstBatch();
  }

  /** There is a forker. */
  refill(): void {
    if (this.#usesSockets || !this.#fifos.available) this.#sockets.refill();
  }

  refillWhenLow(): void {
    this.#fifos.refillWhenLow();
    if (this.#usesSockets) this.#sockets.refillWhenLow();
  }

  /** The forker is gone, and its ends of the sockets with it. */
  clear(): void {
    this.#sockets.clear();
  }

  async #takeSockets(count: number): Promise<readonly StreamEnd[]> {
    if (count === 0) return [];
    this.#usesSockets = true;
    return this.#sockets.take(count);
  }
}

const countPipes = (specs: readonly unknown[]): number => specs.filter((spec) => spec === 'pipe').length;
