/** What a supervisor is: options as people write them, and the complete form. */

import { OptionsError } from '../errors.ts';
import { LONGEST_TIMER_MS } from '../os/longest-timer.ts';
import { OptionReader, show } from '../worker/option-reader.ts';
import {
  parseId,
  parseStart,
  readWorkerSpec,
  type StartFunction,
  type StartQuestion,
  WORKER_KEYS,
  type WorkerOptions,
  type WorkerSpec,
} from '../worker/worker-spec.ts';
import { type Backoff, type BackoffOptions, parseBackoff } from './backoff.ts';
import type { Intensity } from './intensity.ts';
import type { AutoShutdown, Restart } from './restart.ts';
import { isDynamic, STRATEGIES, type Strategy } from './strategy.ts';

/** What a supervisor has to know of any child. */
export interface ChildRules {
  /** Default `'permanent'`. */
  readonly restart?: Restart;
  /** Whether its own end may end its supervisor, by `autoShutdown`; default false. Not for permanent children. */
  readonly significant?: boolean;
  /** Default: none, it is started again at once. `true`: with the defaults. */
  readonly backoff?: BackoffOptions | boolean;
}

export interface WorkerChildOptions extends WorkerOptions, ChildRules {
  readonly type?: 'worker';
}

export interface SupervisorChildOptions extends SupervisorOptions, ChildRules {
  /** Needed only where there are no `children`. */
  readonly type?: 'supervisor';
}

export type ChildOptions = WorkerChildOptions | SupervisorChildOptions;

export interface SupervisorOptions {
  readonly id: string;
  /** Whom the restart of a child concerns; default `'one_for_one'`. */
  readonly strategy?: Strategy;
  /** Restarts allowed within `period` before the supervisor gives up; default 3. */
  readonly intensity?: number;
  /** Milliseconds, at least 100; default 5,000. */
  readonly period?: number;
  /** Default true: started one by one, each when the one before is ready, and stopped in reverse. False: all at once. */
  readonly ordered?: boolean;
  /** Whether it ends when significant children have ended by themselves; default `'never'`. */
  readonly autoShutdown?: AutoShutdown;
  /** With simple_one_for_one the template, alone; with dynamic none. */
  readonly children?: readonly ChildOptions[];
  /** Of a dynamic supervisor: how many children it may have, those that are restarting included; default: no limit. */
  readonly maxChildren?: number;
  /** Of a dynamic supervisor: put before the arguments of each worker. */
  readonly extraArguments?: readonly string[];
  /** How long its stop may take before all that is left gets SIGKILL, in milliseconds; default `'infinity'`. */
  readonly shutdown?: number | 'infinity' | 'brutal_kill';
  /** Asked at each start; may change everything but the id. Its answer has no time limit but a stop. */
  readonly start?: StartFunction<Partial<Omit<SupervisorOptions, 'id' | 'start'>>>;
}

interface CompleteRules {
  readonly restart: Restart;
  readonly significant: boolean;
  readonly backoff: Backoff | undefined;
}

export type WorkerChildSpec = WorkerSpec & CompleteRules & { readonly type: 'worker' };
export type SupervisorChildSpec = SupervisorSpec & CompleteRules & { readonly type: 'supervisor' };
export type ChildSpec = WorkerChildSpec | SupervisorChildSpec;

export interface SupervisorSpec extends Intensity {
  readonly id: string;
  readonly strategy: Strategy;
  readonly ordered: boolean;
  readonly autoShutdown: AutoShutdown;
  readonly children: readonly ChildSpec[];
  readonly maxChildren: number;
  readonly extraArguments: readonly string[];
  /** Milliseconds; 0 for SIGKILL at once. */
  readonly stopTimeout: number;
  readonly start: StartQuestion<SupervisorSpec> | undefined;
}

export const DEFAULT_INTENSITY = 3;
export const DEFAULT_PERIOD_MS = 5_000;
/** Less was meant as seconds. */
const SHORTEST_PERIOD_MS = 100;

const RULE_KEYS = ['type', 'restart', 'significant', 'backoff'] as const;
const SUPERVISOR_KEYS = [
  'id',
  'strategy',
  'intensity',
  'period',
  'ordered',
  'autoShutdown',
  'children',
  'maxChildren',
  'extraArguments',
  'shutdown',
  'start',
] as const;

/** Throws an `OptionsError` that leads to the fault; nothing was started then. */
export function parseSupervisorSpec(value: unknown, path = ''): SupervisorSpec {
  return readSupervisorSpec(new OptionReader(value, path, SUPERVISOR_KEYS));
}

function readSupervisorSpec(reader: OptionReader): SupervisorSpec {
  const strategy = reader.oneOf('strategy', STRATEGIES, 'one_for_one');
  const autoShutdown = reader.oneOf('autoShutdown', ['never', 'any_significant', 'all_significant'], 'never');
  if (strategy === 'dynamic' && autoShutdown !== 'never') {
    reader.fail('autoShutdown', `'${autoShutdown}' does not go with strategy 'dynamic'`);
  }
  const ordered = reader.boolean('ordered', !isDynamic(strategy));
  if (ordered !== !isDynamic(strategy) && strategy !== 'one_for_one') {
    reader.fail('ordered', `${ordered} does not go with strategy '${strategy}'`);
  }
  for (const key of ['maxChildren', 'extraArguments']) {
    if (reader.has(key) && !isDynamic(strategy))
      reader.fail(key, "goes with strategy 'dynamic' or 'simple_one_for_one' only");
  }
  return {
    id: parseId(reader, 'id'),
    strategy,
    autoShutdown,
    ordered,
    intensity: reader.integer('intensity', DEFAULT_INTENSITY, 0, 1_000_000),
    period: parsePeriod(reader),
    children: parseChildren(reader, strategy, autoShutdown),
    maxChildren: reader.has('maxChildren')
      ? reader.integer('maxChildren', 0, 0, 2 ** 31 - 1)
      : Number.POSITIVE_INFINITY,
    extraArguments: reader.strings('extraArguments', []),
    stopTimeout: parseStopTimeout(reader),
    start: parseStart(reader, (changes) =>
      parseSupervisorSpec({ ...reader.only(SUPERVISOR_KEYS), ...changes, start: undefined }, reader.path),
    ),
  };
}

