/** A simulated program as it runs: what it may do. */
import { cookieVariables } from '../cookie.ts';
import type { Signal } from '../os.ts';
import {
  type Checks,
  callable,
  exitCode,
  fraction,
  handled,
  milliseconds,
  oneOf,
  optional,
  port as portNumber,
  text as string,
  trueOrFalse,
  wholeNumber,
} from './checks.ts';
import type { SimMachine } from './machine.ts';
import type { Descriptor, SimProcess } from './process.ts';
import { doneByProgram } from './simulation-error.ts';

export interface ForkOptions {
  /** setsid(2): a session and a group of its own. */
  readonly newSession?: boolean;
  /** As `env -i` does: its marks are gone. */
  readonly scrubEnvironment?: boolean;
  readonly commandLine?: string;
  /** Its ends of the parent's streams are closed. */
  readonly closeStreams?: boolean;
}

const FORK: Checks<ForkOptions> = {
  newSession: trueOrFalse,
  scrubEnvironment: trueOrFalse,
  commandLine: string,
  closeStreams: trueOrFalse,
};

/** @param where who is asked, such as `fork()` */
export const forkOptions = (where: string, options: ForkOptions): ForkOptions =>
  optional(where, options, FORK);

/** A program as it runs: what it may do. */
export class Running {
  readonly process: SimProcess;
  readonly #machine: SimMachine;

  constructor(machine: SimMachine, process: SimProcess) {
    this.#machine = machine;
    this.process = process;
  }

  /** @param ms milliseconds from now */
  after(ms: number, action: () => void): void {
    this.#machine.later(this.process, milliseconds('after()', ms), this.#own('after()', action));
  }

  /** Instead of what the signal does by itself. SIGKILL and SIGSTOP cannot be handled. */
  on(signal: Signal, action: () => void): void {
    this.#machine.handle(this.process, handled('on()', signal), this.#own('on()', action));
  }

  ignore(signal: Signal): void {
    this.#machine.handle(this.process, handled('ignore()', signal), 'ignore');
  }

  /** True as often as that, from 0 to 1; it follows from the seed. */
  chance(probability: number): boolean {
    return this.#machine.prng.chance(fraction('chance()', probability));
  }

  /** @param code from 0 to 255 */
  exit(code: number): void {
    this.#machine.exit(this.process, exitCode('exit()', code));
  }

  /** Undefined when it cannot be forked: there are too many processes, or forks are to fail. */
  fork(program: Program, options: ForkOptions = {}): SimProcess | undefined {
    const { process } = this;
    callable('fork()', program);
    forkOptions('fork()', options);
    if (!process.alive) return undefined;
    let child: SimProcess;
    try {
      child = this.#machine.fork(process, {
        ...(options.newSession === true ? { session: undefined, group: undefined } : {}),
        ...(options.scrubEnvironment === true ? { environment: {} } : {}),
        ...(options.commandLine === undefined ? {} : { commandLine: options.commandLine }),
      });
    } catch {
      return undefined;
    }
    for (const [signal, handler] of process.handlers)
      if (handler === 'ignore') child.handlers.set(signal, handler);
    if (options.scrubEnvironment === true) {
      child.wiped = true;
      child.disguised = false;
    }
    if (options.closeStreams !== true) inherit(process, child);
    runProgram(this.#machine, child, program);
    return child;
  }

  /** What nobody can read any more ends it, as a rule. */
  write(text: string, to: Exclude<Descriptor, 'stdin'> = 'stdout'): void {
    const { process } = this;
    const bytes = new TextEncoder().encode(string('write()', text));
    const written = process.descriptors
      .get(oneOf('write()', to, ['stdout', 'stderr', 'fd3']))
      ?.pipe.write(bytes);
    if (written === false) this.#machine.deliver(process, 'SIGPIPE');
  }

  /** A newline on descriptor 3. */
  notify(): void {
    this.write('\n', 'fd3');
  }

  onInput(listener: (text: string) => void, onEnd: () => void = () => {}): void {
    const hear = this.#own('onInput()', listener);
    this.process.descriptors.get('stdin')?.pipe.read(this.process, hear, this.#own('onInput()', onEnd));
  }

  closeStreams(): void {
    for (const end of this.process.descriptors.values()) end.release();
    this.process.descriptors.clear();
  }

  /** The command line that others see. */
  rename(commandLine: string): void {
    this.process.commandLine = string('rename()', commandLine);
  }

  /** setuid(2): from now on others may not signal it, nor read its marks. */
  becomeUser(userId: number): void {
    this.process.userId = wholeNumber('becomeUser()', userId);
  }

  /** Its marks are overwritten, as by setproctitle(3). */
  wipe(): void {
    this.process.environment = {};
    this.process.wiped = true;
    this.process.disguised = false;
  }

  /** As `env REEVE_RUN_ID=… REEVE_WORKER_ID=… program` does: another run's marks in place of its own. */
  disguise(runId: string, workerId: string): void {
    this.process.environment = cookieVariables(
      { runId: string('disguise()', runId), workerId: string('disguise()', workerId) },
      [],
    );
    this.process.wiped = true;
    this.process.disguised = true;
  }

  /** Accepts connections; a second listener on a port takes it from the first. */
  listen(port: number): void {
    this.#machine.listeners.set(portNumber('listen()', port), this.process);
  }

  /** What it throws is this program's fault, and says so. */
  #own<Args extends readonly unknown[]>(where: string, action: (...args: Args) => void) {
    return doneByProgram(this.#machine, this.process, callable(where, action));
  }
}

/** It may be async: what it rejects with comes out of the simulation as what it throws does. */
export type Program = (self: Running) => void;

/** `exec`: the process becomes this program. */
export function runProgram(machine: SimMachine, process: SimProcess, program: Program): void {
  process.onChildren ??= () => {};
  const run = doneByProgram(machine, process, program);
  machine.later(process, 0, () => run(new Running(machine, process)));
}

function inherit(parent: SimProcess, child: SimProcess): void {
  for (const [name, { pipe }] of parent.descriptors) child.descriptors.set(name, pipe.hold(child));
}
