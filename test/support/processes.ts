/** Looking at real processes from a test, without the code that is tested. */
import { readdirSync, readFileSync } from 'node:fs';

/** Reads a /proc file; undefined when its process is gone. */
export function proc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return undefined;
  }
}

/** Alive, and not a zombie: not one thread of it is left. */
export function isAlive(pid: number): boolean {
  const fields = statOf(pid);
  return fields !== undefined && !(isEnded(fields) && Number(fields[17]) <= 1);
}

/** Its first thread is a zombie, and others of it live: as while a killed process dies. */
export function isWithoutFirstThread(pid: number): boolean {
  const fields = statOf(pid);
  return fields !== undefined && isEnded(fields) && Number(fields[17]) > 1;
}

/** The fields of /proc/<pid>/stat from the third, the state, on. */
function statOf(pid: number): readonly string[] | undefined {
  const stat = proc(pid, 'stat');
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
}

const isEnded = ([state]: readonly string[]): boolean => state === 'Z' || state === 'X';

/** Field 22 of /proc/<pid>/stat. */
export function startTimeOf(pid: number): number | undefined {
  const fields = statOf(pid);
  return fields === undefined ? undefined : Number(fields[19]);
}

export const allPids = (): number[] => readdirSync('/proc').map(Number).filter(Number.isInteger);

/** The living processes whose environment holds `NAME=value`. */
export function processesWith(variable: string): number[] {
  return allPids().filter(
    (pid) => isAlive(pid) && (proc(pid, 'environ') ?? '').split('\0').includes(variable),
  );
}

export const processesOfRun = (runId: string): number[] => processesWith(`REEVE_RUN_ID=${runId}`);

/** Polls until `condition` gives something else than false or undefined; fails with what it waited for. */
export async function until<T>(
  what: string,
  condition: () => T | false | undefined | Promise<T | false | undefined>,
  timeout = 10_000,
): Promise<T> {
  const deadline = performance.now() + timeout;
  for (;;) {
    const value = await condition();
    if (value !== false && value !== undefined) return value;
    if (performance.now() > deadline) throw new Error(`waited ${timeout} ms in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
