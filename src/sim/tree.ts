/** Trees of supervisors as the oracle sees them: by what was asked for, apart from what was made of it. */
import { fromJS, is } from 'immutable';
import {
  type ChildOptions,
  DEFAULT_INTENSITY,
  DEFAULT_PERIOD_MS,
  isSupervisor,
  parseSupervisorSpec,
  type SupervisorOptions,
  type WorkerChildOptions,
} from '../supervisor/supervisor-spec.ts';

export interface WorkerInTree {
  readonly path: string;
  readonly options: WorkerChildOptions;
  /** It and all above it, but the topmost, are permanent: it has to be up whenever there is peace. */
  readonly stays: boolean;
}

/** The workers that are there from the start, in the order of that. */
export function workersIn(tree: SupervisorOptions, path = tree.id, stays = true): readonly WorkerInTree[] {
  return childrenOf(tree).flatMap((child): readonly WorkerInTree[] => {
    const below = `${path}/${child.id}`;
    const remains = stays && (child.restart ?? 'permanent') === 'permanent';
    return isSupervisor(child)
      ? workersIn(child, below, remains)
      : [{ path: below, options: child, stays: remains }];
  });
}

/** What a supervisor was promised to be. */
export interface Promised {
  readonly path: string;
  readonly strategy: NonNullable<SupervisorOptions['strategy']>;
  readonly intensity: number;
  readonly period: number;
  readonly ordered: boolean;
  readonly autoShutdown: NonNullable<SupervisorOptions['autoShutdown']>;
  /** Whoever stops it, or one above it, may have no time left for its children. */
  readonly hurried: boolean;
  /** In the order of their start. */
  readonly children: readonly PromisedChild[];
}

export interface PromisedChild {
  readonly path: string;
  readonly options: ChildOptions;
  readonly restart: NonNullable<ChildOptions['restart']>;
  readonly significant: boolean;
  /** It gets SIGTERM before it gets SIGKILL. */
  readonly gentle: boolean;
}

/** It, and those below it. @param hurried one above it may kill all that is below */
export function promisedBy(tree: SupervisorOptions, path = tree.id, hurried = false): readonly Promised[] {
  const isHurried = hurried || (tree.shutdown ?? 'infinity') !== 'infinity';
  const promised: Promised = {
    path,
    strategy: tree.strategy ?? 'one_for_one',
    intensity: tree.intensity ?? DEFAULT_INTENSITY,
    period: tree.period ?? DEFAULT_PERIOD_MS,
    ordered: (tree.ordered ?? true) && !isDynamic(tree),
    autoShutdown: tree.autoShutdown ?? 'never',
    hurried: isHurried,
    children: childrenOf(tree).map((child) => ({
      path: `${path}/${child.id}`,
      options: child,
      restart: child.restart ?? 'permanent',
      significant: child.significant ?? false,
      gentle: !isHurried && isGentle(child),
    })),
  };
  const below = childrenOf(tree).filter(isSupervisor);
  return [promised, ...below.flatMap((child) => promisedBy(child, `${path}/${child.id}`, isHurried))];
}

/**
 * As it is now, for whoever hands it over may change it. Undefined for what cannot be meant: it is refused.
 *
 * @param id for one that has none, or not this
 */
export function handedOver(
  options: Omit<SupervisorOptions, 'id'>,
  id?: string,
): SupervisorOptions | undefined {
  try {
    const tree = copyOf(id === undefined ? options : { ...options, id }) as SupervisorOptions;
    parseSupervisorSpec(tree);
    return tree;
  } catch {
    return undefined;
  }
}

/** Lists and what has entries are copied, `process.env` as well; patterns, URLs and functions are what they are. */
function copyOf<T>(value: T): T {
  if (Array.isArray(value)) return value.map(copyOf) as T;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  if (entries.length === 0 && Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(entries.map(([key, one]) => [key, copyOf(one)])) as T;
}

/** Patterns and functions are the same when they are one. */
export const isSame = (one: ChildOptions | undefined, other: ChildOptions): boolean =>
  is(fromJS(one), fromJS(other));

/** What was asked for of the supervisor at this path. */
export function optionsAt(trees: readonly SupervisorOptions[], path: string): SupervisorOptions | undefined {
  const [id, ...rest] = path.split('/');
  const tree = trees.findLast((one) => one.id === id);
  if (tree === undefined || rest.length === 0) return tree;
  return optionsAt(childrenOf(tree).filter(isSupervisor), rest.join('/'));
}

export const isGroup = ({ strategy }: Pick<SupervisorOptions, 'strategy'>): boolean =>
  strategy === 'one_for_all' || strategy === 'rest_for_one';

const isGentle = ({ shutdown = 'infinity' }: ChildOptions): boolean =>
  shutdown === 'infinity' || (typeof shutdown === 'number' && shutdown > 0);

const isDynamic = ({ strategy }: SupervisorOptions): boolean =>
  strategy === 'dynamic' || strategy === 'simple_one_for_one';

/** Those that are there from the start. */
export const childrenOf = (tree: SupervisorOptions): readonly ChildOptions[] =>
  isDynamic(tree) ? [] : (tree.children ?? []);

/** Whether it is the one at this path, or below it. */
export const isWithin = (path: string, top: string): boolean => path === top || path.startsWith(`${top}/`);

/** Of a path: the supervisor's. */
export const above = (path: string): string => path.slice(0, path.lastIndexOf('/'));
