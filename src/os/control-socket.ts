/** Where a run listens: other runs knock here to learn whether it lives, and its forker connects streams here. */
import { mkdtempSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { lstat, rm, rmdir } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

/** A stream names itself with its first line; who says nothing for this long is sent away. */
const HELLO_TIMEOUT_MS = 5_000;
const LONGEST_HELLO = 128;
/** The kernel's limit is 108 bytes with a zero at the end; a socket with a longer path stands elsewhere, linked. */
const LONGEST_SOCKET_PATH = 100;

export interface ControlSocketOptions {
  readonly path: string;
  /** Whoever does not begin with this is not our forker. */
  readonly secret: string;
  readonly onStream: (id: number, socket: Socket) => void;
  readonly onError: (error: Error) => void;
}

export class ControlSocket {
  readonly #options: ControlSocketOptions;
  readonly #server: Server;
  readonly #unnamed = new Set<Socket>();
  /** Where it really listens. */
  readonly address: string;

  private constructor(options: ControlSocketOptions) {
    this.#options = options;
    this.address = addressFor(options.path);
    this.#server = createServer((socket) => this.#greet(socket));
    this.#server.unref();
  }

  static async listen(options: ControlSocketOptions): Promise<ControlSocket> {
    const control = new ControlSocket(options);
    await new Promise<void>((resolve, reject) => {
      control.#server.once('error', reject);
      control.#server.listen({ path: control.address, backlog: 511 }, resolve);
    });
    control.#server.removeAllListeners('error');
    control.#server.on('error', options.onError);
    return control;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#unnamed) socket.destroy();
    for (const path of this.leftovers) rmSync(path, { force: true, recursive: true });
  }

  /** What it leaves on disk when its process just ends. */
  get leftovers(): readonly string[] {
    const { path } = this.#options;
    return path === this.address ? [path] : [path, dirname(this.address)];
  }

  #greet(socket: Socket): void {
    this.#unnamed.add(socket);
    socket.unref();
    socket.on('error', () => {});
    socket.once('close', () => this.#unnamed.delete(socket));
    socket.setTimeout(HELLO_TIMEOUT_MS, () => socket.destroy());
    let hello = '';
    socket.on('data', (bytes: Buffer) => {
      hello += bytes.toString('latin1');
      if (hello.endsWith('\n')) this.#admit(socket, hello.trimEnd());
      else if (hello.length > LONGEST_HELLO) socket.destroy();
    });
  }

  #admit(socket: Socket, hello: string): void {
    const [secret, id] = hello.split(' ');
    if (secret !== this.#options.secret) {
      socket.destroy();
      return;
    }
    this.#unnamed.delete(socket);
    socket.setTimeout(0);
    socket.removeAllListeners('data');
    socket.removeAllListeners('timeout');
    socket.removeAllListeners('close');
    socket.pause(); // what the process will say waits in the kernel for whoever listens
    this.#options.onStream(Number(id), socket);
  }
}

/** The address behind a socket's path, for whoever wants to connect. */
export function socketAddress(path: string): string {
  if (Buffer.byteLength(path) <= LONGEST_SOCKET_PATH) return path;
  try {
    return readlinkSync(path);
  } catch {
    return join(tmpdir(), 'reeve-no-such-socket'); // absent, then
  }
}

/** Its path, and, when that was too long, the directory behind it: only if it is in truth this run's. */
export async function removeSocket(path: string): Promise<void> {
  const address = socketAddress(path);
  if (address !== path && (await isOurDirectory(dirname(address), path))) {
    await rm(join(dirname(address), SOCKET_NAME), { force: true });
    await rmdir(dirname(address)).catch(() => undefined); // it holds what is not ours
  }
  await rm(path, { force: true });
}

/** A link says where it leads and no more: the name must be bound to the run, and the directory ours alone. */
async function isOurDirectory(directory: string, path: string): Promise<boolean> {
  if (!basename(directory).startsWith(directoryPrefix(path))) return false;
  const found = await lstat(directory).catch(() => undefined);
  return found?.isDirectory() === true && found.uid === process.geteuid?.() && (found.mode & 0o777) === 0o700;
}

/** A run's ID is shorter than what is kept of the name: the address must not be too long in its turn. */
const directoryPrefix = (path: string): string => `reeve-${basename(path, '.sock').slice(0, NAME_KEPT)}-`;
const NAME_KEPT = 40;
const SOCKET_NAME = 'socket';

function addressFor(path: string): string {
  if (Buffer.byteLength(path) <= LONGEST_SOCKET_PATH) return path;
  const address = join(mkdtempSync(join(tmpdir(), directoryPrefix(path))), SOCKET_NAME);
  symlinkSync(address, path);
  return address;
}
