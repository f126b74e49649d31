/** Starts the forker's program as a process of its own, and lays the line to it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fstatSync } from 'node:fs';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { cookieVariables } from '../cookie.ts';
import type { KernelName } from '../kernels.ts';
import type { ForkerChild, ForkerHears, ForkerProcessOptions, LaunchForker } from './forker-process.ts';
import { Line } from './line.ts';
import type { ForkerCommand, ForkerReport } from './messages.ts';

/** A small heap and no helper threads: 17 MB of its own, and forks stay cheap. */
const NODE_FLAGS = ['--max-semi-space-size=1', '--single-threaded', '--v8-pool-size=0', '--no-warnings'];

/** @param kernelName which twin the forker is to ask */
export function forkerLauncher(kernelName: KernelName): LaunchForker {
  return (options, hears) => {
    const program = startProgram(kernelName, options);
    const ended: ForkerChild['ended'] = new Promise((resolve) => {
      program.once('exit', (code, signal) => resolve({ code, signal }));
      program.once('error', (error) => resolve({ error }));
    });
    const line = layLine(program, hears);
    return {
      send: (command) => line?.send(command),
      hold: (held) => line?.hold(held),
      kill: () => void program.kill('SIGKILL'),
      letGo() {
        program.ref();
        line?.destroy();
      },
      ended,
    };
  };
}

/** From now on the line alone keeps the host from ending. Without a process there is none. */
function layLine(program: ChildProcess, hears: ForkerHears): Line<ForkerCommand, ForkerReport> | undefined {
  const socket = program.pid === undefined ? undefined : program.stdio[3];
  if (socket === undefined || socket === null) return undefined;
  const line = new Line<ForkerCommand, ForkerReport>(
    socket as Socket,
    (report) => hears.onReport(report),
    () => hears.onClosed(),
  );
  program.unref();
  return line;
}

function startProgram(kernelName: KernelName, { runId, outer, env }: ForkerProcessOptions): ChildProcess {
  // The host's own NODE_OPTIONS are not for it: an inspector's port or a preloaded module would be used twice.
  const { NODE_OPTIONS: _, ...inherited } = env;
  return spawn(process.execPath, [...NODE_FLAGS, programPath(), kernelName, runId], {
    detached: true, // Ctrl-C in a terminal must not reach it
    cwd: '/',
    env: { ...inherited, ...cookieVariables({ runId, workerId: '' }, outer) },
    // Its own 0 to 2, the line, and the host's 0 to 2 for workers that are to inherit them.
    stdio: ['ignore', 'ignore', orIgnore(2), 'pipe', orIgnore(0), orIgnore(1), orIgnore(2)],
  });
}

/** In a checkout the tests run the sources, which Node 20 cannot: the program is always the built one. */
function programPath(): string {
  const here = new URL('./program.js', import.meta.url);
  return fileURLToPath(import.meta.url.endsWith('.ts') ? here.href.replace('/src/os/', '/dist/os/') : here);
}

function orIgnore(fd: number): number | 'ignore' {
  try {
    fstatSync(fd);
    return fd;
  } catch {
    return 'ignore'; // the host was started without it
  }
}
