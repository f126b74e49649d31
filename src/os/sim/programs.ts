/** What simulated programs do: scripts that run as processes, each named by its behaviour. */
import { callable, done, exitCode, milliseconds, text, wholeNumber } from './checks.ts';
import { type ForkOptions, forkOptions, type Program } from './running.ts';

export { serves } from './serves.ts';

/** Between two things that are done again and again, milliseconds: without any, time would stand still. */
const LEAST_BETWEEN_MS = 1;

/** Runs until it is told to end. */
export const obeys: Program = () => {};

export const ignoresTerm: Program = (self) => {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) self.ignore(signal);
};

/** @param ms how long it takes to end after SIGTERM */
export const slowToStop = (ms: number): Program => {
  milliseconds('slowToStop()', ms);
  return (self) => self.on('SIGTERM', () => self.after(ms, () => self.exit(0)));
};

/**
 * @param ms how long it lives
 * @param code from 0 to 255
 */
export const exitsAfter = (ms: number, code = 1): Program => {
  milliseconds('exitsAfter()', ms);
  exitCode('exitsAfter()', code);
  return (self) => self.after(ms, () => self.exit(code));
};

/** Has a child in its own group. */
export const forks = (child: Program = obeys, options: ForkOptions = {}): Program => {
  callable('forks()', child);
  forkOptions('forks()', options);
  return (self) => void self.fork(child, options);
};

/** Leaves a daemon behind in the old way: a session of its own, and pid 1 for a parent. */
export const doubleForks = (daemon: Program = obeys, options: ForkOptions = {}): Program => {
  callable('doubleForks()', daemon);
  forkOptions('doubleForks()', options);
  const between: Program = (middle) => {
    middle.fork(daemon, options);
    middle.exit(0);
  };
  return (self) => void self.fork(between, { newSession: true });
};

/** It ends first, and what it started in its group does not. */
export const leavesItsGroup = (ms: number, child: Program = ignoresTerm): Program => {
  milliseconds('leavesItsGroup()', ms);
  callable('leavesItsGroup()', child);
  return (self) => {
    self.fork(child);
    self.after(ms, () => self.exit(0));
  };
};

export const renamesItself = (commandLine: string): Program => {
  text('renamesItself()', commandLine);
  return (self) => self.rename(commandLine);
};

export const wipesItsMarks: Program = (self) => self.wipe();

/** Carries the marks of a run that is nowhere to be found. */
export const disguisesItself: Program = (self) => self.disguise('1767225600000000_nowhere00', 'nobody:1');

/** @param ms how long it is still its host's user */
export const becomesRoot = (ms: number): Program => {
  milliseconds('becomesRoot()', ms);
  return (self) => self.after(ms, () => self.becomeUser(0));
};

/** Says that it is ready, both ways: a line on its standard output, and a newline on descriptor 3. */
export const readyAfter = (ms: number, line = 'ready'): Program => {
  milliseconds('readyAfter()', ms);
  text('readyAfter()', line);
  return (self) =>
    self.after(ms, () => {
      self.write(`${line}\n`);
      self.notify();
    });
};

/** Says that it is ready two times. */
export const readyTwice: Program = both(readyAfter(1), readyAfter(2));

export const closesItsStreams: Program = (self) => self.closeStreams();

/** @param every milliseconds between two lines, 1 at least */
export const chatty = (every: number): Program => {
  const between = Math.max(LEAST_BETWEEN_MS, milliseconds('chatty()', every));
  return (self) => {
    const say = (): void => {
      self.write('so I said to him, I said\n');
      self.after(between, say);
    };
    say();
  };
};

/** Writes a lot at once. */
export const floods = (bytes: number): Program => {
  wholeNumber('floods()', bytes);
  return (self) => self.write('x'.repeat(bytes));
};

/** Stops itself, as with SIGSTOP: only SIGKILL and SIGCONT reach it. */
export const hangs: Program = (self) => {
  self.process.stopped = true;
};

/** Starts a short-lived child in a session of its own again and again. @param every milliseconds between two, 1 at least */
export const forksOften = (every: number): Program => {
  const between = Math.max(LEAST_BETWEEN_MS, milliseconds('forksOften()', every));
  return (self) => {
    const again = (): void => {
      self.fork(exitsAfter(between * 4, 0), { newSession: true });
      self.after(between, again);
    };
    again();
  };
};

/** Told to end, it starts a child, and then ends: the child does the same, `generations` deep. */
export const forksAsItEnds = (generations: number, options: ForkOptions = {}): Program => {
  wholeNumber('forksAsItEnds()', generations);
  forkOptions('forksAsItEnds()', options);
  return (self) => {
    if (generations === 0) return;
    self.on('SIGTERM', () => {
      self.fork(forksAsItEnds(generations - 1, options), options);
      self.exit(0);
    });
  };
};

/** Has `generations` of children, two each. */
export const forkStorm = (generations: number): Program => {
  wholeNumber('forkStorm()', generations);
  return (self) => {
    if (generations === 0) return;
    for (let count = 0; count < 2; count += 1) self.fork(forkStorm(generations - 1));
  };
};

/** Does what each of them does. */
export function both(...programs: readonly Program[]): Program {
  for (const program of programs) callable('both()', program);
  return (self) => {
    const results = programs.map((program): unknown => done(program(self)));
    return results.some((result) => result instanceof Promise) ? Promise.all(results) : undefined;
  };
}
