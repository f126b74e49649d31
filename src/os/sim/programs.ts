/** What simulated programs do: scripts that run as processes, each named by its behaviour. */
import type { Signal } from '../os.ts';
import type { SimMachine } from './machine.ts';
import type { Descriptor, SimProcess } from './process.ts';

export interface ForkOptions {
  /** setsid(2): a session and a group of its own. */
  readonly newSession?: boolean;
  /** As `env -i` does: its marks are gone. */
  readonly scrubEnvironment?: boolean;
  readonly commandLine?: string;
  /** Its ends of the parent's streams are closed. */
  readonly closeStreams?: boolean;
}

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
    this.#machine.later(this.process, ms, action);
  }

  /** Instead of what the signal does by itself. */
  on(signal: Signal, action: () => void): void {
    this.#machine.handle(this.process, signal, action);
  }

  ignore(signal: Signal): void {
    this.#machine.handle(this.process, signal, 'ignore');
  }

  exit(code: number): void {
    this.#machine.exit(this.process, code);
  }

  /** Undefined when there are too many processes. */
  fork(program: Program, options: ForkOptions = {}): SimProcess | undefined {
    const { process } = this;
    if (!process.alive) return undefined;
    try {
      const child = this.#machine.fork(process, {
        ...(options.newSession === true ? { session: undefined, group: undefined } : {}),
        ...(options.scrubEnvironment === true ? { environment: {} } : {}),
        ...(options.commandLine === undefined ? {} : { commandLine: options.commandLine }),
      });
      for (const [signal, handler] of process.handlers)
        if (handler === 'ignore') child.handlers.set(signal, handler);
      if (options.scrubEnvironment === true) child.wiped = true;
      if (options.closeStreams !== true) inherit(process, child);
      runProgram(this.#machine, child, program);
      return child;
    } catch {
      return undefined;
    }
  }

  /** What nobody can read any more ends it, as a rule. */
  write(text: string, to: Descriptor = 'stdout'): void {
    const { process } = this;
    const written = process.descriptors.get(to)?.pipe.write(new TextEncoder().encode(text));
    if (written === false) this.#machine.deliver(process, 'SIGPIPE');
  }

  /** A newline on descriptor 3. */
  notify(): void {
    this.write('\n', 'fd3');
  }

  onInput(listener: (text: string) => void, onEnd: () => void = () => {}): void {
    this.process.descriptors.get('stdin')?.pipe.read(this.process, listener, onEnd);
  }

  closeStreams(): void {
    for (const end of this.process.descriptors.values()) end.release();
    this.process.descriptors.clear();
  }

  /** The command line that others see. */
  rename(commandLine: string): void {
    this.process.commandLine = commandLine;
  }

  /** setuid(2): from now on others may not signal it, nor read its marks. */
  becomeUser(userId: number): void {
    this.process.userId = userId;
  }

  /** Its marks are overwritten, as by setproctitle(3). */
  wipe(): void {
    this.process.environment = {};
    this.process.wiped = true;
  }

  /** Accepts connections; a second listener on a port takes it from the first. */
  listen(port: number): void {
    this.#machine.listeners.set(port, this.process);
  }
}

export type Program = (self: Running) => void;

/** `exec`: the process becomes this program. */
export function runProgram(machine: SimMachine, process: SimProcess, program: Program): void {
  process.onChildren ??= () => {};
  machine.later(process, 0, () => program(new Running(machine, process)));
}

function inherit(parent: SimProcess, child: SimProcess): void {
  for (const [name, { pipe }] of parent.descriptors) child.descriptors.set(name, pipe.hold(child));
}

/** Runs until it is told to end. */
export const obeys: Program = () => {};

export const ignoresTerm: Program = (self) => {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) self.ignore(signal);
};

/** @param ms how long it takes to end after SIGTERM */
export const slowToStop =
  (ms: number): Program =>
  (self) =>
    self.on('SIGTERM', () => self.after(ms, () => self.exit(0)));

/** @param ms how long it lives */
export const exitsAfter =
  (ms: number, code = 1): Program =>
  (self) =>
    self.after(ms, () => self.exit(code));

/** Has a child in its own group. */
export const forks =
  (child: Program = obeys, options: ForkOptions = {}): Program =>
  (self) => {
    self.fork(child, options);
  };

/** Leaves a daemon behind in the old way: a session of its own, and pid 1 for a parent. */
export const doubleForks =
  (daemon: Program = obeys, options: ForkOptions = {}): Program =>
  (self) => {
    const between: Program = (middle) => {
      middle.fork(daemon, options);
      middle.exit(0);
    };
    self.fork(between, { newSession: true });
  };

/** It ends first, and what it started in its group does not. */
export const leavesItsGroup =
  (ms: number, child: Program = ignoresTerm): Program =>
  (self) => {
    self.fork(child);
    self.after(ms, () => self.exit(0));
  };

export const renamesItself =
  (commandLine: string): Program =>
  (self) =>
    self.rename(commandLine);

export const wipesItsMarks: Program = (self) => self.wipe();

/** @param ms how long it is still its host's user */
export const becomesRoot =
  (ms: number): Program =>
  (self) =>
    self.after(ms, () => self.becomeUser(0));

export const readyAfter =
  (ms: number, line = 'ready'): Program =>
  (self) =>
    self.after(ms, () => {
      self.write(`${line}\n`);
      self.notify();
    });

/** Says that it is ready two times. */
export const readyTwice: Program = both(readyAfter(1), readyAfter(2));

export const closesItsStreams: Program = (self) => self.closeStreams();

/** @param every milliseconds between two lines */
export const chatty =
  (every: number): Program =>
  (self) => {
    const say = (): void => {
      self.write('so I said to him, I said\n');
      self.after(every, say);
    };
    say();
  };

/** Writes a lot at once. */
export const floods =
  (bytes: number): Program =>
  (self) =>
    self.write('x'.repeat(bytes));

/** Stops itself, as with SIGSTOP: only SIGKILL and SIGCONT reach it. */
export const hangs: Program = (self) => {
  self.process.stopped = true;
};

/** Has `generations` of children, two each. */
export const forkStorm =
  (generations: number): Program =>
  (self) => {
    if (generations === 0) return;
    for (let count = 0; count < 2; count += 1) self.fork(forkStorm(generations - 1));
  };

/** Does what each of them does. */
export function both(...programs: readonly Program[]): Program {
  return (self) => {
    for (const program of programs) program(self);
  };
}
