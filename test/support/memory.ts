/** How much memory is in use when all that can go has gone. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** In bytes, in and outside of the heap. */
export function memoryInUse(): number {
  collect();
  collect(); // what the first leaves of dead buffers is freed beside it, and done with before the second
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
