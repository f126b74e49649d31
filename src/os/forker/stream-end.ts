/** The host's end of a stream, which is a socket to Node whether it was connected or is a FIFO. */
import type { Socket } from 'node:net';
import { goOnLending, type LendingSocket } from '../lending-socket.ts';
import { byteSink, byteSource, lendingDuplex } from '../node-streams.ts';
import type { ByteDuplex, ByteSink, ByteSource } from '../os.ts';
import type { StreamSource } from './messages.ts';
import type { HostEnd } from './supply.ts';

export class StreamEnd implements HostEnd {
  readonly source: StreamSource;
  #socket: Socket;
  #lending: LendingSocket | undefined;

  constructor(source: StreamSource, socket: Socket) {
    this.source = source;
    this.#socket = socket;
  }

  get socket(): Socket {
    return this.#socket;
  }

  asSource(): ByteSource {
    return byteSource(this.#socket.ref());
  }

  asSink(): ByteSink {
    return byteSink(this.#socket.ref().resume()); // nothing comes, but its end must be noticed
  }

  lend(): void {
    this.#lending = goOnLending(this.#socket);
    this.#socket = this.#lending.socket;
  }

  asDuplex(): ByteDuplex {
    this.#socket.ref();
    return lendingDuplex(this.#lending!);
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
