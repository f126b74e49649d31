// The processor time of a process and of all that it has started, in the kernel's ticks of 10 ms.
import { readdirSync, readFileSync } from 'node:fs';

const TICK_MS = 10;

/** Milliseconds, user and system, of those that live and of the dead that were waited for. */
export function cpuMsBelow(root) {
  const all = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? look(name) : []));
  const sum = (pid) => {
    const below = all.filter(({ parent }) => parent === pid).map((child) => sum(child.pid));
    return below.reduce((total, ticks) => total + ticks, all.find((each) => each.pid === pid)?.ticks ?? 0);
  };
  return sum(root) * TICK_MS;
}

function look(name) {
  try {
    const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
    const [, parent, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = rest.slice(9, 13).reduce((total, field) => total + Number(field), 0);
    return [{ pid: Number(name), parent: Number(parent), ticks }];
  } catch {
    return []; // it has ended
  }
}
