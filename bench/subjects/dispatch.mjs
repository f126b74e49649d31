// One pool of two worker processes, or threads, and calls to it in a closed loop: so many are always under way.
import { open } from '../peers/open.mjs';
import { serve } from '../subject.mjs';
import { cpuMsBelow } from './process-tree.mjs';

const MEGABYTE = 1_024 * 1_024;

const [name, options, stateDirectory] = process.argv.slice(2);
const pool = await open(name, JSON.parse(options), stateDirectory);

const buffer = Buffer.alloc(MEGABYTE, 7);
const params = { first: () => ({ value: 1 }), echo: () => buffer, burn: (steps) => steps };

/** Resolves with calls a second, and with the processor time that they took, of the host and its workers together. */
async function closedLoop({ task, inFlight, ms, steps }) {
  const give = params[task];
  const spent = cpuMsBelow(process.pid);
  const begun = performance.now();
  let calls = 0;
  let over = false;
  setTimeout(() => {
    over = true;
  }, ms);
  const lane = async () => {
    do {
      await pool.call(task, give(steps));
      calls += 1;
    } while (!over);
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  const seconds = (performance.now() - begun) / 1_000;
  return {
    callsPerSecond: calls / seconds,
    calls,
    cpuMs: cpuMsBelow(process.pid) - spent,
  };
}

/** What a buffer is when it has been there and back: null when it is still bytes, and the same. */
async function whatBecomesOfBuffers() {
  try {
    const back = await pool.call('echo', buffer);
    if (back instanceof Uint8Array && Buffer.compare(back, buffer) === 0) return null;
    const parts = typeof back === 'object' && back !== null ? ` with ${Object.keys(back).slice(0, 3)}` : '';
    return `comes back as ${back?.constructor?.name ?? typeof back}${parts}`;
  } catch (error) {
    return `fails: ${error.message}`;
  }
}

serve(
  (question) => (question === 'buffers' ? whatBecomesOfBuffers() : closedLoop(question)),
  () => pool.close(),
);
