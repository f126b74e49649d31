/** An order in which processes are told of a signal: nobody loses its parent before it is told itself. */
import type { Sighting } from './os.ts';

/** A parent may die as soon as it is told: its children have another one then, and are not taken for those seen before. */
export function childrenFirst(targets: Iterable<Sighting>): readonly Sighting[] {
  const byPid = new Map(Array.from(targets, (target) => [target.pid, target]));
  const depths = new Map(Array.from(byPid.values(), (target) => [target, depthOf(target, byPid)]));
  return [...depths.keys()].sort((one, other) => depths.get(other)! - depths.get(one)!);
}

/** How many of its ancestors are among them. Two owners of a pid in one picture may make a ring of it: that has an end. */
function depthOf(target: Sighting, byPid: ReadonlyMap<number, Sighting>): number {
  let depth = 0;
  for (let at = byPid.get(target.parent); at !== undefined && depth < byPid.size; depth += 1)
    at = byPid.get(at.parent);
  return depth;
}
