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

/** Alive, and not a zombie. */
export function isAlive(pid: number): boolean {
  const stat = proc(pid, 'stat');
  return stat !== undefined && !/^\d+ \(.*\) [ZX] /s.test(stat);
}

/** Field 22 of /proc/<pid>/stat. */
export function startTimeOf(pid: number): number | undefined {
  const stat = proc(pid, 'stat');
  return stat === undefined ? undefined : Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
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
