/** A claim covers what follows from it, and nothing else, on random tables of processes. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Census, type Claim } from '../src/os/census.ts';
import type { Sighting } from '../src/os/os.ts';
import { BOOT, SELF, sighting } from '../test/support/sightings.ts';
import { SEED } from './seed.ts';

const RUNS = 2_000;

/** Few pids, few names: collisions are what we are after. Pid 500 is the test itself. */
const pid = fc.constantFrom(1, 2, 3, 4, 5, 6, 7, 8, 500);
const time = fc.integer({ min: 1, max: 3 });
const cookie = fc.record({ runId: fc.constantFrom('a', 'b'), workerId: fc.constantFrom('', 'v', 'w') });
const cookies = fc.option(fc.array(cookie, { maxLength: 2 }), { nil: undefined });

const process = fc
  .record({ pid, parent: pid, group: pid, session: pid, startTime: time, zombie: fc.boolean(), cookies })
  .map((facts) => sighting(facts.pid, facts));
const table = fc.uniqueArray(process, { selector: (one) => one.pid, maxLength: 9 });

const claim = fc
  .record({
    runId: fc.constantFrom('a', 'b'),
    workerId: fc.constantFrom('v', 'w', undefined),
    known: fc.array(
      fc.record({ pid, startTime: time, session: pid }).map((one) => ({ ...BOOT, ...one })),
      { maxLength: 2 },
    ),
    orphanedSessions: fc.array(fc.record({ session: pid, bornBy: time }), { maxLength: 2 }),
    spare: fc.option(fc.constantFrom('a', 'b'), { nil: undefined }),
  })
  .map(
    ({ spare, ...rest }): Claim => ({
      ...rest,
      ...(spare !== undefined && { spare }),
    }),
  );

const carries = (one: Sighting, { runId, workerId }: Claim) =>
  one.cookies?.some(
    (mark) => mark.runId === runId && (workerId === undefined || mark.workerId === workerId),
  ) === true;

function forbidden(all: readonly Sighting[]): ReadonlySet<number> {
  const own = all.find((one) => one.pid === SELF.identity.pid);
  const pids = new Set([1, SELF.identity.pid]);
  for (let at = own, steps = 0; at !== undefined && steps < all.length; steps += 1) {
    pids.add(at.pid);
    const { parent } = at;
    at = all.find((one) => one.pid === parent);
  }
  for (const one of all) if (one.group === own?.group) pids.add(one.pid);
  return pids;
}

/** The rule said in another way: add whoever has a reason, until nobody is added any more. */
function closure(all: readonly Sighting[], claim: Claim, begun: number): ReadonlySet<number> {
  const never = forbidden(all);
  const mayBe = all.filter((one) => {
    const spared = claim.spare !== undefined && one.cookies?.some(({ runId }) => runId === claim.spare);
    return !never.has(one.pid) && spared !== true;
  });
  const other = (one: Sighting) => (one.cookies ?? []).length > 0 && !carries(one, claim);
  const isRoot = (one: Sighting) =>
    carries(one, claim) ||
    claim.known.some(
      (known) => known.pid === one.pid && known.startTime === one.startTime && known.session === one.session,
    ) ||
    (!other(one) &&
      claim.orphanedSessions?.some(
        ({ session, bornBy }) =>
          one.session === session && all.every((leader) => leader.pid !== session) && one.startTime < bornBy,
      ));
  const found = new Set<number>();
  for (let before = -1; before < found.size; ) {
    before = found.size;
    for (const one of mayBe) {
      const isLink = (to: Sighting) => found.has(to.pid) && one.startTime < begun && to.startTime < begun;
      const ofOurs = all.some((to) => to.pid === one.parent && isLink(to));
      const ledByOurs = all.some((to) => to.pid === one.session && to.session === to.pid && isLink(to));
      if (isRoot(one) || ofOurs || ledByOurs) found.add(one.pid);
    }
  }
  return new Set([...found].filter((pid) => all.every((one) => one.pid !== pid || !one.zombie)));
}

/** Some were born before the picture was begun, and some while it was taken. */
const begun = fc.integer({ min: 1, max: 4 });

const coveredPids = (all: readonly Sighting[], claim: Claim, begun: number) =>
  new Census(all, SELF, begun)
    .covered(claim)
    .map((one) => one.pid)
    .sort((a, b) => a - b);

test('nothing outside the closure of a claim is ever covered, and all of it is', () => {
  let nonEmpty = 0;
  fc.assert(
    fc.property(table, claim, begun, (all, claim, begun) => {
      const found = coveredPids(all, claim, begun);
      if (found.length > 0) nonEmpty += 1;
      expect(found).toEqual([...closure(all, claim, begun)].sort((a, b) => a - b));
    }),
    { seed: SEED, numRuns: RUNS },
  );
  expect(nonEmpty).toBeGreaterThan(RUNS / 10);
});

test('pid 1, zombies, ourselves, our ancestors and our group are never covered', () => {
  fc.assert(
    fc.property(table, claim, begun, (all, claim, begun) => {
      const never = forbidden(all);
      for (const one of new Census(all, SELF, begun).covered(claim)) {
        expect(never.has(one.pid) || one.zombie).toBe(false);
      }
    }),
    { seed: SEED, numRuns: RUNS },
  );
});

