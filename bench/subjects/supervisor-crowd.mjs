// Dynamic children on the simulated kernel: all started, each crashed once and started again, all stopped. No oracle
// watches, for it looks at everything there is.
import { startHost } from '../../dist/index.js';
import { SimMachine } from '../../dist/os/sim/machine.js';
import { runProgram } from '../../dist/os/sim/running.js';
import { simOs } from '../../dist/os/sim/sim-os.js';
import { serve } from '../subject.mjs';

const COMMAND = 'worker';
const PID_MAX = 32_768;

serve(async ({ children }) => {
  const machine = new SimMachine({ seed: 1, pidMax: PID_MAX, tick: 10 });
  const installed = { machine, programs: new Map([[COMMAND, () => {}]]), forkers: new Map() };
  const process = machine.fork(machine.init, {
    commandLine: 'host',
    environment: {},
    userId: 0,
    session: undefined,
    group: undefined,
    origin: undefined,
    threaded: true,
  });
  runProgram(machine, process, () => {});
  const until = async (isOver) => {
    await machine.timeline.settle();
    while (!isOver()) if (!(await machine.timeline.step())) throw new Error('nothing is left to happen');
  };
  const result = async (promise) => {
    let outcome;
    promise.then(
      (value) => {
        outcome = { value };
      },
      (error) => {
        outcome = { error };
      },
    );
    await until(() => outcome !== undefined);
    if (outcome.error !== undefined) throw outcome.error;
    return outcome.value;
  };

  const host = await result(startHost({ os: simOs(installed, process), stateDirectory: '/state' }));
  let up = 0;
  host.events.on(({ type }) => {
    if (type === 'child.started') up += 1;
  });
  const options = { id: 'crowd', strategy: 'simple_one_for_one', intensity: 1_000_000, period: 2 ** 31 - 1 };
  const crowd = await result(
    host.supervise({ ...options, children: [{ id: 'child', command: COMMAND, shutdown: 'brutal_kill' }] }),
  );
  const begun = performance.now();
  const starting = Promise.all(Array.from({ length: children }, () => crowd.startChild()));
  await result(starting);
  const started = performance.now();
  for (const worker of machine.processes().filter(({ isWorkers }) => isWorkers)) machine.exit(worker, 1);
  await until(() => up === 2 * children);
  const crashed = performance.now();
  await result(crowd.stop());
  const stopped = performance.now();
  await result(host.stop());
  return {
    start: started - begun,
    crash: crashed - started,
    stop: stopped - crashed,
    steps: machine.timeline.steps,
  };
});
