/** What a worker is: options as people write them, and the complete form that everything inside works with. */
import { OptionsError } from '../errors.ts';
import type { InputSpec, OutputSpec, SpawnRequest } from '../os/os.ts';
import { OptionReader, show } from './option-reader.ts';
import { parseShutdown, type Shutdown, type StopStage } from './stop-plan.ts';

/** When a worker counts as ready. `'spawn'`: as soon as it runs. The port's default host is 127.0.0.1. */
export type ReadyOption =
  | 'spawn'
  /** A line of its output matches; a string must occur in it. */
  | { readonly log: RegExp | string }
  /** Something accepts connections there. */
  | { readonly port: number; readonly host?: string }
  /** A GET answers with 200 to 399. */
  | { readonly http: string }
  /** This command, run again and again, exits with 0. */
  | { readonly exec: string | readonly string[] }
  /** The worker writes a newline to file descriptor 3. */
  | { readonly notify: 'fd' };

export interface WorkerOptions {
  /** Names it among its siblings: no white space, slash or colon, at most 100 characters. */
  readonly id: string;
  readonly command: string;
  readonly args?: readonly string[];
  /** Default: the host's. */
  readonly cwd?: string;
  /** Added to the host's environment, as it was when the run began; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Default `'ignore'`. A file is read from its beginning. */
  readonly stdin?: InputSpec;
  /** Default `'pipe'`: the host reads it. A file is appended to by the worker itself, created with mode 0600. */
  readonly stdout?: OutputSpec;
  /** Default `'pipe'`. */
  readonly stderr?: OutputSpec;
  /** Default `'spawn'`. */
  readonly ready?: ReadyOption;
  /** Milliseconds until it must be ready; default 10,000. */
  readonly startTimeout?: number;
  /** Default: SIGTERM, 10 s, SIGTERM, 5 s, SIGKILL. */
  readonly shutdown?: Shutdown;
}

export type Readiness =
  | { readonly kind: 'spawn' }
  | { readonly kind: 'log'; readonly pattern: RegExp }
  | { readonly kind: 'port'; readonly host: string; readonly port: number }
  | { readonly kind: 'http'; readonly url: string }
  | { readonly kind: 'exec'; readonly command: string; readonly args: readonly string[] }
  | { readonly kind: 'notify' };

export interface WorkerSpec extends Omit<SpawnRequest, 'workerId' | 'fd3'> {
  readonly id: string;
  readonly ready: Readiness;
  readonly startTimeout: number;
  readonly stopPlan: readonly StopStage[];
}

export const DEFAULT_START_TIMEOUT_MS = 10_000;

export const WORKER_KEYS = [
  'id',
  'command',
  'args',
  'cwd',
  'env',
  'stdin',
  'stdout',
  'stderr',
  'ready',
  'startTimeout',
  'shutdown',
] as const;

/** Throws an `OptionsError` that names the fault's place, such as `children[2].ready.port`. */
export function parseWorkerSpec(value: unknown, path: string): WorkerSpec {
  return readWorkerSpec(new OptionReader(value, path, WORKER_KEYS));
}

/** For those whose options are a worker's and more. */
export function readWorkerSpec(reader: OptionReader): WorkerSpec {
  const spec: WorkerSpec = {
    id: parseId(reader, 'id'),
    command: reader.string('command'),
    args: reader.strings('args', []),
    cwd: reader.has('cwd') ? reader.string('cwd') : undefined,
    env: parseEnvironment(reader),
    stdin: parseStream(reader, 'stdin', 'ignore'),
    stdout: parseStream(reader, 'stdout', 'pipe'),
    stderr: parseStream(reader, 'stderr', 'pipe'),
    ready: parseReadiness(reader.get('ready') ?? 'spawn', reader.at('ready')),
    startTimeout: reader.integer('startTimeout', DEFAULT_START_TIMEOUT_MS, 1, 2 ** 31 - 1),
    stopPlan: parseShutdown(reader.get('shutdown'), reader.at('shutdown')),
  };
  if (spec.ready.kind === 'log' && spec.stdout !== 'pipe' && spec.stderr !== 'pipe') {
    reader.fail('ready', "'log' needs a stdout or stderr that is 'pipe'");
  }
  return spec;
}

/** IDs make paths (`services/api`) and marks (`services/api:2`). */
export function parseId(reader: OptionReader, key: string): string {
  const id = reader.string(key);
  if (!/^[^\s/:]{1,100}$/.test(id)) {
    reader.fail(key, `'${id}' must be 1 to 100 characters without white space, slash or colon`);
  }
  return id;
}

function parseEnvironment(reader: OptionReader): Readonly<Record<string, string | undefined>> {
  const value = reader.get('env') ?? {};
  if (typeof value !== 'object' || Array.isArray(value))
    reader.fail('env', `expected an object, got ${show(value)}`);
  return Object.fromEntries(
    Object.entries(value as object).map(([name, setting]: [string, unknown]) => {
      if (name === '' || /[=\0]/.test(name)) reader.fail('env', `'${name}' cannot be the name of a variable`);
      if (setting !== undefined && (typeof setting !== 'string' || setting.includes('\0'))) {
        reader.fail(`env.${name}`, `expected a string without zero bytes, got ${show(setting)}`);
      }
      return [name, setting as string | undefined];
    }),
  );
}

function parseStream<T extends 'pipe' | 'ignore'>(
  reader: OptionReader,
  key: string,
  fallback: T,
): OutputSpec {
  const value = reader.get(key) ?? fallback;
  if (typeof value !== 'object') return reader.oneOf(key, ['pipe', 'ignore', 'inherit'], fallback);
  const file = new OptionReader(value, reader.at(key), ['file']).string('file');
  return { file };
}

function parseReadiness(value: unknown, path: string): Readiness {
  if (value === 'spawn') return { kind: 'spawn' };
  const reader = new OptionReader(value, path, ['log', 'port', 'host', 'http', 'exec', 'notify']);
  const kinds = ['log', 'port', 'http', 'exec', 'notify'].filter((kind) => reader.has(kind));
  if (kinds.length !== 1) {
    throw new OptionsError(path, "expected 'spawn' or exactly one of log, port, http, exec, notify");
  }
  if (reader.has('host') && kinds[0] !== 'port') reader.fail('host', 'goes with port only');
  switch (kinds[0]) {
    case 'log':
      return { kind: 'log', pattern: parsePattern(reader) };
    case 'port':
      return {
        kind: 'port',
        host: reader.string('host', '127.0.0.1'),
        port: reader.integer('port', 0, 1, 65_535),
      };
    case 'http':
      return { kind: 'http', url: parseUrl(reader) };
    case 'exec':
      return parseExec(reader);
    default:
      reader.oneOf('notify', ['fd'], 'fd');
      return { kind: 'notify' };
  }
}

function parsePattern(reader: OptionReader): RegExp {
  const value = reader.get('log');
  if (value instanceof RegExp) return new RegExp(value.source, value.flags.replace(/[gy]/g, '')); // no memory between lines
  const text = reader.string('log');
  return new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
}

function parseUrl(reader: OptionReader): string {
  const text = reader.string('http');
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    reader.fail('http', `'${text}' is not an http or https URL`);
  }
  return text;
}

function parseExec(reader: OptionReader): Readiness {
  const words = typeof reader.get('exec') === 'string' ? [reader.string('exec')] : reader.strings('exec', []);
  const [command, ...args] = words;
  if (command === undefined || command === '')
    reader.fail('exec', 'expected a command, or [command, ...arguments]');
  return { kind: 'exec', command, args };
}
