/** How a simulated process does something to the disk. */
import type { SimMachine } from './machine.ts';
import type { SimProcess } from './process.ts';

/** Begins now, and is done a moment later; whoever dies between has it half done. */
export const diskOperation =
  (machine: SimMachine, self: SimProcess) =>
  <T>(what: string, action: () => T): Promise<T> =>
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
