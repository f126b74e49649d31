/** The forker: the parent of every worker, and their guardian when the host is gone. Runs as a process of its own. */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { messageOf } from '../../errors.ts';
import { SharedCensus } from '../census.ts';
import { kernelNamed } from '../kernels.ts';
import { realClock } from '../real-clock.ts';
import { type ChildStdio, ChildStreams } from './child-streams.ts';
import { Children } from './children.ts';
import { makeFifos } from './fifo.ts';
import { Line } from './line.ts';
import type { FifoBatch, ForkerCommand, ForkerReport, ForkOrder } from './messages.ts';
import { failure } from './spawn-failure.ts';

/** The descriptor that the host gave us to talk with it. */
const LINE_FD = 3;
/** What outlasts SIGKILL by this many milliseconds is left to a sweep, and with it the run's file. */
const ORPHANS_PATIENCE_MS = 60_000;

type Begin = Extract<ForkerCommand, { do: 'begin' }>;

let begin: Begin | undefined;
let children: Children | undefined;
let streams: ChildStreams | undefined;
/** The pids of what would not die. */
let left: readonly number[] = [];

const line = new Line<ForkerReport, ForkerCommand>(
  new Socket({ fd: LINE_FD, readable: true, writable: true }),
  obey,
  () => void hostIsGone(),
);

// The line to the host decides when we end, and nothing else: a service manager that stops a whole group at once
// must not take the guardian first.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const) process.on(signal, () => {});

process.on('uncaughtException', (error) => {
  line.send({ is: 'broken', message: error.stack ?? messageOf(error) });
  line.flush();
  process.exit(70);
});

function obey(command: ForkerCommand): void {
  if (command.do === 'begin') {
    void start(command);
  } else if (command.do === 'connect') {
    for (let count = 0; count < command.count; count += 1) streams!.connect();
  } else if (command.do === 'make-fifos') {
    void makeFifosOf(command.batch);
  } else if (command.do === 'fork') {
    fork(command.order);
  } else if (command.do === 'signal') {
    children!.signal(command.id, command.signal);
  } else if (command.do === 'answer') {
    line.send({ is: 'well' });
  } else {
    void close(command.left);
  }
}

async function start(command: Begin): Promise<void> {
  begin = command;
  const kernel = kernelNamed(process.argv[2]);
  children = new Children({
    tools: { kernel, clock: realClock, census: new SharedCensus(kernel, realClock) },
    runId: command.runId,
    outer: command.outer,
    env: command.env,
    orphanGrace: command.orphanGrace,
    report: (report) => line.send(report),
  });
  streams = new ChildStreams({
    ...command,
    onConnectFailed: (failure) => line.send({ is: 'connect-failed', failure }),
  });
  if (command.firstFifos !== undefined) await makeFifosOf(command.firstFifos);
  line.send({ is: 'ready', identity: kernel.self.identity });
}

async function makeFifosOf(batch: FifoBatch): Promise<void> {
  const made = await makeFifos(begin!.fifoDirectory!, batch);
  line.send(made ? { is: 'fifos-made', batch } : { is: 'fifos-refused' });
}

function fork(order: ForkOrder): void {
  let opened: ChildStdio;
  try {
    opened = streams!.open(order.streams);
  } catch (error) {
    line.send({ is: 'fork-failed', id: order.id, failure: failure('streams', error) });
    return;
  }
  void children!.fork(order, opened.stdio); // before it first waits for anything there is a child, or none
  opened.close();
}

async function close(before: readonly number[]): Promise<void> {
  left = [...new Set([...before, ...(await children!.clearAll())])];
  line.send({ is: 'closed', left });
}

async function hostIsGone(): Promise<void> {
  if (begin === undefined || children === undefined) process.exit(0);
  // What did not die while the host waited is not tried again while it waits for us.
  if (left.length === 0) left = await children.clearAll(ORPHANS_PATIENCE_MS);
  if (left.length > 0) process.exit(1);
  const kept = begin.leftovers.filter((path) => !removeWithTemporaries(path));
  process.exit(kept.length === 0 ? 0 : 1);
}

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
