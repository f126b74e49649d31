/** What is thrown inside a simulation comes out with all that is needed to see it again: the seed, who threw, and when. */
import { messageOf } from '../../errors.ts';
import { done } from './checks.ts';
import type { SimMachine } from './machine.ts';
import type { SimProcess } from './process.ts';

export interface Blame {
  readonly seed: number;
  /** Milliseconds of virtual time; undefined when it is not known. */
  readonly at?: number | undefined;
  /** The command line of the process that threw; undefined when it is not known. */
  readonly command?: string | undefined;
}

/** A program, or the application, threw `cause`: a fault of the test, and no broken invariant. */
export class SimulationError extends Error {
  override readonly name = 'SimulationError';
  readonly seed: number;
  readonly at: number | undefined;
  readonly command: string | undefined;

  constructor({ seed, at, command }: Blame, cause: unknown) {
    const who = command === undefined ? '' : `, '${command}'`;
    const when = at === undefined ? '' : `, at ${at.toFixed(3)} ms`;
    super(`seed ${seed}${who}${when}: ${messageOf(cause)}`, { cause });
    this.seed = seed;
    this.at = at;
    this.command = command;
  }
}

/** The error itself when it says all this already: what one process does may run inside what another does. */
export function blamed(blame: Blame, error: unknown): SimulationError {
  return error instanceof SimulationError ? error : new SimulationError(blame, error);
}

/** `action`, as this process does it. */
export function doneBy<Args extends readonly unknown[], Result>(
  machine: SimMachine,
  process: SimProcess,
  action: (...args: Args) => Result,
): (...args: Args) => Result {
  return (...args) => {
    try {
      return action(...args);
    } catch (error) {
      throw blamed(blameFor(machine, process), error);
    }
  };
}

/**
 * The same for what is written by people, who may write async functions: those fail later, and nobody would hear of it.
 * A generator is refused.
 */
export function doneByProgram<Args extends readonly unknown[]>(
  machine: SimMachine,
  process: SimProcess,
  action: (...args: Args) => unknown,
): (...args: Args) => void {
  const act = doneBy(machine, process, (...args: Args) => done(action(...args)));
  return (...args) => {
    const result = act(...args);
    if (result instanceof Promise) result.catch((error: unknown) => raise(machine, process, error));
  };
}

/** From outside of what happens: the next thing to happen is that this error comes out of the simulation. */
export function raise(machine: SimMachine, process: SimProcess, error: unknown): void {
  const told = blamed(blameFor(machine, process), error);
  machine.timeline.add(0, () => {
    throw told;
  });
}

function blameFor({ prng, timeline }: SimMachine, { commandLine }: SimProcess): Blame {
  return { seed: prng.seed, at: timeline.now, command: commandLine };
}
