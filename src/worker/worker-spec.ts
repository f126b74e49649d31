/** What a worker is: options as people write them, and the complete form that everything inside works with. */
import { OptionsError } from '../errors.ts';
import { LONGEST_TIMER_MS } from '../os/longest-timer.ts';
import type { InputSpec, OutputSpec, SpawnRequest } from '../os/os.ts';
import type { Attendant } from './attendant.ts';
import { OptionReader, show } from './option-reader.ts';
import { parseShutdown, type Shutdown, type StopStage } from './stop-plan.ts';
import type { WireSpec } from './wire.ts';

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
  /** Exit codes, 1 to 255, with which it ends by itself as if it had been told to: OTP's `shutdown`. Default: none. */
  readonly shutdownExitCodes?: readonly number[];
  /** Asked at each start, before anything is done for it; default: no question, the options say it all. */
  readonly start?: StartFunction<WorkerChanges>;
}

/** What a start function may change for one incarnation. */
export type WorkerChanges = Partial<Omit<WorkerOptions, 'id' | 'start'>>;

/**
 * OTP's start function. Answers `'ignore'` when the child is not needed, nothing when its options hold, or the options
 * that are different this time, with an `info` for whoever asked for the start. When it throws, or answers with options
 * that cannot be meant, the start has failed. It has `startTimeout` like the rest of the start; `signal` is aborted when
 * nobody waits for its answer any more.
 */
export type StartFunction<Changes> = (start: {
  readonly path: string;
  /** The first has number 1. */
  readonly starts: number;
  readonly signal: AbortSignal;
}) => StartAnswer<Changes> | Promise<StartAnswer<Changes>>;

export type StartAnswer<Changes> = 'ignore' | undefined | (Changes & { readonly info?: unknown });

export type Readiness =
  | { readonly kind: 'spawn' }
  | { readonly kind: 'log'; readonly pattern: RegExp }
  | { readonly kind: 'port'; readonly host: string; readonly port: number }
  | { readonly kind: 'http'; readonly url: string }
  | { readonly kind: 'exec'; readonly command: string; readonly args: readonly string[] }
  | { readonly kind: 'notify' }
  /** It has answered over its wire. */
  | { readonly kind: 'handshake' };

export interface WorkerSpec extends Omit<SpawnRequest, 'workerId' | 'fd3'> {
  readonly id: string;
  readonly ready: Readiness;
  readonly startTimeout: number;
  readonly stopPlan: readonly StopStage[];
  readonly shutdownExitCodes: readonly number[];
  readonly start: StartQuestion<WorkerSpec> | undefined;
  /** Who talks with it, and over what; for those who make specs, not for those who write options. */
  readonly wire: WireSpec | undefined;
  /** Who follows it; for those who make specs, too. */
  readonly attendant: Attendant | undefined;
}

/** A start function, and how it is asked. */
export interface StartQuestion<Spec> {
  readonly origin: unknown;
  readonly ask: (start: StartCall) => Promise<StartDecision<Spec>>;
}

export type StartCall = Parameters<StartFunction<never>>[0];

/** What a start function's answer comes to. */
export type StartDecision<Spec> = 'ignore' | { readonly spec: Spec; readonly info: unknown };

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
  'shutdownExitCodes',
  'start',
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
    startTimeout: reader.integer('startTimeout', DEFAULT_START_TIMEOUT_MS, 1, LONGEST_TIMER_MS),
    stopPlan: parseShutdown(reader.get('shutdown'), reader.at('shutdown')),
    shutdownExitCodes: reader.integers('shutdownExitCodes', [], 1, 255),
    start: parseStart(reader, (changes) =>
      readWorkerSpec(
        new OptionReader(
          { ...reader.only(WORKER_KEYS), ...changes, start: undefined },
          reader.path,
          WORKER_KEYS,
        ),
      ),
    ),
    wire: undefined,
    attendant: undefined,
  };
  if (spec.ready.kind === 'log' && spec.stdout !== 'pipe' && spec.stderr !== 'pipe') {
    reader.fail('ready', "'log' needs a stdout or stderr that is 'pipe'");
  }
  return spec;
}

/** @param merge the complete form, with the changes in it; throws an `OptionsError` when they cannot be meant */
export function parseStart<Spec extends { readonly start: unknown }>(
  reader: OptionReader,
  merge: (changes: object) => Spec,
): StartQuestion<Spec> | undefined {
  const origin = reader.get('start');
  if (origin === undefined) return undefined;
  if (typeof origin !== 'function') reader.fail('start', `expected a function, got ${show(origin)}`);
  const ask = async (call: StartCall): Promise<StartDecision<Spec>> => {
    const answer: unknown = await origin(call);
    if (answer === 'ignore') return 'ignore';
    if (answer === undefined) return { spec: merge({}), info: undefined };
    if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) {
      reader.fail('start', `answered with ${show(answer)}: expected 'ignore', nothing, or options`);
    }
    const { info, ...changes } = answer as { readonly info?: unknown };
    for (const key of ['id', 'start']) {
      if (key in changes) reader.fail('start', `answered with another ${key}, which cannot change`);
    }
    return { spec: merge(changes), info };
  };
  return { origin, ask };
}

/** IDs make paths (`services/api`) and marks (`services/api:2`). */
export function parseId(reader: OptionReader, key: string): string {
  const id = reader.string(key);
  if (!/^[^\s/:]{1,100}$/.test(id)) {
    reader.fail(key, `'${id}' must be 1 to 100 characters without white space, slash or colon`);
  }
  return id;
}

export function parseEnvironment(reader: OptionReader): Readonly<Record<string, string | undefined>> {
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
