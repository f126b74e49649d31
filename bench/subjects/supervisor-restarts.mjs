// The processor time that a host spends on a restart: under a supervisor, or by hand: a worker's machine with its record
// and nobody above it, or the spawner alone.
import { join } from 'node:path';
import { createActor } from 'xstate';
import { EventBus } from '../../dist/events.js';
import { startHost } from '../../dist/index.js';
import { nodeOs } from '../../dist/os/node-os.js';
import { RunRegistry } from '../../dist/registry/run-registry.js';
import { WorkerRuntime } from '../../dist/worker/worker-runtime.js';
import { parseWorkerSpec } from '../../dist/worker/worker-spec.js';
import { serve } from '../subject.mjs';

const [stateDirectory, kind] = process.argv.slice(2);
const KINDS = { supervised, 'worker-alone': workerAlone, 'spawner-alone': spawnerAlone };
const { restart, end } = await KINDS[kind]();

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

/** Its machine runs as in a host, and is made anew when it is done. */
async function workerAlone() {
  const os = nodeOs();
  const events = new EventBus(() => os.clock.now());
  const runId = '1_benchmark';
  const { self } = os.processes;
  const { files, clock } = os;
  const parts = { files, clock, stateDirectory, runId, name: 'bench', orphanGrace: 2_000, self };
  const registry = new RunRegistry({ ...parts, onWarning: console.error });
  await registry.open();
  const spawner = await openSpawner(os, runId);
  const machine = new WorkerRuntime({ os, spawner, registry, events }).machine();
  const spec = parseWorkerSpec({ id: 'sleeper', command: 'sleep', args: ['1000'] }, '');
  let count = 0;
  let onRunning = () => {};
  let over = false;
  let pid;
  let actor;
  const start = () => {
    if (over) return;
    count += 1;
    const input = { spec, path: 'bench/sleeper', workerId: `bench/sleeper:${count}`, starts: count };
    actor = createActor(machine, { input });
    actor.subscribe({ complete: start });
    actor.start();
  };
  events.on((event) => {
    if (event.type !== 'worker.state' || event.state !== 'running') return;
    ({ pid } = event);
    onRunning();
  });
  await new Promise((resolve) => {
    onRunning = resolve;
    start();
  });
  return {
    restart: () =>
      new Promise((resolve) => {
        onRunning = resolve;
        process.kill(pid, 'SIGKILL');
      }),
    end: async () => {
      over = true;
      await registry.seal();
      await spawner.close();
      await registry.remove();
    },
  };
}

function openSpawner(os, runId) {
  return os.processes.openSpawner({
    kind: 'forker',
    runId,
    orphanGrace: 2_000,
    socketPath: join(stateDirectory, 'by-hand.sock'),
    fifoDirectory: join(stateDirectory, 'fifos'),
    runFile: join(stateDirectory, 'by-hand.json'),
    onForker: () => {},
  });
}

async function spawnerAlone() {
  const spawner = await openSpawner(nodeOs(), '1_benchmark');
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
