/** A simulated kernel as a stage: chance, and so the order of what happens at once, follows from a seed. */
import { type Program, runProgram } from '../../../src/os/sim/running.ts';
import { simKernel } from '../../../src/os/sim/sim-kernel.ts';
import { simOs } from '../../../src/os/sim/sim-os.ts';
import { Simulation } from '../../../src/sim/simulation.ts';
import type { Stage } from './stage.ts';

const NOBODY = 65_534;
/** Milliseconds of virtual time in which a scenario must be over. */
const PATIENCE_MS = 60_000;

export function simStage(seed: number): Stage {
  const simulation = new Simulation({ seed });
  const { machine } = simulation;
  const programs = new Map<string, Program>();
  const host = simulation.stranger(() => {}, 'host')!;
  return {
    os: simOs({ machine, programs, forkers: new Map() }, host),
    runId: '1767225600000000_simulatedrun',
    places: { socketPath: '/run/run.sock', fifoDirectory: '/run/run.fifos', runFile: '/run/run.json' },
    forkerEvents: [],
    cast({ name, simulated, real: { args } }) {
      programs.set(name, simulated);
      return { command: name, args };
    },
    isStopped: (pid) => machine.find(pid)?.stopped === true,
    async asStranger(pid, signal) {
      const stranger = machine.fork(machine.init, {
        environment: {},
        commandLine: 'stranger',
        userId: NOBODY,
        session: undefined,
        group: undefined,
        origin: undefined,
      });
      runProgram(machine, stranger, () => {});
      const kernel = simKernel(machine, stranger);
      const facts = (await kernel.inspect(pid))!;
      return {
        toProcess: kernel.signal(pid, signal),
        toGroup: kernel.signal(-pid, signal),
        groupExists: kernel.groupExists(pid),
        marksReadable: facts.cookies !== undefined,
        isRoots: facts.userId === 0,
        commandLine: facts.commandLine,
      };
    },
    run: (play) => simulation.run(play, PATIENCE_MS),
  };
}
