/** Node's sockets as the plain byte streams of the port. */
import type { Duplex, Readable, Writable } from 'node:stream';
import type { LendingSocket } from './lending-socket.ts';
import type { ByteDuplex, ByteSink, ByteSource } from './os.ts';

/** Keeps what has come from being thrown away: Node drains the pipes of a child that has exited. */
export function holdBack(stream: Readable): void {
  stream.on('readable', ignore);
}

const ignore = () => {};

export function byteSource(stream: Readable): ByteSource {
  stream.on('error', () => {}); // 'close' follows
  return {
    listen(onBytes, onEnd) {
      stream.off('readable', ignore);
      stream.on('data', onBytes);
      stream.once('close', onEnd);
      if (stream.closed) process.nextTick(onEnd);
      stream.resume();
    },
    pause: () => void stream.pause(),
    resume: () => void stream.resume(),
    destroy: () => void stream.destroy(),
  };
}

export function byteSink(stream: Writable): ByteSink {
  stream.on('error', () => {}); // each write is told of its own
  return {
    write: (bytes) =>
      new Promise((resolve, reject) => {
        stream.write(bytes, (error) => (error ? reject(error) : resolve()));
      }),
    onClosed: (listener) => void stream.once('close', listener),
    end: () => void stream.end(),
    destroy: () => void stream.destroy(),
  };
}

/** What comes is lent. */
export function lendingDuplex({ socket, listen }: LendingSocket): ByteDuplex {
  return {
    ...byteDuplex(socket),
    listen(onBytes, onEnd) {
      socket.once('close', onEnd);
      if (socket.closed) process.nextTick(onEnd);
      else listen(onBytes);
    },
  };
}

export const byteDuplex = (stream: Duplex): ByteDuplex => ({ ...byteSource(stream), ...byteSink(stream) });
