/** What a supervisor is: options as people write them, and the complete form. */
import { OptionsError } from '../errors.ts';
import { OptionReader, show } from '../worker/option-reader.ts';
import {
  parseId,
  readWorkerSpec,
  WORKER_KEYS,
  type WorkerOptions,
  type WorkerSpec,
} from '../worker/worker-spec.ts';
import type { Intensity } from './intensity.ts';
import type { Restart } from './restart.ts';

export interface ChildOptions extends WorkerOptions {
  /** Default `'permanent'`. */
  readonly restart?: Restart;
}

export interface SupervisorOptions {
  readonly id: string;
  /** `'one_for_one'`: a child that ends is restarted alone. */
  readonly strategy?: 'one_for_one';
  /** Restarts allowed within `period` before the supervisor gives up; default 3. */
  readonly intensity?: number;
  /** Milliseconds; default 5,000. */
  readonly period?: number;
  /** Default true: started one by one, each when the one before is ready, and stopped in reverse. False: all at once. */
  readonly ordered?: boolean;
  readonly children: readonly ChildOptions[];
}

export interface ChildSpec extends WorkerSpec {
  readonly restart: Restart;
}

export interface SupervisorSpec extends Intensity {
  readonly id: string;
  readonly ordered: boolean;
  readonly children: readonly ChildSpec[];
}

export const DEFAULT_INTENSITY = 3;
export const DEFAULT_PERIOD_MS = 5_000;

/** Throws an `OptionsError`; nothing was started then. */
export function parseSupervisorSpec(value: unknown, path = ''): SupervisorSpec {
  const reader: OptionReader = new OptionReader(value, path, [
    'id',
    'strategy',
    'intensity',
    'period',
    'ordered',
    'children',
  ]);
  reader.oneOf('strategy', ['one_for_one'], 'one_for_one');
  const children = reader.get('children');
  if (!Array.isArray(children)) reader.fail('children', `expected an array, got ${show(children)}`);
  return {
    id: parseId(reader, 'id'),
    intensity: reader.integer('intensity', DEFAULT_INTENSITY, 0, 1_000_000),
    period: reader.integer('period', DEFAULT_PERIOD_MS, 1, 2 ** 31 - 1),
    ordered: reader.boolean('ordered', true),
    children: parseChildren(children, reader.at('children')),
  };
}

function parseChildren(values: readonly unknown[], path: string): readonly ChildSpec[] {
  const seen = new Map<string, number>();
  return values.map((value, index) => {
    const reader = new OptionReader(value, `${path}[${index}]`, [...WORKER_KEYS, 'restart']);
    const restart = reader.oneOf('restart', ['permanent', 'transient', 'temporary'], 'permanent');
    const spec = { ...readWorkerSpec(reader), restart };
    const first = seen.get(spec.id);
    if (first !== undefined) {
      throw new OptionsError(reader.at('id'), `'${spec.id}' is the id of ${path}[${first}] already`);
    }
    seen.set(spec.id, index);
    return spec;
  });
}
