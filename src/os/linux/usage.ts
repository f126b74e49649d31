/** What one process uses, as /proc says. */
import { readFile } from 'node:fs/promises';
import type { Usage } from '../os.ts';

const KIB = 1_024;

export async function linuxUsage(pid: number): Promise<Usage | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => undefined);
  return status === undefined ? undefined : parseStatus(status);
}

/** proc_pid_status(5). A zombie has no memory any more. */
export function parseStatus(status: string): Usage {
  const state = /^State:\t(\S)/m.exec(status)?.[1];
  return {
    memory: Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * KIB,
    stopped: state === 'T' || state === 't',
  };
}
