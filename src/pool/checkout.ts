/** Which worker gets a call that any of them can do. */
import type { Member } from './member.ts';

/** What is looked at. */
export type Candidate = Pick<Member, 'hasRoom' | 'load'>;

/** The one with the least to do; of several the first, so that those who come last fall idle. None when all are busy. */
export function freest<One extends Candidate>(members: readonly One[]): One | undefined {
  let best: One | undefined;
  for (const member of members) {
    if (!member.hasRoom || (best !== undefined && member.load >= best.load)) continue;
    if (member.load === 0) return member;
    best = member;
  }
  return best;
}

/** Where a new session goes: to whoever has the fewest, and of those to the one with the least to do. */
export function leastVisited<One extends Candidate & { readonly sessions: { readonly size: number } }>(
  members: readonly One[],
): One | undefined {
  let best: One | undefined;
  for (const member of members) {
    if (!member.hasRoom) continue;
    const isBetter =
      best === undefined ||
      member.sessions.size < best.sessions.size ||
      (member.sessions.size === best.sessions.size && member.load < best.load);
    if (isBetter) best = member;
  }
  return best;
}
