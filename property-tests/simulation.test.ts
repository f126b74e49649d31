/** Whole lifetimes of hosts on the simulated kernel: by chance, shrinking, and exhaustively where they are short. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Prng } from '../src/os/sim/prng.ts';
import { campaign } from '../src/sim/campaign.ts';
import { STRUCK } from '../src/sim/faults.ts';
import { live } from '../src/sim/lifetime.ts';
import {
  COMMANDS,
  DEEDS,
  FAULTS,
  type GenerationPlan,
  type LifetimePlan,
  PLAIN_GENERATION,
  planFrom,
} from '../src/sim/plan.ts';
import { KEPT_EXAMPLES, SEEDS_EACH } from './kept-examples.ts';
import { SEED } from './seed.ts';

const broken = async (plan: LifetimePlan) => (await live(plan)).violations;

test('lifetimes that follow from their seeds break no invariant', { timeout: 120_000 }, async () => {
  const { violations, coverage } = await campaign({ seeds: 800, firstSeed: SEED });
  expect(violations).toEqual([]);
  // What is rare is asked for by the campaign of thousands; these are not.
  const counts = coverage.counts();
  expect(counts['a pid used again within one tick']).toBeGreaterThan(0);
  expect(counts['host killed between two effects']).toBeGreaterThan(0);
  expect(counts['forker lost']).toBeGreaterThan(0);
  expect(counts['sweep ended orphans']).toBeGreaterThan(0);
});

test('a seed lived twice is the same life', async () => {
  for (let seed = SEED; seed < SEED + 40; seed += 1) {
    const [once, again] = [
      await live(planFrom(seed, new Prng(seed))),
      await live(planFrom(seed, new Prng(seed))),
    ];
    expect([again.hash, again.steps, again.trace]).toEqual([once.hash, once.steps, once.trace]);
  }
});

test('two seeds are two lives', async () => {
  const plan = planFrom(SEED, new Prng(SEED));
  expect((await live({ ...plan, seed: 1 })).hash).not.toBe((await live({ ...plan, seed: 2 })).hash);
});

describe('the lives that once broke something', () => {
  test.each(KEPT_EXAMPLES)('$found', async ({ plan }) => {
    for (let seed = plan.seed; seed < plan.seed + SEEDS_EACH; seed += 1)
      expect(await broken({ ...plan, seed })).toEqual([]);
  });
});

const PLAIN = { significant: false, backoff: false, ready: 'spawn' } as const;

const QUIET: GenerationPlan = {
  ...PLAIN_GENERATION,
  children: [
    { ...PLAIN, command: 'double-forks', restart: 'permanent', shutdown: 'quick' },
    { ...PLAIN, command: 'crashes', restart: 'transient', shutdown: 'default' },
  ],
  steps: [{ after: 200, deed: 'strangers' }],
};

const FAULT = {
  deed: fc.constantFrom(...FAULTS),
  of: fc.constantFrom('host', 'forker'),
} as const;

describe('a fault between any two effects', () => {
  const plan = (first: GenerationPlan, second: GenerationPlan = QUIET): LifetimePlan => ({
    seed: SEED,
    pidMax: 40,
    tick: 10,
    userId: 0,
    generations: [first, second],
  });

  describe.each(['host', 'forker'] as const)('of the %s, at each of them', (of) => {
    test.each(FAULTS)('%s', { timeout: 60_000 }, async (deed) => {
      const hits: number[] = [];
      for (let at = 1; at <= 90; at += 1) {
        const { violations, coverage } = await live(plan({ ...QUIET, fault: { deed, of, at } }));
        expect(violations, `at ${at}`).toEqual([]);
        if (coverage.counts()[STRUCK[deed]] > 0) hits.push(at);
      }
      const last = Math.max(...hits);
      expect(hits.length).toBeGreaterThan(5);
      expect(last, 'there is no place behind the last').toBeLessThan(80);
      // Whom it was to kill it has killed, at each of them.
      if (deed === `kill-${of}`) expect(hits).toEqual(Array.from({ length: last }, (_, index) => index + 1));
    });
  });

  test('pairs: this generation at one place, the next at another', { timeout: 120_000 }, async () => {
    const fault = fc.record({ ...FAULT, at: fc.integer({ min: 1, max: 60 }) });
    await fc.assert(
      fc.asyncProperty(fault, fault, async (first, second) => {
        expect(await broken(plan({ ...QUIET, fault: first }, { ...QUIET, fault: second }))).toEqual([]);
      }),
      { seed: SEED, numRuns: 150 },
    );
  });
});

test('any plan at all, and a short one when it fails', { timeout: 120_000 }, async () => {
  const child = fc.record({
    command: fc.constantFrom(...COMMANDS),
    restart: fc.constantFrom('permanent', 'transient', 'temporary'),
    significant: fc.boolean(),
    backoff: fc.boolean(),
    shutdown: fc.constantFrom('default', 'quick', 'brutal_kill'),
    ready: fc.constantFrom('spawn', 'notify', 'log'),
  });
  const inner = fc.record({
    size: fc.integer({ min: 1, max: 3 }),
    strategy: fc.constantFrom('one_for_one', 'one_for_all', 'rest_for_one', 'dynamic'),
    restart: fc.constantFrom('permanent', 'transient', 'temporary'),
    shutdown: fc.constantFrom('infinity', 'quick', 'brutal_kill'),
  });
  const generation = fc.record({
    spawner: fc.constantFrom('forker', 'direct'),
    strategy: fc.constantFrom('one_for_one', 'one_for_all', 'rest_for_one'),
    ordered: fc.boolean(),
    autoShutdown: fc.constantFrom('never', 'any_significant', 'all_significant'),
    inner: fc.option(inner, { nil: undefined }),
    impostors: fc.boolean(),
    intensity: fc.constantFrom(0, 1, 3, 10),
    children: fc.array(child, { minLength: 1, maxLength: 4 }),
    steps: fc.array(
      fc.record({ after: fc.constantFrom(0, 1, 5, 30, 200, 1_500), deed: fc.constantFrom(...DEEDS) }),
      { maxLength: 5 },
    ),
    fault: fc.option(fc.record({ ...FAULT, at: fc.integer({ min: 1, max: 80 }) }), { nil: undefined }),
  });
  const plan = fc.record({
    seed: fc.nat(),
    pidMax: fc.constantFrom(32, 40, 64),
    tick: fc.constantFrom(10, 50),
    userId: fc.constantFrom(0, 1_000),
    generations: fc.array(generation, { minLength: 1, maxLength: 3 }),
  });
  await fc.assert(
    fc.asyncProperty(plan, async (any) => {
      expect(await broken(any)).toEqual([]);
    }),
    { seed: SEED, numRuns: 300 },
  );
});
