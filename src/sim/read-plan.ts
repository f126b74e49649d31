/** A plan is data, and may come from anywhere: whatever of it cannot be meant is refused, lest it be lived as if it were not there. */
import { LONGEST_TIMER_MS } from '../os/longest-timer.ts';
import { OptionReader, show } from '../worker/option-reader.ts';
import { LAST_USER_ID, LONGEST_TICK_MS, PIDS, SEEDS } from './options.ts';
import {
  type ChildPlan,
  COMMANDS,
  DEEDS,
  FAULTS,
  type FaultPlan,
  type GenerationPlan,
  type InnerPlan,
  type LifetimePlan,
  type StepPlan,
} from './plan.ts';

const ANY_NUMBER = Number.MAX_SAFE_INTEGER;
const RESTARTS = ['permanent', 'transient', 'temporary'] as const;
const GROUPS = ['one_for_one', 'one_for_all', 'rest_for_one'] as const;

/** Throws an `OptionsError` with the path to the fault. */
export function readPlan(value: LifetimePlan): LifetimePlan {
  const reader = whole<LifetimePlan>(value, 'plan', ['seed', 'pidMax', 'tick', 'userId', 'generations']);
  reader.integer('seed', 1, 0, SEEDS - 1);
  reader.integer('pidMax', PIDS.standard, PIDS.least, PIDS.most);
  reader.integer('tick', 1, 1, LONGEST_TICK_MS);
  reader.integer('userId', 0, 0, LAST_USER_ID);
  readEach(reader, 'generations', readGeneration);
  return value;
}

function readGeneration(value: unknown, path: string): void {
  const reader = whole<GenerationPlan>(
    value,
    path,
    ['spawner', 'strategy', 'ordered', 'autoShutdown', 'impostors', 'intensity', 'children', 'steps'],
    ['inner', 'fault'],
  );
  reader.oneOf('spawner', ['forker', 'direct'], 'forker');
  reader.oneOf('strategy', GROUPS, 'one_for_one');
  reader.boolean('ordered', true);
  reader.oneOf('autoShutdown', ['never', 'any_significant', 'all_significant'], 'never');
  reader.boolean('impostors', false);
  reader.integer('intensity', 0, 0, ANY_NUMBER);
  readEach(reader, 'children', readChild);
  readEach(reader, 'steps', readStep);
  if (reader.has('inner')) readInner(reader.get('inner'), reader.at('inner'));
  if (reader.has('fault')) readFault(reader.get('fault'), reader.at('fault'));
}

function readChild(value: unknown, path: string): void {
  const reader = whole<ChildPlan>(value, path, [
    'command',
    'restart',
    'significant',
    'backoff',
    'shutdown',
    'ready',
  ]);
  reader.oneOf('command', COMMANDS, 'obeys');
  reader.oneOf('restart', RESTARTS, 'permanent');
  reader.boolean('significant', false);
  reader.boolean('backoff', false);
  reader.oneOf('shutdown', ['default', 'quick', 'brutal_kill'], 'default');
  reader.oneOf('ready', ['spawn', 'notify', 'log'], 'spawn');
}

function readStep(value: unknown, path: string): void {
  const reader = whole<StepPlan>(value, path, ['after', 'deed']);
  reader.number('after', 0, 0, LONGEST_TIMER_MS);
  reader.oneOf('deed', DEEDS, DEEDS[0]);
}

function readInner(value: unknown, path: string): void {
  const reader = whole<InnerPlan>(value, path, ['size', 'strategy', 'restart', 'shutdown']);
  reader.integer('size', 1, 0, ANY_NUMBER);
  reader.oneOf('strategy', [...GROUPS, 'dynamic'], 'one_for_one');
  reader.oneOf('restart', RESTARTS, 'permanent');
  reader.oneOf('shutdown', ['infinity', 'quick', 'brutal_kill'], 'infinity');
}

function readFault(value: unknown, path: string): void {
  const reader = whole<FaultPlan>(value, path, ['deed', 'of', 'at']);
  reader.oneOf('deed', FAULTS, FAULTS[0]);
  reader.oneOf('of', ['host', 'forker'], 'host');
  reader.integer('at', 1, 1, ANY_NUMBER);
}

/** Of an object that has all of `required`, and nothing but these and `others`. */
function whole<T>(
  value: unknown,
  path: string,
  required: readonly (keyof T & string)[],
  others: readonly (keyof T & string)[] = [],
): OptionReader {
  const reader = new OptionReader(value, path, [...required, ...others]);
  for (const key of required) if (!reader.has(key)) reader.fail(key, 'is missing');
  return reader;
}

function readEach(reader: OptionReader, key: string, read: (value: unknown, path: string) => void): void {
  const list = reader.get(key);
  if (!Array.isArray(list)) reader.fail(key, `expected an array, got ${show(list)}`);
  for (const [index, value] of list.entries()) read(value, `${reader.at(key)}[${index}]`);
}
