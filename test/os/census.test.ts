/** Which processes a claim covers, on hand-built tables of processes. */
import { describe, expect, test } from 'vitest';
import { Census, type Claim } from '../../src/os/census.ts';
import type { Sighting } from '../../src/os/os.ts';
import { BOOT, mark, OURSELVES, SELF, sighting } from '../support/sightings.ts';

/** Long after all that these tables hold was born, unless they say otherwise. */
const BEGUN = 10_000;
const WORKER: Claim = { runId: 'run', workerId: 'w', known: [] };
const RUN: Claim = { runId: 'run', workerId: undefined, known: [] };
const known = (pid: number, rest = {}) => ({ ...BOOT, pid, startTime: pid, session: pid, ...rest });

function covered(claim: Claim, ...others: readonly Sighting[]): readonly number[] {
  const census = new Census([...OURSELVES, ...others], SELF, BEGUN);
  return census
    .covered(claim)
    .map(({ pid }) => pid)
    .sort((a, b) => a - b);
}

describe('by its mark', () => {
  test('a worker is covered, another worker of the run is not', () => {
    const table = [
      sighting(600, { cookies: [mark('run', 'w')] }),
      sighting(601, { cookies: [mark('run', 'x')] }),
    ];
    expect(covered(WORKER, ...table)).toEqual([600]);
  });

  test('a slash in a mark moves nothing from the worker to the run', () => {
    const table = [
      sighting(600, { cookies: [mark('run/x', 'w')] }),
      sighting(601, { cookies: [mark('run', 'x/w')] }),
    ];
    expect(covered({ ...WORKER, workerId: 'x/w' }, ...table)).toEqual([601]);
    expect(covered({ ...WORKER, runId: 'run/x' }, ...table)).toEqual([600]);
  });

  test('a claim on the run covers all its workers and its forker, and no other run', () => {
    const table = [
      sighting(600, { cookies: [mark('run', 'w')] }),
      sighting(601, { cookies: [mark('run')] }),
      sighting(602, { cookies: [mark('run2', 'w')] }),
    ];
    expect(covered(RUN, ...table)).toEqual([600, 601]);
  });

  test('an outer mark counts as much as the innermost', () => {
    expect(covered(WORKER, sighting(600, { cookies: [mark('inner', 'a'), mark('run', 'w')] }))).toEqual([
      600,
    ]);
  });

  test('what carries the marks of the run to be spared as well is not covered', () => {
    const table = [
      sighting(600, { cookies: [mark('mine', 'a'), mark('run', 'w')] }),
      sighting(601, { cookies: [mark('run', 'w')] }),
    ];
    expect(covered({ ...WORKER, spare: 'mine' }, ...table)).toEqual([601]);
  });

  test('a process whose marks cannot be read has none', () => {
    expect(covered(WORKER, sighting(600, { cookies: undefined }))).toEqual([]);
  });
});

describe('a known process', () => {
  const claim = { ...WORKER, known: [known(600)] };

  test('is covered without a mark', () => {
    expect(covered(claim, sighting(600, { cookies: undefined }))).toEqual([600]);
  });

  test.each([
    ['started at another time', { startTime: 601 }],
    ['is in another session', { session: 599 }],
    ['is of another boot', { bootId: 'later' }],
    ['is of another pid namespace', { pidNamespace: 'pid:[2]' }],
  ])('is not covered when what has its pid %s', (_, rest) => {
    expect(covered(claim, sighting(600, rest))).toEqual([]);
  });

  test.each([
    ["another worker's", [mark('run', 'x')]],
    ["another run's", [mark('other', 'w')]],
  ])('is covered whatever mark it has put on: %s', (_, cookies) => {
    expect(covered(claim, sighting(600, { cookies }))).toEqual([600]);
  });

  test('that carries the mark of the run to be spared is not covered', () => {
    expect(covered({ ...claim, spare: 'mine' }, sighting(600, { cookies: [mark('mine', 'a')] }))).toEqual([]);
  });

  test('that is dead and not reaped covers what is left in its session, and not itself', () => {
    const left = sighting(601, { parent: 1, session: 600, group: 600 });
    expect(covered(claim, sighting(600, { zombie: true, cookies: undefined }), left)).toEqual([601]);
  });

  test('that is gone covers nothing', () => {
    expect(covered(claim, sighting(601))).toEqual([]);
  });
});

describe('what comes of a covered process', () => {
  const leader = sighting(600, { cookies: [mark('run', 'w')] });

  test('its descendants are covered, though they wiped their marks and left its session', () => {
    expect(covered(WORKER, leader, sighting(601, { parent: 600 }), sighting(602, { parent: 601 }))).toEqual([
      600, 601, 602,
    ]);
  });

  test('members of the session that it leads are covered', () => {
    expect(covered(WORKER, leader, sighting(610, { session: 600 }))).toEqual([600, 610]);
  });

  test('members of a session that it only joined are not', () => {
    expect(
      covered(WORKER, sighting(590), { ...leader, session: 590 }, sighting(610, { session: 590 })),
    ).toEqual([600]);
  });
});

