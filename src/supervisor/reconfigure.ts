/** OTP's code_change: other flags and other specs for a supervisor that runs. */
import { byCall } from './cause.ts';
import { type Call, type Changes, COMMON_LANE, type Plan } from './plan.ts';
import { newChild } from './roster.ts';
import { isDynamic } from './strategy.ts';
import type { ChildSpec, SupervisorSpec } from './supervisor-spec.ts';
import type { Turn } from './turn.ts';

/**
 * What is up stays up: a changed spec counts from the child's next start, and what is new is down. The order is that of
 * the new specs; those that are not in it keep their specs, and come last. With `apply` those are stopped and forgotten,
 * what has changed is restarted, and what is new is started.
 */
export function reconfigure(turn: Turn, call: Call, spec: SupervisorSpec, apply: boolean): void {
  const busy = turn.lanes.findKey(({ plan }) => plan !== undefined);
  if (busy !== undefined) {
    turn.defer(busy, call);
    return;
  }
  if (isDynamic(spec.strategy) || isDynamic(turn.spec.strategy)) {
    if (spec.strategy !== turn.spec.strategy) {
      turn.answer(call, { is: 'refused', because: 'dynamic', path: turn.path });
      return;
    }
    turn.spec = spec; // a template counts for children to come: those that are there keep theirs
    turn.answer(call, { is: 'reconfigured', changes: { changed: [], added: [], removed: [] } });
    return;
  }
  const changes = changesTo(turn, spec.children);
  turn.spec = spec;
  const removed = turn.roster.filter(({ id }) => changes.removed.includes(id));
  const old = turn.roster;
  turn.roster = old.clear().withMutations((roster) => {
    for (const child of spec.children) {
      const known = old.get(child.id) ?? {
        ...newChild(child, child.id, turn.path, turn.earlier),
        state: 'down',
      };
      roster.set(child.id, { ...known, spec: child });
    }
    roster.merge(removed);
  });
  if (apply) turn.follow(COMMON_LANE, { ...planOf(turn, changes), call, changes });
  else turn.answer(call, { is: 'reconfigured', changes });
}

/** Removed children are temporary from now on: nothing is kept of them when they have been stopped. */
function planOf(turn: Turn, { changed, added, removed }: Changes): Plan {
  for (const id of removed) {
    const child = turn.roster.get(id)!;
    if (child.state === 'down') turn.remove(child);
    else turn.put({ ...child, spec: { ...child.spec, restart: 'temporary' } });
  }
  const ids = turn.roster.keySeq().toArray();
  return {
    purpose: 'reconfigure',
    stop: ids.filter((id) => changed.includes(id) || removed.includes(id)).reverse(),
    start: ids.filter((id) => changed.includes(id) || added.includes(id)),
    cause: byCall('reconfigure'),
  };
}

function changesTo({ roster }: Turn, specs: readonly ChildSpec[]): Changes {
  const ids = new Set(specs.map(({ id }) => id));
  const isKnown = ({ id }: ChildSpec) => roster.has(id);
  return {
    changed: specs
      .filter((spec) => isKnown(spec) && !isSame(spec, roster.get(spec.id)!.spec))
      .map(({ id }) => id),
    added: specs.filter((spec) => !isKnown(spec)).map(({ id }) => id),
    removed: [...roster.keys()].filter((id) => !ids.has(id)),
  };
}

/** What both say is the same. A start function is the same when it is the same function, not when it does the same. */
function isSame(one: unknown, other: unknown): boolean {
  if (one instanceof RegExp || other instanceof RegExp) return String(one) === String(other);
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) {
    return Object.is(one, other);
  }
  const [ours, theirs] = [one, other].map((value) => ('origin' in value ? [value.origin] : value)) as [
    object,
    object,
  ];
  const keys = new Set([...Object.keys(ours), ...Object.keys(theirs)]);
  return [...keys].every((key) => isSame(Reflect.get(ours, key), Reflect.get(theirs, key)));
}
