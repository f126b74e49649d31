/** Files that grow, as one simulated process uses them: whoever dies while it appends has appended some of it. */
import type { Logs } from '../os.ts';
import { diskOperation } from './disk-operation.ts';
import type { SimMachine } from './machine.ts';
import type { SimProcess } from './process.ts';

/** The disk holds text: a unit of it for each byte. */
const BYTES = 'latin1';

export function simLogs(machine: SimMachine, self: SimProcess): Logs {
  const { disk } = machine;
  const operate = diskOperation(machine, self);
  return {
    async append(path, bytes) {
      const text = Buffer.from(bytes).toString(BYTES);
      const first = machine.prng.below(text.length + 1);
      await operate('append', () => disk.append(path, text.slice(0, first)));
      await operate('end of append', () => disk.append(path, text.slice(first)));
    },
    read: (path, from, most) =>
      operate('read', () => {
        const text = disk.read(path);
        return text === undefined ? undefined : Buffer.from(text.slice(from, from + most), BYTES);
      }),
  };
}