test('a claim on a run covers all that claims on its workers cover', () => {
  fc.assert(
    fc.property(table, claim, begun, (all, claim, begun) => {
      const ofRun = new Set(coveredPids(all, { ...claim, workerId: undefined }, begun));
      expect(coveredPids(all, claim, begun).every((pid) => ofRun.has(pid))).toBe(true);
    }),
    { seed: SEED, numRuns: RUNS },
  );
});

describe('while pids change hands', () => {
  /** A process as it truly was: `ours` is what no look can tell. */
  interface Life {
    readonly facts: Sighting;
    readonly ours: boolean;
    /** Until it dies; then pid 1. */
    readonly parent: Life | undefined;
    readonly bornAt: number;
    diedAt: number;
    /** Until then its pid is its own. */
    reapedAt: number;
  }

  const PIDS = [10, 11, 12, 13];
  const STEPS_PER_TICK = 2;
  const act = fc.record({
    what: fc.constantFrom('fork', 'fork', 'fork', 'die', 'reap'),
    who: fc.nat(3),
    pid: fc.nat(3),
    leads: fc.boolean(),
    scrubs: fc.boolean(),
  });
  type Act = typeof act extends fc.Arbitrary<infer A> ? A : never;
  const history = fc.record({ acts: fc.array(act, { minLength: 4, maxLength: 24 }), begun: fc.nat(12) });

  /** Pid 10 is ours from the first moment, pid 11 a stranger's; the others come of these two, and follow them. */
  function live(acts: readonly Act[]): readonly Life[] {
    const lives: Life[] = [];
    const bear = (
      pid: number,
      at: number,
      parent: Life | undefined,
      ours: boolean,
      as: Partial<Sighting>,
    ) => {
      const startTime = Math.floor(at / STEPS_PER_TICK);
      const facts = sighting(pid, { startTime, ...as });
      const never = Number.POSITIVE_INFINITY;
      lives.push({ facts, ours, parent, bornAt: at, diedAt: never, reapedAt: never });
    };
    bear(10, 0, undefined, true, { cookies: [{ runId: 'a', workerId: 'w' }] });
    bear(11, 0, undefined, false, {});
    acts.forEach(({ what, who, pid, leads, scrubs }, index) => {
      const at = index + STEPS_PER_TICK;
      const there = lives.filter((life) => life.reapedAt > at);
      const [living, dead] = [
        there.filter(({ diedAt }) => diedAt > at),
        there.filter(({ diedAt }) => diedAt <= at),
      ];
      const eligible = what === 'reap' ? dead : living;
      const one = eligible[who % Math.max(1, eligible.length)];
      const free = PIDS.filter(
        (pid) => !there.some(({ facts }) => facts.pid === pid || facts.session === pid),
      );
      const newPid = free[pid % Math.max(1, free.length)];
      if (one === undefined) return;
      if (what === 'die') one.diedAt = at;
      else if (what === 'reap') one.reapedAt = at;
      else if (newPid !== undefined) {
        const session = leads ? newPid : one.facts.session;
        const cookies = scrubs ? [] : one.facts.cookies;
        bear(newPid, at, one, one.ours, { session, group: session, cookies });
      }
    });
    return lives;
  }

  /** Nobody else ever has the pid and the start time of the first of ours. */
  const claim: Claim = {
    runId: 'a',
    workerId: 'w',
    known: [{ ...BOOT, pid: 10, startTime: 0, session: 10 }],
  };

  const parentAt = ({ parent }: Life, at: number): number =>
    parent === undefined || parent.diedAt <= at ? 1 : parent.facts.pid;

  test('nothing that is not ours is covered, however the looks at single processes fall', () => {
    let doubtful = 0;
    fc.assert(
      fc.property(history, fc.array(fc.nat(30), { minLength: 4, maxLength: 4 }), ({ acts, begun }, looks) => {
        const lives = live(acts);
        const seen = PIDS.flatMap((pid, index) => {
          const at = begun + looks[index]!;
          const life = lives.find(
            ({ facts, bornAt, reapedAt }) => facts.pid === pid && bornAt <= at && at < reapedAt,
          );
          if (life === undefined) return [];
          const zombie = life.diedAt <= at;
          const cookies = zombie ? undefined : life.facts.cookies;
          return [{ life, sighting: { ...life.facts, parent: parentAt(life, at), zombie, cookies } }];
        });
        const all = seen.map(({ sighting }) => sighting);
        const census = new Census(all, SELF, Math.floor(begun / STEPS_PER_TICK));
        if (census.examine(claim).doubts.length > 0) doubtful += 1;
        for (const one of census.covered(claim)) {
          expect(seen.find(({ sighting }) => sighting === one)!.life.ours).toBe(true);
        }
      }),
      { seed: SEED, numRuns: RUNS * 5 },
    );
    expect(doubtful).toBeGreaterThan(RUNS / 10);
  });
});
