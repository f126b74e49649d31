/** The disk as one simulated process uses it: every change takes a while, and may be cut short by its death. */
import { posix } from 'node:path';
import type { Files } from '../os.ts';
import type { SimMachine } from './machine.ts';
import type { SimProcess } from './process.ts';

export function simFiles(machine: SimMachine, self: SimProcess): Files {
  const { disk } = machine;

  /** Begins now, and is done a moment later; whoever dies between has it half done. */
  const operate = <T>(what: string, action: () => T): Promise<T> =>
    new Promise((resolve, reject) => {
      machine.later(self, 0, () => {
        machine.boundary(self, `before ${what}`);
        if (!self.alive) return;
        let settle: () => void;
        try {
          const result = action();
          settle = () => resolve(result);
        } catch (error) {
          settle = () => reject(error);
        }
        machine.boundary(self, `after ${what}`);
        machine.later(self, 0, settle);
      });
    });

  return {
    read: (path) => operate('read', () => disk.read(path)),
    async write(path, text) {
      // What is on the disk while it is being written: some of it.
      await operate('write', () => disk.write(path, text.slice(0, machine.prng.below(text.length))));
      await operate('end of write', () => disk.write(path, text));
    },
    rename: (from, to) => operate('rename', () => disk.rename(from, to)),
    remove: (path) => operate('remove', () => disk.remove(path)),
    list: (directory) => operate('list', () => disk.list(directory)),
    makePrivateDirectory: (path) => operate('make directory', () => disk.makeDirectory(path)),
    absolute: (path) => posix.resolve('/', path),
  };
}
