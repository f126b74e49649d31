/** What a worker program imports, as `reeve/worker`: it answers the calls of the pool that has started it. */
import { FrameReader } from '../channel/frame-reader.ts';
import { FrameWriter } from '../channel/frame-writer.ts';
import { JsonLinesReader, JsonLinesWriter } from '../channel/json-lines.ts';
import { Fault, LONGEST_MESSAGE } from '../channel/words.ts';
import { messageOf } from '../errors.ts';
import { Desk, type Handler, type Handlers, type ServeOptions } from './desk.ts';
import { SocketLine, StandardLine } from './line.ts';

/** How long calls that still run get when nobody waits for their answers any more, in milliseconds. */
const ALONE_FOR_MS = 2_000;

/** A pool's least: in less, not even an error can be told. */
const LEAST_LONGEST = 1_024;

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
 * so that a worker can be tried by hand; whatever prints to standard output then does so to standard error.
 */
export function serve<const Api extends Handlers | Handler>(handlers: Api, options: ServeOptions = {}): Api {
  if (isServing()) throw new Error('serve() was called before: a worker has one set of handlers');
  const methods = methodsOf(handlers);
  const kind = kindOf(process.env['REEVE_CHANNEL'] ?? 'stdio');
  const longest = longestOf(process.env['REEVE_LONGEST_MESSAGE']);
  known[SERVING] = true;
  delete process.env['REEVE_CHANNEL']; // what we start has no such channel
  const line = kind === 'stdio' ? new StandardLine() : new SocketLine();
  const { input, output } = line;
  const isFramed = kind === 'frames';
  const writer = isFramed ? new FrameWriter(longest) : new JsonLinesWriter(longest);
  const desk = new Desk(methods, options, writer, output);
  line.read(
    isFramed ? new FrameReader(desk.words, longest) : new JsonLinesReader(desk.words, longest),
    (error) => {
      if (!(error instanceof Fault)) throw error;
      console.error(`reeve: the host cannot be understood: ${error.message}`);
      process.exit(1);
    },
  );
  let isAlone = false;
  const alone = () => {
    if (isAlone) return;
    isAlone = true;
    setTimeout(() => process.exit(0), ALONE_FOR_MS).unref();
    void desk.abandon().then(() => process.exit(0));
  };
  input.on('end', alone).on('close', alone);
  output.on('close', alone);
  for (const stream of [input, output]) stream.on('error', (error) => debug(messageOf(error)));
  return handlers;
}

const debug = (what: string): void => {
  if (process.env['NODE_DEBUG']?.includes('reeve')) console.error(`reeve: ${what}`);
};

function methodsOf(handlers: Handlers | Handler): Handlers {
  if (typeof handlers === 'function') return { run: handlers };
  for (const [method, handler] of Object.entries(handlers)) {
    if (typeof handler !== 'function')
      throw new TypeError(
        `the method '${method}' cannot be served: expected a function, got ${typeof handler}`,
      );
    if (method.startsWith('$/'))
      throw new TypeError(`the method '${method}' cannot be served: names with $/ are Reeve's own`);
  }
  return handlers;
}

const KINDS = ['stdio', 'fd3', 'frames'] as const;
type Kind = (typeof KINDS)[number];

function kindOf(name: string): Kind {
  const kind = KINDS.find((known) => known === name);
  if (kind === undefined)
    throw new Error(`REEVE_CHANNEL is '${name}'; reeve/worker speaks ${KINDS.join(', ')}`);
  return kind;
}

function longestOf(text: string | undefined): number {
  const longest = Number(text ?? LONGEST_MESSAGE);
  if (Number.isSafeInteger(longest) && longest >= LEAST_LONGEST) return longest;
  throw new Error(`REEVE_LONGEST_MESSAGE is '${text}'; expected a whole number from ${LEAST_LONGEST} on`);
}
