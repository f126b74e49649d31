/** Where a birth's streams come from, as its spawner sees it. */
import type { SpawnFailure } from '../../errors.ts';
import type { ByteDuplex, ByteSink, ByteSource, SpawnRequest } from '../os.ts';
import type { FifoBatch, ForkerReport, StreamSource } from './messages.ts';

/** The host's end of one stream of a child. Until it is used as one or the other it does not keep the host from ending. */
export interface HostEnd {
  /** What the forker calls the other end. */
  readonly source: StreamSource;
  asSource(): ByteSource;
  asSink(): ByteSink;
  /** What comes is to be lent. Told before there is anybody at the other end; only then can it be a duplex. */
  lend(): void;
  asDuplex(): ByteDuplex;
  destroy(): void;
}

/** What gives each birth its streams. */
export interface Supply {
  /**
   * The host's ends of all that are to be pipes, in the order of their descriptors. Rejects with a `SpawnFailure` when
   * one cannot be had.
   */
  take(request: SpawnRequest): Promise<readonly HostEnd[]>;
  /** Any report of the forker: some are about streams, and after a fork there is time to ask for more. */
  heard(report: ForkerReport): void;
  /** None will come: there is no forker, and there will be none. */
  failAll(failure: SpawnFailure): void;
  /** What a new forker is to make before it is ready. */
  firstFifos(): FifoBatch | undefined;
  /** There is a forker. */
  refill(): void;
  /** The forker is gone, and its ends with it. Who waits goes on waiting, for the next one. */
  clear(): void;
}
