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
/** Something that cannot be killed may outlast this, counted from its SIGKILL; then the run's file stays, for a sweep to go on from. */
const GIVE_UP_MS = 60_000;

type Begin = Extract<ForkerCommand, { do: 'begin' }>;

let begin: Begin | undefined;
let children: Children | undefined;
const sockets = new Map<number, Socket>();
let lastSocket = 0;

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
  } else {
    void children!.clearAll().then(() => line.send({ is: 'closed' }));
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
  const used: Socket[] = [];
  const last = order.streams[3] === 'ignore' ? 3 : 4; // 'ignore' would put /dev/null there
  try {
    const stdio = order.streams.slice(0, last).map((source, fd) => {
      const entry = open(source, fd);
      if (typeof entry === 'number' && entry > INHERITED_FDS[2]) opened.push(entry);
      if (entry instanceof Socket) used.push(entry);
      return entry;
    });
    await children!.fork(order, stdio);
  } catch (error) {
    line.send({ is: 'fork-failed', id: order.id, failure: failure('streams', error) });
  } finally {
    for (const fd of opened) closeSync(fd);
    for (const socket of used) socket.destroy();
  }
}

function open(source: StreamSource, fd: number): 'ignore' | number | Socket {
  if (source === 'ignore') return 'ignore';
  if (source === 'inherit') return INHERITED_FDS[fd] ?? 'ignore';
  if (typeof source === 'object') return openSync(source.file, fd === 0 ? 'r' : 'a', 0o600);
  const socket = sockets.get(source);
  if (socket === undefined) throw new Error('a stream was closed before its process was forked');
  sockets.delete(source);
  // libuv makes 0 to 2 blocking for the child; what comes above is left as it is here.
  if (fd > 2)
    (socket as unknown as { _handle: { setBlocking(on: boolean): void } })._handle.setBlocking(true);
  return socket;
}

async function hostIsGone(): Promise<void> {
  if (begin === undefined || children === undefined) process.exit(0);
  setTimeout(() => process.exit(1), begin.orphanGrace + GIVE_UP_MS);
  await children.clearAll();
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
