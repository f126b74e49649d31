/** Invariant `no-stranger-signalled`, where it is decided: what must be true before anything is called an orphan. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ProcessFacts, Self } from '../src/os/os.ts';
import type { ActiveRecord } from '../src/registry/run-file.ts';
import { hostVerdict, orphanVerdict } from '../src/registry/verdict.ts';
import { SEED } from './seed.ts';

/** Few values each, and one of them likelier, so that all is equal often enough, and never for long. */
const usually = <T>(usual: T, other: T) => fc.constantFrom(usual, usual, usual, usual, other);
const identity = fc.record({
  bootId: usually('boot', 'before'),
  pidNamespace: usually('pid:[1]', 'pid:[2]'),
  pid: usually(77, 78),
  startTime: usually(5_000, 5_001),
});
const cookie = fc.record({
  runId: fc.constantFrom('1_run', '2_run'),
  workerId: fc.constantFrom('w:1', 'w:2', ''),
});
const facts: fc.Arbitrary<ProcessFacts | undefined> = fc.option(
  fc
    .tuple(
      identity,
      fc.record({
        parent: fc.constantFrom(1, 900),
        group: fc.constantFrom(77, 5),
        session: fc.constantFrom(77, 5),
        zombie: fc.boolean(),
        dying: fc.boolean(),
        cookies: fc.option(fc.array(cookie, { maxLength: 3 }), { nil: undefined }),
        userId: fc.constantFrom(0, 1_000),
        commandLine: fc.constant('sleep 1000'),
      }),
    )
    .map(([who, rest]) => ({ ...who, ...rest })),
  { nil: undefined, freq: 10 },
);
const record: fc.Arbitrary<ActiveRecord> = fc.record({
  state: fc.constant('active' as const),
  workerId: fc.constantFrom('w:1', 'w:2'),
  id: fc.constant('w'),
  path: fc.constant('s/w'),
  command: fc.constant('sleep 1000'),
  process: identity,
  session: fc.constantFrom(77, 5),
  group: fc.constant(77),
  lifecycle: fc.constantFrom('spawning' as const, 'running' as const, 'stopping' as const),
  settled: fc.boolean(),
});
const self: fc.Arbitrary<Self> = identity.map((who) => ({
  identity: { ...who, pid: 900 },
  userId: 1_000,
  machine: 'here',
  cookies: [],
}));

test('an orphan is the same process, and proven by its mark or by having outlived its start time', () => {
  let orphans = 0;
  fc.assert(
    fc.property(record, self, facts, fc.constantFrom(0, 1_000), (written, me, seen, userId) => {
      const { verdict } = orphanVerdict('1_run', written, userId, me, seen);
      if (verdict !== 'orphan') return;
      orphans += 1;
      const was = written.process;
      expect(seen).toBeDefined();
      expect(seen).toMatchObject({ ...was, zombie: false });
      expect(me.identity).toMatchObject({ bootId: was.bootId, pidNamespace: was.pidNamespace });
      const marks = seen!.cookies ?? [];
      const ownMark = marks.some(({ runId, workerId }) => runId === '1_run' && workerId === written.workerId);
      const outlived = seen!.userId === userId && seen!.session === written.session && written.settled;
      expect(ownMark || outlived).toBe(true);
    }),
    { seed: SEED, numRuns: 60_000 },
  );
  expect(orphans, 'the cases that the property is about').toBeGreaterThan(500);
});

test('the converse: what is proven so is an orphan, however much else there is', () => {
  fc.assert(
    fc.property(record, facts, fc.boolean(), (written, seen, withMark) => {
      fc.pre(seen !== undefined);
      const own = { runId: '1_run', workerId: written.workerId };
      const really: ProcessFacts = {
        ...seen,
        ...written.process,
        zombie: false,
        dying: false,
        ...(withMark
          ? { cookies: [...(seen.cookies ?? []), own] }
          : { session: written.session, userId: 1_000 }),
      };
      const me = { identity: { ...written.process, pid: 900 }, userId: 1_000, machine: 'here', cookies: [] };
      const { verdict } = orphanVerdict(
        '1_run',
        { ...written, settled: withMark ? written.settled : true },
        1_000,
        me,
        really,
      );
      expect(verdict).toBe('orphan');
    }),
    { seed: SEED, numRuns: 5_000 },
  );
});

test('a host that answers is never dead, nor one that is seen where no refusal proves it', () => {
  const answers = fc.constantFrom(
    'answered' as const,
    'refused' as const,
    'absent' as const,
    'unclear' as const,
  );
  let dead = 0;
  fc.assert(
    fc.property(identity, self, facts, answers, fc.boolean(), (who, me, seen, answer, proves) => {
      const host = { ...who, userId: 1_000, machine: 'here' };
      const verdict = hostVerdict(host, me, seen, answer, proves);
      if (verdict !== 'dead') return;
      dead += 1;
      expect(answer).not.toBe('answered');
      const rebooted = who.bootId !== me.identity.bootId;
      const visible = who.pidNamespace === me.identity.pidNamespace;
      const there =
        seen !== undefined &&
        !seen.zombie &&
        (['bootId', 'pidNamespace', 'pid', 'startTime'] as const).every((key) => seen[key] === who[key]);
      expect(rebooted || (visible && ((answer === 'refused' && proves) || !there))).toBe(true);
    }),
    { seed: SEED, numRuns: 20_000 },
  );
  expect(dead, 'the cases that the property is about').toBeGreaterThan(500);
});
