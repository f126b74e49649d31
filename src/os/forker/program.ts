/** The forker: the parent of every worker, and their guardian when the host is gone. Runs as a process of its own. */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { messageOf } from '../../errors.ts';
import { kernelNamed } from '../kernels.ts';
import { realClock } from '../real-clock.ts';
import { ChildStreams } from './child-streams.ts';
import { Guardian } from './guardian.ts';
import { Line } from './line.ts';
import type { ForkerCommand, ForkerReport } from './messages.ts';

/** The descriptor that the host gave us to talk with it. */
const LINE_FD = 3;

const line = new Line<ForkerReport, ForkerCommand>(
  new Socket({ fd: LINE_FD, readable: true, writable: true }),
  (command) => guardian.obey(command),
  () => void guardian.hostIsGone(),
);

// The line to the host decides when we end, and nothing else: a service manager that stops a whole group at once
// must not take the guardian first.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const) process.on(signal, () => {});

process.on('uncaughtException', (error) => {
  line.send({ is: 'broken', message: error.stack ?? messageOf(error) });
  line.flush();
  process.exit(70);
});

const guardian = new Guardian({
  kernel: kernelNamed(process.argv[2]),
  clock: realClock,
  report: (report) => line.send(report),
  openStreams: (begin, onConnectFailed) => new ChildStreams({ ...begin, onConnectFailed }),
  remove: removeWithTemporaries,
  exit: (code) => process.exit(code),
});

/** The host may have died between a temporary file's writing and its renaming. False when something stays. */
function removeWithTemporaries(path: string): boolean {
  try {
    remove(path);
    return true;
  } catch {
    return false; // the others are to go all the same
  }
}

function remove(path: string): void {
  const directory = dirname(path);
  const prefix = `${basename(path)}.`;
  for (const name of existsSync(directory) ? readdirSync(directory) : []) {
    if (name.startsWith(prefix) && name.endsWith('.tmp')) rmSync(join(directory, name), { force: true });
  }
  rmSync(path, { force: true, recursive: true });
}
