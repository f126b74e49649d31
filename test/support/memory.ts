/** What can go goes, and how much memory is in use then. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
export const collectGarbage = runInNewContext('gc') as () => void;

/** In bytes, in and outside of the heap. */
export function memoryInUse(): number {
  collectGarbage();
  collectGarbage(); // what the first leaves of dead buffers is freed beside it, and done with before the second
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
