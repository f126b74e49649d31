/** A small host in a process of its own, whose limits a test can lower while it runs. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished } from 'vitest';
import type { SpawnFailure } from '../../src/errors.ts';
import { processesOfRun } from './processes.ts';
import type { SpawnerKind } from './spawner.ts';
import { temporaryDirectory } from './temporary.ts';

const FIXTURE = fileURLToPath(new URL('../fixtures/spawns-on-request.mjs', import.meta.url));
const NOBODY = 65_534;
export const AS_NOBODY = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];

export interface LimitedHost {
  /** Who forks: the forker, or the host itself. */
  readonly forks: number;
  readonly host: number;
  spawn(count: number): Promise<{ readonly born: number; readonly failures: readonly SpawnFailure[] }>;
  /** How many failures of which code. */
  fail(count: number): Promise<Record<string, number>>;
  /** Signals all that it has spawned; answers at once. */
  signal(signal: NodeJS.Signals): Promise<unknown>;
  /** Kills all that it has spawned, and waits until they are gone. */
  clear(): Promise<{ readonly forkersLost: number }>;
  descriptors(): Promise<{ readonly host: number; readonly forker: number }>;
}

/** Whether a host can be started that limits on processes hold for. */
export const canBeUnprivileged = (): boolean => {
  const [command, ...args] = [...AS_NOBODY, process.execPath, '--version'];
  return process.getuid!() !== 0 || spawnSync(command!, args).status === 0;
};

let hosts = 0;

/** Root is above limits on processes: `unprivileged` makes the host somebody else's where we are root. */
export async function startLimitedHost(kind: SpawnerKind, unprivileged = false): Promise<LimitedHost> {
  const directory = temporaryDirectory();
  hosts += 1;
  const runId = `${Date.now()}${hosts}_${process.pid.toString(36)}`;
  const lower = unprivileged && process.getuid!() === 0;
  if (lower) {
    chownSync(directory, NOBODY, NOBODY);
    chmodSync(directory, 0o700);
  }
  const wrapper = lower ? AS_NOBODY : [];
  const [command, ...args] = [...wrapper, process.execPath, FIXTURE, kind, directory, runId];
  const child = spawn(command!, args, { stdio: ['pipe', 'pipe', 'pipe'], cwd: '/' });
  let stderr = '';
  child.stderr.on('data', (bytes) => {
    stderr += bytes;
  });
  const exited = new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`the host ended (${await exited}): ${stderr}`);
    return JSON.parse(value);
  };
  const ask = (line: string) => {
    child.stdin.write(`${line}\n`);
    return answer();
  };
  onTestFinished(async () => {
    child.stdin.end();
    expect(await exited, stderr).toBe(0);
    expect(processesOfRun(runId)).toEqual([]);
  });
  const { host, forker } = await answer();
  return {
    host,
    forks: forker ?? host,
    spawn: (count) => ask(`spawn ${count}`),
    fail: (count) => ask(`fail ${count}`),
    signal: (signal) => ask(`signal ${signal}`),
    clear: () => ask('clear'),
    descriptors: () => ask('descriptors'),
  };
}

/** Lowers a limit of a living process; returns how to give it back what it had. */
export function limit(pid: number, what: 'nofile' | 'nproc', soft: number): () => void {
  const isOurs = statSync(`/proc/${pid}`).uid === process.getuid!();
  const prlimit = (...args: readonly string[]) => {
    const [command, ...rest] = [...(isOurs ? [] : AS_NOBODY), 'prlimit', `--pid=${pid}`, ...args];
    return execFileSync(command!, rest, { encoding: 'utf8' });
  };
  const before = prlimit(`--${what}`, '--raw', '--noheadings', '--output=SOFT').trim();
  prlimit(`--${what}=${soft}:`);
  return () => prlimit(`--${what}=${before}:`);
}
