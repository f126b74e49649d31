/** Whether what was seen is the same on both sides, as far as it can be. */
import type { SupervisorPlan } from './sequence.ts';
import { type Entry, type Look, parentOf, type Step } from './step.ts';

type Strategy = SupervisorPlan['strategy'];

export interface Circumstances {
  readonly strategyOf: (supervisor: string) => Strategy | undefined;
  /** Several children have died at once, or something was done while a start waited. */
  readonly isCrowded: boolean;
}

/** What differs, in words; undefined when nothing does. */
export function difference(otp: Step, reeve: Step, about: Circumstances): string | undefined {
  return (
    differenceOfTraces(otp, reeve, about) ??
    differs('the outcomes of calls', sorted([...otp.outcomes]), sorted([...reeve.outcomes])) ??
    differs('the end', otp.exit, reeve.exit) ??
    differs('whose start waits', otp.gates, reeve.gates) ??
    differs('the living supervisors', pathsOf(otp.looks), pathsOf(reeve.looks)) ??
    differenceOfLooks(otp.looks, reeve.looks, about)
  );
}

function differenceOfTraces(otp: Step, reeve: Step, about: Circumstances): string | undefined {
  const left = leftOut(reeve.entries, about);
  const [theirs, ours] = [otp, reeve].map(({ entries }) => groupsOf(entries.filter((entry) => !left(entry))));
  for (const supervisor of sorted([...new Set([...theirs!.keys(), ...ours!.keys()])])) {
    const [expected, actual] = [theirs, ours].map((groups) =>
      inOrder(groups!.get(supervisor) ?? [], about.strategyOf(supervisor), about.isCrowded),
    );
    const difference = differs(`the trace below '${supervisor}'`, expected, actual);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

/**
 * Reeve does not wait for a start that is under way when its supervisor, independent children's, ends: what became of this
 * attempt in OTP, which does wait, has no counterpart.
 */
function leftOut(
  entries: readonly Entry[],
  { strategyOf, isCrowded }: Circumstances,
): (entry: Entry) => boolean {
  const interrupted = entries.filter(
    ([kind, path]) => kind === 'interrupted' && isCrowded && isIndependent(strategyOf(parentOf(path))),
  );
  return ([, path, attempt]) =>
    interrupted.some(([, one, from]) => (path === one && attempt >= from) || path.startsWith(`${one}/`));
}

/**
 * Reeve restarts independent children side by side: when several were to be, each has its own order. Their stops come one
 * after the other all the same, but those of a dynamic supervisor, which come at once.
 */
function inOrder(entries: readonly Entry[], strategy: Strategy | undefined, isCrowded: boolean): unknown {
  // Of the uppermost two tell at once: itself that it ends, and its owner that it has started.
  if (entries.every(([, path]) => parentOf(path) === '')) return sorted(entries);
  if (!isIndependent(strategy) || (strategy === 'one_for_one' && !isCrowded)) return entries;
  const byChild: Record<string, Entry[]> = {};
  for (const entry of entries) byChild[entry[1]] = [...(byChild[entry[1]] ?? []), entry];
  const children = sorted(Object.entries(byChild));
  if (strategy === 'simple_one_for_one') return { children };
  return { children, stops: entries.filter(([kind]) => kind === 'stop' || kind === 'end') };
}

function differenceOfLooks(
  theirs: readonly Look[],
  ours: readonly Look[],
  { strategyOf }: Circumstances,
): string | undefined {
  for (const { path, which, count } of theirs) {
    const own = ours.find((look) => look.path === path)!;
    const isDynamic = strategyOf(path) === 'simple_one_for_one'; // whose order says nothing
    const [expected, actual] = [which, own.which].map((all) => (isDynamic ? sorted([...all]) : all));
    const difference =
      differs(`which_children of '${path}'`, expected, actual) ??
      differs(`count_children of '${path}'`, count, own.count);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

const isIndependent = (strategy: Strategy | undefined): boolean =>
  strategy === 'one_for_one' || strategy === 'simple_one_for_one';

function groupsOf(entries: readonly Entry[]): Map<string, Entry[]> {
  const groups = new Map<string, Entry[]>();
  for (const entry of entries) {
    const supervisor = parentOf(entry[1]);
    groups.set(supervisor, [...(groups.get(supervisor) ?? []), entry]);
  }
  return groups;
}

const pathsOf = (looks: readonly Look[]): readonly string[] => sorted(looks.map(({ path }) => path));

const sorted = <T>(items: readonly T[]): T[] => [...items].sort((a, b) => (textOf(a) < textOf(b) ? -1 : 1));

const textOf = (value: unknown): string => JSON.stringify(value) ?? 'undefined';

function differs(what: string, expected: unknown, actual: unknown): string | undefined {
  if (textOf(expected) === textOf(actual)) return undefined;
  return `${what}: OTP ${textOf(expected)}, Reeve ${textOf(actual)}`;
}
