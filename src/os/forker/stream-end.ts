/** The host's end of a stream, which is a socket to Node whether it was connected or is a FIFO. */
import type { Socket } from 'node:net';
import { byteDuplex, byteSink, byteSource } from '../node-streams.ts';
import type { ByteDuplex, ByteSink, ByteSource } from '../os.ts';
import type { StreamSource } from './messages.ts';
import type { HostEnd } from './supply.ts';

export class StreamEnd implements HostEnd {
  readonly source: StreamSource;
  readonly socket: Socket;

  constructor(source: StreamSource, socket: Socket) {
    this.source = source;
    this.socket = socket;
  }

  asSource(): ByteSource {
    return byteSource(this.socket.ref());
  }

  asSink(): ByteSink {
    return byteSink(this.socket.ref().resume()); // nothing comes, but its end must be noticed
  }

  asDuplex(): ByteDuplex {
    return byteDuplex(this.socket.ref());
  }

  destroy(): void {
    this.socket.destroy();
  }
}
