/** The forker's ends of streams: sockets that it connects ahead of time, FIFOs and files that it opens for one child. */
import type { StdioOptions } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import type { SpawnFailure } from '../../errors.ts';
import type { ForkedChild } from './children.ts';
import { fifoPath, makeFifos, openToWrite } from './fifo.ts';
import { forkChild } from './fork-child.ts';
import type { ForkerStreams } from './guardian.ts';
import type { FifoBatch, ForkOrder, StreamSource } from './messages.ts';
import { failure } from './spawn-failure.ts';

/** The host's 0 to 2, for children that are to inherit them. */
const INHERITED_FDS = [4, 5, 6] as const;

export interface ChildStreamsOptions {
  readonly socketPath: string;
  readonly secret: string;
  readonly fifoDirectory: string | undefined;
  /** Sockets are numbered from the next one on. */
  readonly firstStream: number;
  readonly onConnectFailed: (failure: SpawnFailure) => void;
}

type ChildStream = 'ignore' | number | Socket;

/** What `spawn` gets. */
interface ChildStdio {
  readonly stdio: StdioOptions;
  /** Our own ends: the child has its copies, or was not born. */
  close(): void;
}

export class ChildStreams implements ForkerStreams {
  readonly #options: ChildStreamsOptions;
  readonly #sockets = new Map<number, Socket>();
  #lastSocket: number;

  constructor(options: ChildStreamsOptions) {
    this.#options = options;
    this.#lastSocket = options.firstStream;
  }

  /** Ahead of time, so that a fork need not wait for a socket, nor fail half-way for want of one. */
  connect(): void {
    const { socketPath, secret, onConnectFailed } = this.#options;
    const socket = connect(socketPath);
    let id: number | undefined;
    socket.on('connect', () => {
      this.#lastSocket += 1;
      id = this.#lastSocket;
      this.#sockets.set(id, socket);
      socket.write(`${secret} ${id}\n`);
      socket.resume(); // nothing is said before the fork, but an end must be noticed
    });
    let cause = new Error('the host closed the stream');
    socket.on('error', (error) => {
      cause = error;
    });
    socket.on('close', () => {
      if (id !== undefined && !this.#sockets.delete(id)) return; // a process has it
      // A host without descriptors accepts and closes in one: without this word it would wait for ever.
      onConnectFailed(failure('streams', cause));
    });
  }

  makeFifos(batch: FifoBatch): Promise<boolean> {
    return makeFifos(this.#options.fifoDirectory!, batch);
  }

  fork(order: ForkOrder, env: NodeJS.ProcessEnv): ForkedChild {
    const { stdio, close } = this.#open(order.streams);
    try {
      return forkChild(order, env, stdio);
    } finally {
      close();
    }
  }

  /** Throws when one of them cannot be opened; what was opened until then is closed, and its sockets are used up. */
  #open(streams: ForkOrder['streams']): ChildStdio {
    const last = streams[3] === 'ignore' ? 3 : 4; // 'ignore' would put /dev/null there
    const sockets = this.#take(streams);
    const opened: number[] = [];
    const close = () => {
      for (const fd of opened) closeSync(fd);
      for (const socket of sockets.values()) socket.destroy();
    };
    try {
      const stdio = streams.slice(0, last).map((source, fd): ChildStream => {
        if (source === 'ignore') return 'ignore';
        if (source === 'inherit') return INHERITED_FDS[fd] ?? 'ignore';
        if (typeof source === 'number') return readySocket(sockets.get(source), fd);
        opened.push(this.#openFile(source, fd));
        return opened.at(-1)!;
      });
      return { stdio, close };
    } catch (error) {
      close();
      throw error;
    }
  }

  /** All that the order names, before anything can fail: one left behind would be taken for one that did not connect. */
  #take(streams: ForkOrder['streams']): ReadonlyMap<number, Socket> {
    const taken = new Map<number, Socket>();
    for (const id of streams) {
      const socket = typeof id === 'number' ? this.#sockets.get(id) : undefined;
      if (typeof id !== 'number' || socket === undefined) continue;
      this.#sockets.delete(id);
      taken.set(id, socket);
    }
    return taken;
  }

  #openFile(source: Extract<StreamSource, object>, fd: number): number {
    if ('fifo' in source) return openToWrite(fifoPath(this.#options.fifoDirectory!, source.fifo));
    return openFile(source.file, fd);
  }
}

/**
 * For 0, to read from; for others, to append to. Never waits, as for the other end of a FIFO: one without a reader is
 * refused (ENXIO). libuv makes 0 to 2 blocking again for the child.
 */
export function openFile(path: string, fd: number): number {
  const { O_RDONLY, O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK } = constants;
  return openSync(path, (fd === 0 ? O_RDONLY : O_WRONLY | O_APPEND | O_CREAT) | O_NONBLOCK, 0o600);
}

function readySocket(socket: Socket | undefined, fd: number): Socket {
  if (socket === undefined) throw new Error('a stream was closed before its process was forked');
  // libuv makes 0 to 2 blocking for the child; what comes above is left as it is here.
  if (fd > 2)
    (socket as unknown as { _handle: { setBlocking(on: boolean): void } })._handle.setBlocking(true);
  return socket;
}
