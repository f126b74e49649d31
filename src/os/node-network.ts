/** Looking at sockets from outside: is anybody there? */
import { get } from 'node:http';
import { get as getSecurely } from 'node:https';
import { connect, type NetConnectOpts } from 'node:net';
import { codeOf } from '../errors.ts';
import { removeSocket, socketAddress } from './control-socket.ts';
import type { Network, SocketAnswer } from './os.ts';

/** A local socket answers at once, or its owner's backlog is full, which proves life too. */
const KNOCK_TIMEOUT_MS = 1_000;

export const nodeNetwork: Network = {
  refusalProvesDeath: process.platform === 'linux',
  async knock(socketPath): Promise<SocketAnswer> {
    const code = await tryConnect({ path: socketAddress(socketPath) }, KNOCK_TIMEOUT_MS);
    if (code === undefined) return 'answered';
    if (code === 'ECONNREFUSED') return 'refused';
    return code === 'ENOENT' ? 'absent' : 'unclear';
  },
  removeSocket,
  async connects(host, port, timeout) {
    return (await tryConnect({ host, port }, timeout)) === undefined;
  },
  httpStatus(url, timeout) {
    return new Promise((resolve) => {
      const getter = url.startsWith('https:') ? getSecurely : get;
      const request = getter(url, { agent: false, signal: AbortSignal.timeout(timeout) }, (response) => {
        response.resume();
        response.on('error', () => {});
        resolve(response.statusCode);
        request.destroy();
      });
      request.on('error', () => resolve(undefined));
    });
  },
};

/** Undefined when the connection came about, else the code of what kept it from it. */
function tryConnect(to: NetConnectOpts, timeout: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(to);
    const settle = (code: string | undefined) => {
      resolve(code);
      socket.destroy();
    };
    socket.setTimeout(timeout, () => settle('ETIMEDOUT'));
    socket.once('connect', () => settle(undefined));
    socket.once('error', (error) => settle(codeOf(error)));
  });
}