function parsePeriod(reader: OptionReader): number {
  const period = reader.integer('period', DEFAULT_PERIOD_MS, 1, LONGEST_TIMER_MS);
  if (period < SHORTEST_PERIOD_MS) {
    reader.fail(
      'period',
      `${period} is in milliseconds, and looks like seconds; did you mean ${period * 1_000}?`,
    );
  }
  return period;
}

function parseStopTimeout(reader: OptionReader): number {
  const value = reader.get('shutdown') ?? 'infinity';
  if (value === 'infinity' || value === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
  return value === 'brutal_kill' ? 0 : reader.integer('shutdown', 0, 0, LONGEST_TIMER_MS);
}

function parseChildren(
  reader: OptionReader,
  strategy: Strategy,
  autoShutdown: AutoShutdown,
): readonly ChildSpec[] {
  const values = reader.get('children') ?? (strategy === 'dynamic' ? [] : undefined);
  const at = reader.at('children');
  if (!Array.isArray(values)) throw noArray(values, at);
  if (strategy === 'dynamic' && values.length > 0) {
    reader.fail('children', "strategy 'dynamic' begins without children; start them with startChild()");
  }
  if (strategy === 'simple_one_for_one' && values.length !== 1) {
    reader.fail(
      'children',
      `strategy 'simple_one_for_one' takes one template, got ${values.length} children`,
    );
  }
  return parseChildSpecs(values, at, strategy, autoShutdown);
}

const noArray = (values: unknown, path: string): OptionsError =>
  new OptionsError(path, `expected an array, got ${show(values)}`);

/** Throws an `OptionsError` for any that cannot be meant, and for two of one id. */
export function parseChildSpecs(
  values: unknown,
  path: string,
  strategy: Strategy,
  autoShutdown: AutoShutdown | undefined,
): readonly ChildSpec[] {
  if (!Array.isArray(values)) throw noArray(values, path);
  const seen = new Map<string, number>();
  return values.map((value, index) => {
    const spec = parseChildSpec(value, `${path}[${index}]`, strategy, autoShutdown);
    const first = seen.get(spec.id);
    if (first !== undefined) {
      throw new OptionsError(`${path}[${index}].id`, `'${spec.id}' is the id of ${path}[${first}] already`);
    }
    seen.set(spec.id, index);
    return spec;
  });
}

/** @param autoShutdown the supervisor's; undefined when it is not known: then it is not asked whether they go together */
export function parseChildSpec(
  value: unknown,
  path: string,
  strategy: Strategy,
  autoShutdown: AutoShutdown | undefined,
): ChildSpec {
  const type = typeOf(value, path);
  const keys = type === 'worker' ? WORKER_KEYS : SUPERVISOR_KEYS;
  const reader: OptionReader = new OptionReader(value, path, [...keys, ...RULE_KEYS]);
  const rules = parseRules(reader, strategy, autoShutdown);
  return type === 'worker'
    ? { ...readWorkerSpec(reader), ...rules, type }
    : { ...readSupervisorSpec(reader), ...rules, type };
}

/** A child with children is a supervisor, and so is one that says so. */
export function isSupervisor(child: object): child is SupervisorChildOptions {
  const { type } = child as { readonly type?: unknown };
  return type === undefined ? 'children' in child || 'strategy' in child : type === 'supervisor';
}

function typeOf(value: unknown, path: string): 'worker' | 'supervisor' {
  if (typeof value !== 'object' || value === null) return 'worker'; // complained about soon
  const { type } = value as { readonly type?: unknown };
  new OptionReader({ type }, path, ['type']).oneOf('type', ['worker', 'supervisor'], 'worker');
  return isSupervisor(value) ? 'supervisor' : 'worker';
}

function parseRules(
  reader: OptionReader,
  strategy: Strategy,
  autoShutdown: AutoShutdown | undefined,
): CompleteRules {
  const restart = reader.oneOf('restart', ['permanent', 'transient', 'temporary'], 'permanent');
  const significant = reader.boolean('significant', false);
  if (significant && strategy === 'dynamic') {
    reader.fail('significant', "does not go with strategy 'dynamic'");
  }
  if (significant && autoShutdown === 'never') {
    reader.fail('significant', "does not go with the supervisor's autoShutdown 'never'");
  }
  if (significant && restart === 'permanent') {
    reader.fail('significant', "does not go with restart 'permanent': such a child never ends for good");
  }
  const value = reader.get('backoff') ?? false;
  const backoff =
    value === false ? undefined : parseBackoff(value === true ? {} : value, reader.at('backoff'));
  if (backoff !== undefined && restart === 'temporary') {
    reader.fail('backoff', "does not go with restart 'temporary': such a child is never started again");
  }
  return { restart, significant, backoff };
}
