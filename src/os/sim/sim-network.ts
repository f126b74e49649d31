/** Sockets and ports as one simulated process finds them. */
import type { Network, SocketAnswer } from '../os.ts';
import type { SimMachine } from './machine.ts';
import type { SimProcess } from './process.ts';

export function simNetwork(machine: SimMachine, self: SimProcess): Network {
  const ask = <T>(question: () => T): Promise<T> =>
    new Promise((resolve, reject) => {
      machine.later(self, 0, () => {
        try {
          resolve(question());
        } catch (error) {
          reject(error);
        }
      });
    });
  const listens = (where: string | number): boolean => {
    const listener = machine.listeners.get(where);
    return listener?.alive === true && !listener.stopped;
  };

  return {
    refusalProvesDeath: true,
    knock: (path) =>
      ask((): SocketAnswer => {
        if (machine.disk.peek(path) === undefined) return 'absent';
        const listener = machine.listeners.get(path);
        // By the kernel, even if it is stopped, for its backlog has room; and until its last thread has ended.
        return listener?.alive === true || listener?.state === 'dying' ? 'answered' : 'refused';
      }),
    async removeSocket(path) {
      await ask(() => {
        machine.boundary(self, 'before removing a socket');
        if (self.alive) machine.disk.remove(path);
      });
    },
    connects: (_host, port) => ask(() => listens(port)),
    httpStatus: (url) => ask(() => (listens(Number(new URL(url).port || 80)) ? 200 : undefined)),
  };
}
