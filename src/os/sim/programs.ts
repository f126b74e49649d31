/** What simulated programs do: scripts that run as processes, each named by its behaviour. */
import type { ForkOptions, Program } from './running.ts';

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

/** Starts a short-lived child in a session of its own again and again. @param every milliseconds between two */
export const forksOften =
  (every: number): Program =>
  (self) => {
    const again = (): void => {
      self.fork(exitsAfter(every * 4, 0), { newSession: true });
      self.after(every, again);
    };
    again();
  };

/** Told to end, it starts a child, and then ends: the child does the same, `generations` deep. */
export const forksAsItEnds =
  (generations: number, options: ForkOptions = {}): Program =>
  (self) => {
    if (generations === 0) return;
    self.on('SIGTERM', () => {
      self.fork(forksAsItEnds(generations - 1, options), options);
      self.exit(0);
    });
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
