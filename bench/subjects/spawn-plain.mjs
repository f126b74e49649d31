// Spawns /bin/true with child_process.spawn and three pipes, eight at a time, in a host that does nothing else.
import { spawn } from 'node:child_process';
import { resident, serve } from '../subject.mjs';

const LANES = 8;

const ballast = resident(Number(process.argv[2]));

function spawnOne() {
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/true', { stdio: ['pipe', 'pipe', 'pipe'] });
    child.stdout.resume();
    child.stderr.resume();
    child.once('error', reject);
    child.once('close', resolve);
  });
}

serve(
  async ({ count }) => {
    const begun = performance.now();
    let left = count;
    const lane = async () => {
      while (left > 0) {
        left -= 1;
        await spawnOne();
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
    const perSecond = (count * 1_000) / (performance.now() - begun);
    return { perSecond, residentMb: process.memoryUsage.rss() / 1024 / 1024 };
  },
  async () => {
    ballast.length = 0;
  },
);
