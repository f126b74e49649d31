/** The command line, as a shell runs it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished } from 'vitest';
import { processesOfRun, until } from './processes.ts';
import { kill } from './runs.ts';
import { temporaryDirectory } from './temporary.ts';

export const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** Whether a terminal shows colours is decided by these, not by where the tests happen to run. */
const COLORFUL = {
  TERM: 'xterm-256color',
  CI: undefined,
  FORCE_COLOR: undefined,
  NO_COLOR: undefined,
  NODE_DISABLE_COLORS: undefined,
  TF_BUILD: undefined,
};

export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
}

export interface Command {
  readonly process: ChildProcess;
  readonly pid: number;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly ended: Promise<Ended>;
  /** Waits until it has written this. */
  readonly says: (what: RegExp) => Promise<RegExpExecArray>;
}

export interface Shell {
  readonly directory: string;
  readonly stateDirectory: string;
  /** Writes a file into the working directory; returns its path. */
  readonly put: (name: string, content: string | object) => string;
  /** Starts `reeve` with these arguments in the working directory. */
  readonly start: (...args: readonly string[]) => Command;
  /** Runs it to its end. */
  readonly run: (...args: readonly string[]) => Promise<Ended & { stdout: string; stderr: string }>;
  /** Starts any command, with the same environment. */
  readonly exec: (command: string, args: readonly string[]) => Command;
  /** The runs that have a record. */
  readonly runs: () => string[];
}

/** Call it inside a test: at its end what still runs is killed, and the test fails if a process of a run is left. */
export function openShell(environment: NodeJS.ProcessEnv = {}): Shell {
  const directory = temporaryDirectory();
  const stateDirectory = temporaryDirectory();
  const commands: Command[] = [];
  const seen = new Set<string>();
  const runs = () => {
    try {
      const names = readdirSync(`${stateDirectory}/runs`).filter((name) => name.endsWith('.json'));
      return names.map((name) => name.slice(0, -'.json'.length));
    } catch {
      return [];
    }
  };
  const exec: Shell['exec'] = (command, args) => {
    const child = spawn(command, args, {
      cwd: directory,
      env: {
        ...process.env,
        ...COLORFUL,
        REEVE_STATE_DIR: stateDirectory,
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        output[name] += text;
        for (const run of runs()) seen.add(run);
      });
    }
    const started: Command = {
      process: child,
      pid: child.pid!,
      stdout: () => output.stdout,
      stderr: () => output.stderr,
      ended: new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal }))),
      says: (what) =>
        until(`it says ${what}`, () => what.exec(output.stdout + output.stderr) ?? undefined, 20_000).catch(
          (error: Error) => {
            throw new Error(`${error.message}; it said:\n${output.stdout}${output.stderr}`);
          },
        ),
    };
    commands.push(started);
    return started;
  };
  onTestFinished(async () => {
    for (const { process } of commands) process.kill('SIGKILL');
    await Promise.all(commands.map(({ ended }) => ended));
    const left = () => [...seen].flatMap(processesOfRun);
    await until('every run has ended', () => left().length === 0, 20_000).finally(() => {
      for (const pid of left()) kill(pid);
    });
    expect(runs()).toEqual([]);
  });
  const start: Shell['start'] = (...args) => exec(process.execPath, [CLI, ...args]);
  return {
    directory,
    stateDirectory,
    exec,
    start,
    runs,
    put(name, content) {
      const path = `${directory}/${name}`;
      writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
      return path;
    },
    async run(...args) {
      const command = start(...args);
      const ended = await command.ended;
      return { ...ended, stdout: command.stdout(), stderr: command.stderr() };
    },
  };
}

/** A tree of two workers that stay. */
export const TREE = {
  name: 'test',
  supervisors: [
    {
      id: 's',
      children: [
        { id: 'a', command: 'sleep', args: ['1401'] },
        { id: 'b', command: 'sh', args: ['-c', 'pwd; exec sleep 1402'], ready: { log: '/' } },
      ],
    },
  ],
};

/** A tree of one worker that runs this script once. */
export const once = (script: string, rest: object = {}) => ({
  supervisors: [
    { id: 's', children: [{ id: 'w', command: 'sh', args: ['-c', script], restart: 'temporary' }], ...rest },
  ],
});
