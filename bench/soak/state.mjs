// What a host holds when its pools have nothing to do: descriptors, timers, heap, its file and its directory.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { getHeapCodeStatistics } from 'node:v8';

const LOOK_EVERY_MS = 50;
/** So often in a row it must look the same. */
const LOOKS = 10;
const MIB = 1_024 * 1_024;

/**
 * How much more there may be of each at the end than after the warm-up. Spare streams come and go, V8 goes on learning
 * what is called how, numbers in the record get longer, and a new forker may make 64 FIFOs more to have some at hand.
 */
export const TOLERANCE = {
  descriptors: () => 4,
  timers: () => 2,
  heapMB: (start) => Math.max(2, start * 0.1),
  registryBytes: (start) => 256 + start * 0.1,
  registryFiles: () => 128,
};

/** Waits until every pool has as many workers as it keeps, which have nothing to do, and nothing changes. */
export async function atRest(pools, minimum, timeout = 60_000) {
  const end = performance.now() + timeout;
  let before;
  for (let same = 0; same < LOOKS; ) {
    if (performance.now() > end) throw new Error(`the pools do not come to rest: ${describe(pools)}`);
    await pause(LOOK_EVERY_MS);
    const now = pools.every((pool) => isAtRest(pool, minimum)) ? String(descriptors()) : undefined;
    same = now !== undefined && now === before ? same + 1 : 0;
    before = now;
  }
}

function isAtRest(pool, minimum) {
  const { ready, starting, busy, queued, running, sessions } = pool.stats();
  const hasAll = ready === minimum && pool.workers().length === minimum;
  return hasAll && starting + busy + queued + running + sessions === 0;
}

const describe = (pools) =>
  JSON.stringify(pools.map((pool) => [{ ...pool.stats(), wait: undefined, run: undefined }, pool.workers()]));

/** To be called when all is at rest. */
export function stateOf(stateDirectory, runId) {
  return {
    descriptors: descriptors(),
    timers: process.getActiveResourcesInfo().filter((what) => what === 'Timeout').length,
    heapMB: heapMB(),
    registryBytes: statSync(join(stateDirectory, 'runs', `${runId}.json`)).size,
    registryFiles: readdirSync(stateDirectory, { recursive: true }).length,
  };
}

const descriptors = () => readdirSync('/proc/self/fd').length;

/** Without compiled code, of which there is more for as long as something gets hot. */
function heapMB() {
  for (let times = 0; times < 3; times += 1) globalThis.gc();
  const { code_and_metadata_size: machine, bytecode_and_metadata_size: bytes } = getHeapCodeStatistics();
  return Math.round(((process.memoryUsage().heapUsed - machine - bytes) / MIB) * 100) / 100;
}

/** Processes of a run, by their mark. */
export const processesOf = (runId) =>
  readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return readFileSync(`/proc/${name}/environ`, 'latin1').split('\0').includes(`REEVE_RUN_ID=${runId}`);
    } catch {
      return false; // gone, or another's
    }
  });
