/** Gives each birth its streams: FIFOs for what it writes, connected sockets for all else and where there is no FIFO. */
import { closeSync, openSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { SpawnFailure } from '../../errors.ts';
import type { SpawnRequest } from '../os.ts';
import { FifoPool } from './fifo-pool.ts';
import type { FifoBatch, ForkerCommand, ForkerReport } from './messages.ts';
import { failure } from './spawn-failure.ts';
import { StreamEnd } from './stream-end.ts';
import { StreamPool } from './stream-pool.ts';
import type { HostEnd, Supply } from './supply.ts';

export class StreamSupply implements Supply {
  readonly #fifos: FifoPool;
  readonly #sockets: StreamPool;
  /** Until the first is wanted none are kept ready. */
  #usesSockets = false;
  /** The present forker's sockets have higher numbers; without a forker there are none. */
  #firstStream = Number.POSITIVE_INFINITY;

  constructor(fifoDirectory: string | undefined, send: (command: ForkerCommand) => void) {
    this.#fifos = new FifoPool(fifoDirectory, (batch) => send({ do: 'make-fifos', batch }));
    this.#sockets = new StreamPool((count) => send({ do: 'connect', count }));
  }

  async take({ stdin, stdout, stderr, fd3 }: SpawnRequest): Promise<readonly HostEnd[]> {
    const outputs = countPipes([stdout, stderr]);
    const written = await this.#fifos.take(outputs);
    try {
      const others = await this.#takeSockets(
        countPipes([stdin, fd3]) + (written === undefined ? outputs : 0),
      );
      if (fd3 === 'pipe') others.at(-1)!.lend();
      const first = stdin === 'pipe' ? 1 : 0;
      return [...others.slice(0, first), ...(written ?? []), ...others.slice(first)];
    } catch (error) {
      for (const end of written ?? []) end.destroy();
      throw error;
    }
  }

  /** A new forker is started, which numbers its sockets from here. */
  startAt(firstStream: number): void {
    this.#firstStream = firstStream;
  }

  /** A socket has come in. */
  admit(id: number, socket: Socket): void {
    if (id > this.#firstStream) this.#sockets.add(new StreamEnd(id, socket));
    else socket.destroy(); // from a forker that has died meanwhile
  }

  /** Sockets cannot come in, as when the host has no descriptor left. */
  refuse(error: Error): void {
    this.#sockets.fail(failure('streams', error));
  }

  heard(report: ForkerReport): void {
    if (report.is === 'connect-failed') this.#sockets.fail(ownLack() ?? report.failure, 1);
    else if (report.is === 'fifos-made') this.#fifos.add(report.batch);
    else if (report.is === 'fifos-refused') this.#fifos.refuse();
    else if (report.is === 'forked' || report.is === 'fork-failed') this.#refillWhenLow();
  }

  failAll(reason: SpawnFailure): void {
    this.#fifos.failAll(reason);
    this.#sockets.failAll(reason);
  }

  firstFifos(): FifoBatch | undefined {
    return this.#fifos.firstBatch();
  }

  refill(): void {
    if (this.#usesSockets || !this.#fifos.available) this.#sockets.refill();
  }

  clear(): void {
    this.#firstStream = Number.POSITIVE_INFINITY;
    this.#sockets.clear();
  }

  #refillWhenLow(): void {
    this.#fifos.refillWhenLow();
    if (this.#usesSockets) this.#sockets.refillWhenLow();
  }

  async #takeSockets(count: number): Promise<readonly HostEnd[]> {
    if (count === 0) return [];
    this.#usesSockets = true;
    return this.#sockets.take(count);
  }
}

const countPipes = (specs: readonly unknown[]): number => specs.filter((spec) => spec === 'pipe').length;

/** Why we cannot take in streams, if we cannot: who connects to one without descriptors sees a broken pipe only. */
function ownLack(): SpawnFailure | undefined {
  try {
    closeSync(openSync('/dev/null', 'r'));
    return undefined;
  } catch (error) {
    return failure('streams', error);
  }
}
