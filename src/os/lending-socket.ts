/** A socket that reads all into the same memory. Memory of its own for each read is the dearest part of much that comes. */
import { type ConnectOpts, Socket, type SocketConstructorOpts } from 'node:net';

/** As much as Node reads at once. */
const ROOM = 64 * 1_024;

/** The types have it for sockets that connect; it is the same for all. */
type Options = SocketConstructorOpts & Pick<ConnectOpts, 'onread'>;

export interface LendingSocket {
  readonly socket: Socket;
  /** Until it is called nothing is read. The bytes are overwritten once `onBytes` returns. */
  listen(onBytes: (bytes: Buffer) => void): void;
}

export function lendingSocket(options: SocketConstructorOpts): LendingSocket {
  const room = Buffer.allocUnsafeSlow(ROOM);
  let listener: (bytes: Buffer) => void = () => {};
  const lending: Options = {
    ...options,
    onread: {
      buffer: room,
      callback: (count) => {
        listener(room.subarray(0, count));
        return true;
      },
    },
  };
  const socket = new Socket(lending).pause();
  return {
    socket,
    listen: (onBytes) => {
      listener = onBytes;
      socket.resume();
    },
  };
}

/** Goes on with a socket that has come in, and that nobody writes to yet: Node lets none that comes in be read so. */
export function goOnLending(socket: Socket): LendingSocket {
  const handle = (socket as unknown as { _handle: unknown })._handle;
  const lending = lendingSocket({ handle, readable: true, writable: true } as SocketConstructorOpts);
  Object.assign(socket, { _handle: null }); // one owner
  return lending;
}
