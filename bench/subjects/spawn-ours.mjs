// Spawns /bin/true as full workers: records, machines, supervision, streams; eight that are always started again.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { startHost } from '../../dist/index.js';
import { resident, serve } from '../subject.mjs';

const LANES = 8;
const LOOP_DELAY_RESOLUTION_MS = 1;

const [megabytes, stateDirectory] = process.argv.slice(2);
const ballast = resident(Number(megabytes));
const host = await startHost({ name: 'bench-spawn', stateDirectory, signals: false });
const loopDelay = monitorEventLoopDelay({ resolution: LOOP_DELAY_RESOLUTION_MS });
let spawnRound = 0;

/** Resolves with births and deaths a second. */
async function spawnAndExit(count) {
  spawnRound += 1;
  const begun = performance.now();
  let exited = 0;
  const done = new Promise((resolve) => {
    const stopListening = host.events.on((event) => {
      if (event.type !== 'worker.exited') return;
      exited += 1;
      if (exited < count) return;
      stopListening();
      resolve(performance.now());
    });
  });
  const supervising = host.supervise({
    id: `round-${spawnRound}`,
    ordered: false,
    intensity: 1_000_000, // ending is what these are for
    period: 100,
    children: Array.from({ length: LANES }, (_, lane) => ({
      id: `lane-${lane}`,
      command: '/bin/true',
      restart: 'permanent',
      shutdown: 'brutal_kill',
    })),
  });
  const ended = await done;
  await (await supervising).stop();
  return (count * 1_000) / (ended - begun);
}

serve(
  async ({ count, warmUp }) => {
    if (warmUp) return { perSecond: await spawnAndExit(count) };
    loopDelay.enable();
    const perSecond = await spawnAndExit(count);
    loopDelay.disable();
    return {
      perSecond,
      loopDelayP99Ms: loopDelay.percentile(99) / 1e6, // over all rounds so far
      residentMb: process.memoryUsage.rss() / 1024 / 1024,
    };
  },
  async () => {
    await host.stop();
    ballast.length = 0;
  },
);
