/**
 * A worker process that is spoken to as a pool would: in JSON lines, without any code that is tested, or in whatever form
 * the test brings.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

export interface Message {
  readonly jsonrpc: '2.0';
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: Facts };
  readonly method?: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the worker says; the tests look closer
  readonly params?: any;
}

interface Facts {
  readonly name: string;
  readonly stack: string;
  readonly data?: unknown;
}

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export type Channel = 'stdio' | 'fd3' | 'frames';

/** Messages as bytes, and bytes as messages. */
export interface Form {
  write(message: object): Uint8Array | string;
  read(bytes: Buffer): readonly Message[];
}

function jsonLines(): Form {
  const decoder = new StringDecoder('utf8');
  const parts: string[] = [];
  return {
    write: (message) => `${JSON.stringify(message)}\n`,
    read: (bytes) => {
      const [first, ...others] = decoder.write(bytes).split('\n'); // node:readline would break lines at U+2028, too
      parts.push(first!);
      return others.map((next) => {
        const line = parts.splice(0).join('');
        parts.push(next);
        return JSON.parse(line) as Message;
      });
    },
  };
}

export interface JsonWorkerOptions {
  readonly channel?: Channel;
  readonly form?: Form;
  readonly env?: NodeJS.ProcessEnv;
}

export class JsonWorker {
  readonly process: ChildProcess;
  /** Everything that came on the channel so far, in order. */
  readonly messages: Message[] = [];
  /** Resolves when the process is gone and the last of its output has come. */
  readonly ended: Promise<Ended>;
  /** Resolves when the channel has ended. */
  readonly channelEnded: Promise<void>;
  stdout = '';
  stderr = '';
  readonly #input: Writable;
  readonly #output: Readable;
  readonly #form: Form;
  readonly #waiting = new Set<() => void>();
  #ids = 0;

  /** Call it inside a test, at whose end the process is gone. */
  constructor(
    command: string,
    args: readonly string[] = [],
    { channel = 'stdio', env = {}, form = jsonLines() }: JsonWorkerOptions = {},
  ) {
    const isAside = channel !== 'stdio';
    this.#form = form;
    const child = spawn(command, args, {
      env: { ...process.env, REEVE_CHANNEL: channel, ...env },
      stdio: ['pipe', 'pipe', 'pipe', ...(isAside ? (['pipe'] as const) : [])],
    });
    this.process = child;
    this.ended = new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal })));
    onTestFinished(async () => {
      child.kill('SIGKILL');
      await this.ended;
    });
    this.#output = (isAside ? child.stdio[3] : child.stdout) as Readable;
    this.#input = (isAside ? child.stdio[3] : child.stdin) as Writable;
    this.#input.on('error', () => {}); // of one that is dead; its end says so
    this.channelEnded = new Promise((resolve) => this.#output.once('end', resolve));
    this.#output.on('data', (bytes: Buffer) => {
      this.messages.push(...form.read(bytes));
      for (const look of this.#waiting) look();
    });
    child.stderr!.setEncoding('utf8').on('data', (text) => {
      this.stderr += text;
      for (const look of this.#waiting) look();
    });
    if (isAside) {
      child.stdout!.setEncoding('utf8').on('data', (text) => {
        this.stdout += text;
      });
    }
  }

  /** Sends a line as it stands. */
  write(line: string): void {
    this.#input.write(`${line}\n`);
  }

  #say(message: object): void {
    this.#input.write(this.#form.write({ jsonrpc: '2.0', ...message }));
  }

  notify(method: string, params?: unknown): void {
    this.#say({ method, params });
  }

  /** Sends a request and returns its id. */
  ask(method: string, params?: unknown, more: { session?: string; stream?: true } = {}): number {
    this.#ids += 1;
    this.#say({ id: this.#ids, method, params, ...more });
    return this.#ids;
  }

  answerTo(id: number): Promise<Message> {
    return this.message(`an answer to ${id}`, (message) => message.id === id);
  }

  call(method: string, params?: unknown, more: { session?: string; stream?: true } = {}): Promise<Message> {
    return this.answerTo(this.ask(method, params, more));
  }

  cancel(id: number): void {
    this.notify('$/cancelRequest', { id });
  }

  /** The first notification of this kind about the call. */
  told(method: string, id: number): Promise<Message> {
    return this.message(
      `${method} of ${id}`,
      (message) => message.method === method && message.params.id === id,
    );
  }

  /** What was told of the call, of this kind, so far. */
  allTold(method: string, id: number): Message['params'][] {
    return this.messages
      .filter((message) => message.method === method && message.params.id === id)
      .map(({ params }) => params);
  }

  /** The first message that satisfies `test`, now or later. */
  message(what: string, test: (message: Message) => boolean): Promise<Message> {
    return this.until(what, () => this.messages.find(test));
  }

  /** Looks now, and whenever the worker says something; rejects when it ends without having said it. */
  until<T>(what: string, look: () => T | undefined | false): Promise<T> {
    return new Promise((resolve, reject) => {
      const onSaid = () => {
        const found = look();
        if (found === undefined || found === false) return;
        this.#waiting.delete(onSaid);
        resolve(found);
      };
      this.#waiting.add(onSaid);
      onSaid();
      void this.ended.then(() => reject(new Error(`the worker ended before ${what}: ${this.stderr}`)));
    });
  }

  /** Reads nothing more until `resume`. */
  pause(): void {
    this.#output.pause();
  }

  resume(): void {
    this.#output.resume();
  }

  /** Ends its input, as a host does that stops it. */
  endInput(): void {
    this.#input.end();
  }
}

const folder = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** What a worker in Python needs to find `reeve_worker`; nothing is left beside the sources. */
export const PYTHON_ENV = { PYTHONPATH: folder('../../src/serve'), PYTHONDONTWRITEBYTECODE: '1' };

export const pythonFixture = (name: string): string => folder(`../fixtures/python/${name}`);

/** A worker from `test/fixtures/python`. */
export function pythonWorker(name: string, channel: Channel = 'stdio', ...args: string[]): JsonWorker {
  return new JsonWorker('python3', [pythonFixture(name), ...args], { channel, env: PYTHON_ENV });
}