describe('what was born while the picture was taken', () => {
  const parent = sighting(600, { cookies: [mark('run', 'w')] });
  const child = sighting(601, { parent: 600, startTime: BEGUN });
  const member = sighting(602, { parent: 1, session: 600, startTime: BEGUN });
  const census = (...others: readonly Sighting[]) => new Census([...OURSELVES, ...others], SELF, BEGUN);

  test.each([
    ['child', child],
    ['member of its session', member],
  ])('a %s is in doubt: the pid that it hangs by may have had two owners', (_, young) => {
    const seen = census(parent, young);
    expect(seen.covered(WORKER)).toEqual([parent]);
    expect(seen.examine(WORKER).doubts).toEqual([{ of: young, dependsOn: parent }]);
  });

  test('is covered when it is proven, and what it brought forth is in doubt in turn', () => {
    const grandchild = sighting(603, { parent: 601, startTime: BEGUN });
    const seen = census(parent, child, grandchild);
    expect(seen.examine(WORKER, new Set([child])).covered).toEqual([parent, child]);
    expect(seen.examine(WORKER).doubts).toEqual([{ of: child, dependsOn: parent }]);
  });

  test('an old child of a young parent is in doubt too: the one was seen before the other had its pid', () => {
    const old = sighting(601, { parent: 600 });
    const young = sighting(600, { cookies: [mark('run', 'w')], startTime: BEGUN });
    expect(census(young, old).covered(WORKER)).toEqual([young]);
  });

  test('is beyond doubt with a mark of its own, or when nobody may touch it', () => {
    const marked = sighting(601, { parent: 600, startTime: BEGUN, cookies: [mark('run', 'w')] });
    const zombie = sighting(602, { parent: 600, startTime: BEGUN, zombie: true });
    const seen = census(parent, marked, zombie);
    expect(new Set(seen.covered(WORKER))).toEqual(new Set([parent, marked]));
    expect(seen.examine(WORKER).doubts).toEqual([]);
  });
});

describe('an orphaned session', () => {
  const claim = { ...WORKER, orphanedSessions: [{ session: 600, bornBy: 700 }] };

  test('covers its members born before its leader was reaped', () => {
    expect(covered(claim, sighting(650, { session: 600, startTime: 699 }))).toEqual([650]);
  });

  test('does not cover members born since', () => {
    expect(covered(claim, sighting(650, { session: 600, startTime: 700 }))).toEqual([]);
  });

  test("covers nobody when its leader's pid is somebody's again, which it cannot be while a member lives", () => {
    const table = [sighting(600, { startTime: 699 }), sighting(650, { session: 600, startTime: 699 })];
    expect(covered(claim, ...table)).toEqual([]);
  });

  test('does not cover members with a mark that is not ours', () => {
    expect(covered(claim, sighting(650, { session: 600, cookies: [mark('run', 'x')] }))).toEqual([]);
  });

  test('does not cover other sessions', () => {
    expect(covered(claim, sighting(650, { session: 601 }))).toEqual([]);
  });
});

describe('never covered, whatever it carries', () => {
  const ours = { cookies: [mark('run', 'w')] };
  const coveredIn = (table: readonly Sighting[]) => new Census(table, SELF, BEGUN).covered(WORKER);

  test.each([
    ['pid 1', 1],
    ['our parent', 400],
    ['ourselves', 500],
  ])('%s', (_, pid) => {
    expect(coveredIn(OURSELVES.map((own) => (own.pid === pid ? { ...own, ...ours } : own)))).toEqual([]);
  });

  test('another member of our own group', () => {
    expect(coveredIn([...OURSELVES, sighting(700, { ...ours, group: 400, session: 400 })])).toEqual([]);
  });

  test('a zombie', () => {
    expect(coveredIn([...OURSELVES, sighting(700, { ...ours, zombie: true })])).toEqual([]);
  });

  test('ourselves, as a member of a session that a covered process leads', () => {
    const table = [
      sighting(1, { parent: 0 }),
      sighting(300, ours),
      sighting(400),
      sighting(500, { parent: 400, startTime: 50, group: 400, session: 300 }),
      sighting(501, { session: 300 }),
    ];
    expect(coveredIn(table).map(({ pid }) => pid)).toEqual([300, 501]);
  });

  test('what comes only of our own ancestors', () => {
    const table = OURSELVES.map((own) => (own.pid === 400 ? { ...own, ...ours } : own));
    expect(coveredIn([...table, sighting(501, { parent: 400 })])).toEqual([]);
  });
});

test('the workers seen are those of living processes', () => {
  const census = new Census(
    [
      ...OURSELVES,
      sighting(600, { cookies: [mark('run', 'a')] }),
      sighting(601, { cookies: [mark('run', 'b')], zombie: true }),
      sighting(602, { cookies: [mark('other', 'c')] }),
      sighting(603, { cookies: [mark('run')] }),
    ],
    SELF,
    BEGUN,
  );
  expect([...census.workersSeen('run')].sort()).toEqual(['', 'a']);
});
