/** A pool on a simulated machine, for a short story. */
import type { PoolOptions } from '../../src/pool/pool-options.ts';
import { type Program, programs, Simulation } from '../../src/sim/index.ts';

/** A pool named `pool`, whose workers are these, in the order of their births; the last is all that come after. */
export async function open(options: Omit<PoolOptions, 'name' | 'worker'>, ...workers: Program[]) {
  let births = 0;
  const worker: Program = (self) => {
    const program = workers[Math.min(births, workers.length - 1)] ?? programs.serves();
    births += 1;
    program(self);
  };
  const simulation = new Simulation({ programs: { worker } });
  const { host, process } = await simulation.run(simulation.startHost({ signals: false }));
  const command = { command: 'worker', startTimeout: 1_000 };
  const pool = await simulation.run(host!.pool({ name: 'pool', worker: command, ...options }));
  const living = () => simulation.machine.processes().filter(({ alive, isWorkers }) => alive && isWorkers);
  return { simulation, host: host!, process, pool, living, births: () => births };
}

/** What a promise is rejected with. */
export const thrown = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'nothing',
    (error) => error,
  );
