// Runs tasks as a host's user would: so many of a command, so many at a time, results in order.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { startHost } from '../../dist/index.js';
import { serve } from '../subject.mjs';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

const [stateDirectory] = process.argv.slice(2);
const host = await startHost({ name: 'bench-tasks', stateDirectory, signals: false });

/** Only what a user who does not keep results needs in memory. */
async function runAndForget(count, atATime) {
  function* tasks() {
    for (let n = 0; n < count; n += 1) yield { command: 'true' };
  }
  let ok = 0;
  for await (const { status } of host.runEach(tasks(), { concurrency: atATime }))
    if (status === 'ok') ok += 1;
  return ok;
}

async function runAndKeep(count, atATime) {
  const tasks = Array.from({ length: count }, () => ({ command: 'true' }));
  const results = await host.runAll(tasks, { concurrency: atATime });
  return results.filter(({ status }) => status === 'ok').length;
}

serve(
  async ({ count, atATime, keep }) => {
    const begun = performance.now();
    const ok = await (keep ? runAndKeep : runAndForget)(count, atATime);
    const ms = performance.now() - begun;
    if (ok !== count) throw new Error(`${count - ok} of ${count} were not ok`);
    collectGarbage();
    return { perSecond: (count * 1_000) / ms, ms, heapMb: process.memoryUsage().heapUsed / 1024 / 1024 };
  },
  () => host.stop(),
);
