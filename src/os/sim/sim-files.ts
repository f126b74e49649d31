/** The disk as one simulated process uses it: every change takes a while, and may be cut short by its death. */
import { posix } from 'node:path';
import type { Files } from '../os.ts';
import { diskOperation } from './disk-operation.ts';
import type { SimMachine } from './machine.ts';
import type { SimProcess } from './process.ts';

export function simFiles(machine: SimMachine, self: SimProcess): Files {
  const { disk } = machine;
  const operate = diskOperation(machine, self);
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
