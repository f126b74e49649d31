/** Spawning on a simulated machine: the same spawner, forker and children as on a real one, on simulated streams. */
import type { SpawnFailure } from '../../errors.ts';
import { SharedCensus } from '../census.ts';
import { definedOf } from '../environment.ts';
import type { ForkedChild } from '../forker/children.ts';
import { DirectSpawner } from '../forker/direct.ts';
import { ForkerSpawner } from '../forker/forker.ts';
import type { ForkOrder } from '../forker/messages.ts';
import type { HostEnd, Supply } from '../forker/supply.ts';
import type { Clock, Kernel, Spawner, SpawnerOptions, SpawnRequest, Streams } from '../os.ts';
import type { SimMachine } from './machine.ts';
import { Pipe } from './pipe.ts';
import type { SimProcess } from './process.ts';
import { type BirthPlace, forkOn, hearExits, type Installed, type Reaped } from './sim-fork.ts';
import { launchSimForker } from './sim-forker.ts';

export async function openSimSpawner(
  installed: Installed,
  self: SimProcess,
  tools: { readonly kernel: Kernel; readonly clock: Clock },
  options: SpawnerOptions,
): Promise<Spawner> {
  const { machine } = installed;
  const { socketPath, runFile, kind } = options;
  machine.disk.write(socketPath, ''); // throws as bind(2) would
  machine.listeners.set(socketPath, self);
  const reaped = hearExits(self);
  const all = { ...tools, census: new SharedCensus(tools.kernel, tools.clock) };
  const env = definedOf(self.environment);
  const pipes = new Map<number, Pipe>();
  const shared = { ...options, tools: all, env };
  const birth = { installed, options, pipes };
  const spawner =
    kind === 'direct'
      ? new DirectSpawner({
          ...shared,
          fork: (order, request, environment) =>
            forkDirectly(birth, self, reaped, order, request, environment),
        })
      : new ForkerSpawner({
          ...shared,
          fifoDirectory: undefined,
          secret: '',
          leftovers: [socketPath, runFile],
          launch: (launched, hears) => launchSimForker(birth, self, reaped, launched, hears),
          supply: () => simSupply(machine, self, pipes),
        });
  if (spawner instanceof ForkerSpawner) await spawner.start();
  return {
    spawn: (request, listener) => spawner.spawn(request, listener),
    abandon: () => spawner.abandon(),
    close: async () => {
      const left = await spawner.close();
      if (self.alive) machine.disk.remove(socketPath);
      return left;
    },
  };
}

/** The host makes a pipe for each stream before it orders a fork. */
function simSupply(machine: SimMachine, self: SimProcess, pipes: Map<number, Pipe>): Supply {
  let failed: SpawnFailure | undefined;
  return {
    async take({ stdin, stdout, stderr, fd3 }: SpawnRequest): Promise<readonly HostEnd[]> {
      await new Promise<void>((resolve) => machine.later(self, 0, resolve));
      if (failed !== undefined) throw failed;
      const wanted = [stdin, stdout, stderr, fd3].filter((spec) => spec === 'pipe');
      return wanted.map((): HostEnd => {
        const { pipe, source } = makePipe(machine, self, pipes);
        return {
          source,
          asSource: () => pipe.asSource(),
          asSink: () => pipe.asSink(),
          lend: () => {},
          asDuplex: () => pipe.asDuplex(),
          destroy: () => pipe.destroy(),
        };
      });
    },
    heard: () => {},
    failAll: (why) => {
      failed = why;
    },
    firstFifos: () => undefined,
    refill: () => {
      failed = undefined;
    },
    clear: () => {},
  };
}

/** With the number by which orders call it. */
function makePipe(machine: SimMachine, self: SimProcess, pipes: Map<number, Pipe>) {
  const pipe = new Pipe(self, (process, delay, action) => machine.later(process, delay, action));
  const source = pipes.size + 1;
  pipes.set(source, pipe);
  return { pipe, source };
}

function forkDirectly(
  place: BirthPlace,
  self: SimProcess,
  reaped: Reaped,
  order: ForkOrder,
  request: SpawnRequest,
  env: NodeJS.ProcessEnv,
): ForkedChild & { readonly streams: () => Streams } {
  const { machine } = place.installed;
  const made = [request.stdin, request.stdout, request.stderr, request.fd3].map((spec) => {
    return spec === 'pipe' ? makePipe(machine, self, place.pipes) : undefined;
  });
  const streams = made.map((one) => one?.source ?? 'ignore') as unknown as ForkOrder['streams'];
  const child = forkOn(place, self, reaped, { ...order, streams }, env);
  const [stdin, stdout, stderr, fd3] = made.map((one) => one?.pipe);
  void child.exited.then(() => stdin?.asSink().destroy()); // as Node does, whoever else reads it
  return {
    ...child,
    streams: () => ({
      stdin: stdin?.asSink(),
      stdout: stdout?.asSource(),
      stderr: stderr?.asSource(),
      fd3: fd3?.asDuplex(),
    }),
  };
}
