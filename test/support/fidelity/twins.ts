/** What the cast is made of: a simulated program and its real twin, in sh or in Python, under one name. */
import type { Program } from '../../../src/os/sim/running.ts';
import type { Actor } from './stage.ts';

export const shell = (name: string, simulated: Program, script: string): Actor => ({
  name,
  simulated,
  real: { command: '/bin/sh', args: ['-c', script] },
});
export const python = (name: string, simulated: Program, script: string): Actor => ({
  name,
  simulated,
  real: { command: 'python3', args: ['-c', `import os, signal, sys, time\n${script}`] },
});

export const says =
  (...lines: readonly string[]): Program =>
  (self) => {
    for (const line of lines) self.write(`${line}\n`);
  };
/** Ends when it is told to on standard input. */
export const endsWhenTold: Program = (self) => self.onInput(() => self.exit(0));
export const up = says('up');
/** What a shell's child is that lives until it is ended. */
export const SLEEPER = `sh -c 'echo up; exec sleep 1000'`;
