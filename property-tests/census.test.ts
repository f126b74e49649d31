/** A claim covers what follows from it, and nothing else, on random tables of processes. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Census, type Claim } from '../src/os/census.ts';
import type { Sighting } from '../src/os/os.ts';
import { BOOT, SELF, sighting } from '../test/support/sightings.ts';

const SEED = 20_260_101;
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
    orphanedSession: fc.option(fc.record({ session: pid, bornBy: time }), { nil: undefined }),
    spare: fc.option(fc.constantFrom('a', 'b'), { nil: undefined }),
  })
  .map(
    ({ orphanedSession, spare, ...rest }): Claim => ({
      ...rest,
      ...(orphanedSession && { orphanedSession }),
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
function closure(all: readonly Sighting[], claim: Claim): ReadonlySet<number> {
  const never = forbidden(all);
  const mayBe = all.filter((one) => {
    const spared = claim.spare !== undefined && one.cookies?.some(({ runId }) => runId === claim.spare);
    return !one.zombie && !never.has(one.pid) && spared !== true;
  });
  const other = (one: Sighting) => (one.cookies ?? []).length > 0 && !carries(one, claim);
  const isRoot = (one: Sighting) =>
    carries(one, claim) ||
    (!other(one) &&
      (claim.known.some(
        (known) =>
          known.pid === one.pid && known.startTime === one.startTime && known.session === one.session,
      ) ||
        (claim.orphanedSession !== undefined &&
          one.session === claim.orphanedSession.session &&
          one.startTime < claim.orphanedSession.bornBy)));
  const found = new Set<number>();
  for (let before = -1; before < found.size; ) {
    before = found.size;
    for (const one of mayBe) {
      const ledByOurs =
        found.has(one.session) && all.some(({ pid, session }) => pid === one.session && session === pid);
      if (isRoot(one) || found.has(one.parent) || ledByOurs) found.add(one.pid);
    }
  }
  return found;
}

const coveredPids = (all: readonly Sighting[], claim: Claim) =>
  new Census(all, SELF)
    .covered(claim)
    .map((one) => one.pid)
    .sort((a, b) => a - b);

test('nothing outside the closure of a claim is ever covered, and all of it is', () => {
  let nonEmpty = 0;
  fc.assert(
    fc.property(table, claim, (all, claim) => {
      const found = coveredPids(all, claim);
      if (found.length > 0) nonEmpty += 1;
      expect(found).toEqual([...closure(all, claim)].sort((a, b) => a - b));
    }),
    { seed: SEED, numRuns: RUNS },
  );
  expect(nonEmpty).toBeGreaterThan(RUNS / 10);
});

test('pid 1, zombies, ourselves, our ancestors and our group are never covered', () => {
  fc.assert(
    fc.property(table, claim, (all, claim) => {
      const never = forbidden(all);
      for (const one of new Census(all, SELF).covered(claim)) {
        expect(never.has(one.pid) || one.zombie).toBe(false);
      }
    }),
    { seed: SEED, numRuns: RUNS },
  );
});

test('a claim on a run covers all that claims on its workers cover', () => {
  fc.assert(
    fc.property(table, claim, (all, claim) => {
      const ofRun = new Set(coveredPids(all, { ...claim, workerId: undefined }));
      expect(coveredPids(all, claim).every((pid) => ofRun.has(pid))).toBe(true);
    }),
    { seed: SEED, numRuns: RUNS },
  );
});
