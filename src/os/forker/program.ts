/** The forker: the parent of every worker, and their guardian when the host is gone. Runs as a process of its own. */
import { closeSync, existsSync, openSync, readdirSync, rmSync } from 'node:fs';
import { connect, Socket } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { messageOf } from '../../errors.ts';
import { SharedCensus } from '../census.ts';
import { kernelNamed } from '../kernels.ts';
import { realClock } from '../real-clock.ts';
import { Children } from './children.ts';
import { Line } from './line.ts';
import type { ForkerCommand, ForkerReport, ForkOrder, StreamSource } from './messages.ts';
import { failure } from './spawn-failure.ts';

/** The descriptors that the host gave us. */
const LINE_FD = 3;
const INHERITED_FDS = [4, 5, 6] as const;
/** What outlasts SIGKILL by this many milliseconds is left to a sweep, and with it the run's file. */
const ORPHANS_PATIENCE_MS = 60_000;

type Begin = Extract<ForkerCommand, { do: 'begin' }>;

let begin: Begin | undefined;
let children: Children | undefined;
const sockets = new Map<number, Socket>();
let lastSocket = 0;
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
    start(command);
  } else if (command.do === 'connect') {
    for (let count = 0; count < command.count; count += 1) connectStream();
  } else if (command.do === 'fork') {
    void fork(command.order);
  } else if (command.do === 'signal') {
    children!.signal(command.id, command.signal);
  } else if (command.do === 'answer') {
    line.send({ is: 'well' });
  } else {
    void close();
  }
}

function start(command: Begin): void {
  begin = command;
  lastSocket = command.firstStream;
  const kernel = kernelNamed(process.argv[2]);
  children = new Children({
    tools: { kernel, clock: realClock, census: new SharedCensus(kernel) },
    runId: command.runId,
    outer: command.outer,
    env: command.env,
    orphanGrace: command.orphanGrace,
    report: (report) => line.send(report),
  });
  line.send({ is: 'ready', identity: kernel.self.identity });
}

/** A stream is connected ahead of time, so that a fork need not wait for it, nor fail half-way for want of one. */
function connectStream(): void {
  const { socketPath, secret } = begin!;
  const socket = connect(socketPath);
  let id: number | undefined;
  socket.on('connect', () => {
    lastSocket += 1;
    id = lastSocket;
    sockets.set(id, socket);
    socket.write(`${secret} ${id}\n`);
    socket.resume(); // nothing is said before the fork, but an end must be noticed
  });
  let cause = new Error('the host closed the stream');
  socket.on('error', (error) => {
    cause = error;
  });
  socket.on('close', () => {
    if (id !== undefined && !sockets.delete(id)) return; // a process has it
    // A host without descriptors accepts and closes in one: without this word it would wait for ever.
    line.send({ is: 'connect-failed', failure: failure('streams', cause) });
  });
}

async function fork(order: ForkOrder): Promise<void> {
  const opened: number[] = [];
  const taken = take(order);
  const last = order.streams[3] === 'ignore' ? 3 : 4; // 'ignore' would put /dev/null there
  try {
    const stdio = order.streams.slice(0, last).map((source, fd) => {
      const entry = typeof source === 'number' ? socketIn(taken, source, fd) : open(source, fd);
      if (typeof entry === 'number' && entry > INHERITED_FDS[2]) opened.push(entry);
      return entry;
    });
    await children!.fork(order, stdio);
  } catch (error) {
    line.send({ is: 'fork-failed', id: order.id, failure: failure('streams', error) });
  } finally {
    for (const fd of opened) closeSync(fd);
    for (const socket of taken.values()) socket.destroy();
  }
}

/** First of all: one that stayed here after a failed fork would end as if it had been kept for the next. */
function take({ streams }: ForkOrder): ReadonlyMap<number, Socket> {
  const taken = new Map<number, Socket>();
  for (const id of streams) {
    const socket = typeof id === 'number' ? sockets.get(id) : undefined;
    if (socket === undefined) continue;
    taken.set(id as number, socket);
    sockets.delete(id as number);
  }
  return taken;
}

function socketIn(taken: ReadonlyMap<number, Socket>, id: number, fd: number): Socket {
  const socket = taken.get(id);
  if (socket === undefined) throw new Error('a stream was closed before its process was forked');
  // libuv makes 0 to 2 blocking for the child; what comes above is left as it is here.
  if (fd > 2)
    (socket as unknown as { _handle: { setBlocking(on: boolean): void } })._handle.setBlocking(true);
  return socket;
}

function open(source: Exclude<StreamSource, number>, fd: number): 'ignore' | number {
  if (source === 'ignore') return 'ignore';
  if (source === 'inherit') return INHERITED_FDS[fd] ?? 'ignore';
  return openSync(source.file, fd === 0 ? 'r' : 'a', 0o600);
}

async function close(): Promise<void> {
  left = await children!.clearAll();
  line.send({ is: 'closed', left });
}

async function hostIsGone(): Promise<void> {
  if (begin === undefined || children === undefined) process.exit(0);
  // What did not die while the host waited is not tried again while it waits for us.
  if (left.length === 0) left = await children.clearAll(ORPHANS_PATIENCE_MS);
  if (left.length > 0) process.exit(1);
  for (const path of begin.leftovers) removeWithTemporaries(path);
  process.exit(0);
}

/** The host may have died between a temporary file's writing and its renaming. */
function removeWithTemporaries(path: string): void {
  const directory = dirname(path);
  const prefix = `${basename(path)}.`;
  for (const name of existsSync(directory) ? readdirSync(directory) : []) {
    if (name.startsWith(prefix) && name.endsWith('.tmp')) rmSync(join(directory, name), { force: true });
  }
  rmSync(path, { force: true, recursive: true });
}
