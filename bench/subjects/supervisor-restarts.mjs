// The processor time that a host spends on a restart: under a supervisor, or by hand on the same spawner.
import { join } from 'node:path';
import { startHost } from '../../dist/index.js';
import { nodeOs } from '../../dist/os/node-os.js';
import { serve } from '../subject.mjs';

const [stateDirectory, kind] = process.argv.slice(2);
const { restart, end } = kind === 'supervised' ? await supervised() : await byHand();

/** Microseconds of processor time for each, the kernel's share included. */
serve(async ({ restarts }) => {
  const before = process.cpuUsage();
  for (let nth = 0; nth < restarts; nth += 1) await restart();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / restarts;
}, end);

async function supervised() {
  const host = await startHost({ name: 'bench-restarts', stateDirectory, signals: false });
  let onRunning = () => {};
  let pid;
  host.events.on((event) => {
    if (event.type !== 'worker.state' || event.state !== 'running') return;
    pid = event.pid;
    onRunning();
  });
  await host.supervise({
    id: 'restarts',
    intensity: 1_000_000,
    period: 100,
    children: [{ id: 'sleeper', command: 'sleep', args: ['1000'] }],
  });
  return {
    restart: () =>
      new Promise((resolve) => {
        onRunning = resolve;
        process.kill(pid, 'SIGKILL');
      }),
    end: () => host.stop(),
  };
}

async function byHand() {
  const spawner = await nodeOs().processes.openSpawner({
    kind: 'forker',
    runId: '1_benchmark',
    orphanGrace: 2_000,
    socketPath: join(stateDirectory, 'by-hand.sock'),
    fifoDirectory: join(stateDirectory, 'fifos'),
    runFile: join(stateDirectory, 'by-hand.json'),
    onForker: () => {},
  });
  let pid;
  let count = 0;
  const spawn = () =>
    new Promise((resolve) => {
      count += 1;
      const request = {
        workerId: `by-hand:${count}`,
        command: 'sleep',
        args: ['1000'],
        cwd: undefined,
        env: {},
        stdin: 'ignore',
        stdout: 'pipe',
        stderr: 'pipe',
        fd3: 'ignore',
      };
      spawner.spawn(request, (event) => {
        if (event.type === 'os.exited') onExit();
        if (event.type !== 'os.spawned') return;
        ({ pid } = event.identity);
        for (const stream of ['stdout', 'stderr'])
          event.streams[stream].listen(
            () => {},
            () => {},
          );
        resolve();
      });
    });
  let onExit = () => {};
  await spawn();
  return {
    restart: () =>
      new Promise((resolve) => {
        onExit = () => void spawn().then(resolve);
        process.kill(pid, 'SIGKILL');
      }),
    end: () => spawner.close(),
  };
}
