/** The real outside world, assembled. */
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { SharedCensus } from './census.ts';
import { ControlSocket } from './control-socket.ts';
import { definedOf } from './environment.ts';
import { DirectSpawner } from './forker/direct.ts';
import { directFork } from './forker/direct-fork.ts';
import { makeFifoDirectory } from './forker/fifo.ts';
import { ForkerSpawner } from './forker/forker.ts';
import { forkerLauncher } from './forker/launch-forker.ts';
import { StreamSupply } from './forker/stream-supply.ts';
import { type KernelName, kernelHere, kernelNamed } from './kernels.ts';
import { linuxUsage } from './linux/usage.ts';
import { nodeFiles } from './node-files.ts';
import { nodeLifetime } from './node-lifetime.ts';
import { nodeLogs } from './node-logs.ts';
import { nodeNetwork } from './node-network.ts';
import { nodePrograms } from './node-program.ts';
import type { Kernel, Os, Spawner, SpawnerOptions } from './os.ts';
import { psUsage } from './portable/ps.ts';
import { realClock } from './real-clock.ts';

/** @param kernelName which twin answers; by default the better one that works here */
export function nodeOs(kernelName: KernelName = kernelHere()): Os {
  const kernel = kernelNamed(kernelName);
  return {
    processes: {
      ...kernel,
      parallelism: availableParallelism(),
      usage: kernelName === 'linux' ? linuxUsage : psUsage,
      openSpawner: (options) => openSpawner(kernelName, kernel, options),
    },
    files: nodeFiles,
    logs: nodeLogs,
    network: nodeNetwork,
    clock: realClock,
    random: { bytes: (count) => randomBytes(count) },
    lifetime: nodeLifetime,
    programs: nodePrograms,
  };
}

async function openSpawner(
  kernelName: KernelName,
  kernel: Kernel,
  options: SpawnerOptions,
): Promise<Spawner> {
  const tools = { kernel, clock: realClock, census: new SharedCensus(kernel, realClock) };
  const env = definedOf(process.env); // as it is when the run begins: workers see no later changes
  const secret = randomBytes(16).toString('hex');
  let forker: ForkerSpawner | undefined;
  let streams: StreamSupply | undefined;
  const control = await ControlSocket.listen({
    path: options.socketPath,
    secret,
    onStream: (id, socket) => streams?.admit(id, socket),
    onError: (error) => streams?.refuse(error),
  });
  if (options.kind === 'forker') {
    const fifoDirectory = makeFifoDirectory(options.fifoDirectory);
    const leftovers = [...control.leftovers, options.fifoDirectory, options.runFile];
    const socketPath = control.address;
    const launch = forkerLauncher(kernelName);
    forker = new ForkerSpawner({
      ...options,
      tools,
      env,
      secret,
      leftovers,
      socketPath,
      fifoDirectory,
      launch: (settings, hears) => {
        streams?.startAt(settings.firstStream);
        return launch(settings, hears);
      },
      supply: (send) => {
        streams = new StreamSupply(fifoDirectory, send);
        return streams;
      },
    });
  }
  const clean = () => {
    control.close();
    try {
      rmSync(options.fifoDirectory, { force: true, recursive: true });
    } catch {
      // A sweep removes it.
    }
  };
  const spawner = forker ?? new DirectSpawner({ ...options, tools, env, fork: directFork });
  try {
    await forker?.start();
  } catch (error) {
    clean();
    throw error;
  }
  return {
    spawn: (request, listener) => spawner.spawn(request, listener),
    abandon: () => spawner.abandon(),
    close: () => spawner.close().finally(clean),
  };
}
