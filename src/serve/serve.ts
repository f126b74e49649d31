/** What a worker program imports, as `reeve/worker`: it answers the calls of the pool that has started it. */
import { Console } from 'node:console';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { FrameReader, FrameWriter } from '../channel/frames.ts';
import { JsonLinesReader, JsonLinesWriter } from '../channel/json-lines.ts';
import { Fault, LONGEST_MESSAGE } from '../channel/words.ts';
import { messageOf } from '../errors.ts';
import { Desk, type Handler, type Handlers, type ServeOptions } from './desk.ts';

/** How long calls that still run get when nobody waits for their answers any more, in milliseconds. */
const ALONE_FOR_MS = 2_000;

/** A file descriptor that the pool has opened for its worker. */
const CHANNEL_FD = 3;

/** Known to every copy of this module, and there may be two: the worker's own and that of whoever starts it. */
const SERVING = Symbol.for('reeve.worker.serving');
const known = globalThis as { [SERVING]?: boolean };

/** Whether `serve` was called in this process. */
export const isServing = (): boolean => known[SERVING] === true;

/**
 * Answers calls with these functions, from now on until the pool closes the channel, or dies: then the process ends, 2 s
 * later at the latest. One function alone is called `run`. What a handler returns is the result, what it throws reaches
 * the caller as a `RemoteError`; a generator's items are a stream. Returns what it was given, for its type.
 *
 * Which channel it is the environment says (`REEVE_CHANNEL`). Without any it is JSON lines on standard input and output,
 * so that a worker can be tried by hand; `console` writes to standard error then.
 */
export function serve<const Api extends Handlers | Handler>(handlers: Api, options: ServeOptions = {}): Api {
  if (isServing()) throw new Error('serve() was called before: a worker has one set of handlers');
  known[SERVING] = true;
  const methods: Handlers =
    typeof handlers === 'function' ? { run: handlers as Handler } : (handlers as Handlers);
  const kind = process.env['REEVE_CHANNEL'] ?? 'stdio';
  delete process.env['REEVE_CHANNEL']; // what we start has no such channel
  const streams = streamsOf(kind);
  const longest = Number(process.env['REEVE_LONGEST_MESSAGE'] ?? LONGEST_MESSAGE);
  const isFramed = kind === 'frames';
  const writer = isFramed ? new FrameWriter(longest) : new JsonLinesWriter(longest);
  const desk = new Desk(methods, options, writer, streams.output);
  const reader = isFramed ? new FrameReader(desk.words, longest) : new JsonLinesReader(desk.words, longest);
  streams.input.on('data', (bytes: Buffer) => {
    try {
      reader.add(bytes);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      console.error(`reeve: the host cannot be understood: ${error.message}`);
      process.exit(1);
    }
  });
  const alone = () => {
    setTimeout(() => process.exit(0), ALONE_FOR_MS).unref();
    void desk.abandon().then(() => process.exit(0));
  };
  streams.input.on('close', alone);
  for (const stream of [streams.input, streams.output])
    stream.on('error', (error) => debug(messageOf(error)));
  return handlers;
}

const debug = (what: string): void => {
  if (process.env['NODE_DEBUG']?.includes('reeve')) console.error(`reeve: ${what}`);
};

function streamsOf(kind: string): { input: Duplex | NodeJS.ReadStream; output: Duplex | NodeJS.WriteStream } {
  if (kind === 'stdio') {
    const { stdin: input, stdout: output } = process;
    globalThis.console = new Console(process.stderr); // a stray print would be taken for an answer
    return { input, output };
  }
  const socket = new Socket({ fd: CHANNEL_FD, readable: true, writable: true });
  return { input: socket, output: socket };
}
