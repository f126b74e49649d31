/** Which worker has had the calls of a key, and is to have its next ones where that costs no wait. */
import type { Call } from './call.ts';
import { freest, leastVisited } from './checkout.ts';
import type { Member } from './member.ts';

/** Of more keys than these the one that was used the longest ago is forgotten. */
const MOST_KEYS = 10_000;

export class Preferences {
  /** The one that was used last comes last. */
  readonly #homes = new Map<string, Member>();

  /** Who gets a call that any of them can do: the one that it prefers, if that can take it at once. None when all are busy. */
  choose(members: readonly Member[], { plan, session }: Call): Member | undefined {
    const home = plan.prefer === undefined ? undefined : this.#homes.get(plan.prefer);
    if (home?.hasRoom === true) return home;
    return session === undefined ? freest(members) : leastVisited(members);
  }

  /** A call went there. A key keeps the worker that it has as long as that is to be had at all: what is warm is there. */
  note(key: string | undefined, member: Member): void {
    if (key === undefined) return;
    const known = this.#homes.get(key);
    const home = known?.state === 'ready' ? known : member;
    this.#homes.delete(key);
    this.#homes.set(key, home);
    if (this.#homes.size <= MOST_KEYS) return;
    const [oldest] = this.#homes.keys();
    this.#homes.delete(oldest!);
  }

  /** It is gone. */
  forget(member: Member): void {
    for (const [key, home] of this.#homes) if (home === member) this.#homes.delete(key);
  }
}
