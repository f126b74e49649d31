// What supervised workers cost the host's heap: `sleep`, many times.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { startHost } from '../../dist/index.js';
import { serve } from '../subject.mjs';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

/** Garbage may take a few turns to become such. */
async function heapUsed() {
  for (let nth = 0; nth < 5; nth += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    collectGarbage();
  }
  return process.memoryUsage().heapUsed;
}

const host = await startHost({
  name: 'bench-heap',
  stateDirectory: process.argv[2],
  signals: false,
  eventsKept: 0,
});

serve(
  async ({ workers }) => {
    const warmUp = await host.supervise({
      id: 'warm',
      children: [{ id: 'one', command: 'sleep', args: ['1000'] }],
    });
    await warmUp.stop();
    const before = await heapUsed();
    const supervisor = await host.supervise({
      id: 'crowd',
      ordered: false,
      children: Array.from({ length: workers }, (_, index) => ({
        id: `sleeper-${index}`,
        command: 'sleep',
        args: ['1000'],
        shutdown: 'brutal_kill',
      })),
    });
    const used = (await heapUsed()) - before;
    await supervisor.stop();
    return used;
  },
  () => host.stop(),
);
