// npm run sim -- [--seeds N] [--first SEED] [--json]: lives N lifetimes, each from its seed; fails when one breaks an
// invariant, or when something was never seen that a campaign of this size must have seen.
import { campaign, live, Prng, planFrom, shrink } from '../dist/sim/index.js';
import { flagsOf, SEEDS } from './flags.mjs';

/** With fewer lifetimes than these, what is rare need not have come. */
const SEES_ALL_WITH = 2_000;

const USAGE = `npm run sim -- [options]: lives lifetimes, each from its seed; exit code 1 when one breaks an invariant,
or when something was never seen that a campaign of this size must have seen; 2 for what cannot be meant.
  --seeds N     how many lifetimes, ${SEES_ALL_WITH} by default
  --first SEED  the first one's seed, 1 by default; the others follow
  --json        one line of JSON`;

const { values, wholeNumber, refuse } = flagsOf(
  'sim',
  {
    seeds: { type: 'string', default: String(SEES_ALL_WITH) },
    first: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
  USAGE,
);
const seeds = wholeNumber('seeds', 1, SEEDS);
const firstSeed = wholeNumber('first', 0, SEEDS - 1);
if (firstSeed + seeds > SEEDS) refuse(`${seeds} seeds from ${firstSeed} on go beyond the last, ${SEEDS - 1}`);
const begun = performance.now();
const report = await campaign({ seeds, firstSeed });
const seconds = (performance.now() - begun) / 1_000;
const { steps, violations, coverage } = report;
const missing = seeds >= SEES_ALL_WITH ? coverage.missing() : [];
if (values.json) {
  const stepsPerSecond = Math.round(steps / seconds);
  const counts = coverage.counts();
  console.log(
    JSON.stringify({
      seeds,
      steps,
      stepsPerSecond,
      violations: violations.length,
      seconds: Math.round(seconds),
      missing,
      coverage: counts,
    }),
  );
} else {
  console.log(
    `${seeds} lifetimes from seed ${firstSeed}, ${steps} steps, ${seconds.toFixed(1)} s (${Math.round((seeds / seconds) * 60)} lifetimes a minute)`,
  );
  for (const [what, count] of Object.entries(coverage.counts()))
    console.log(`${String(count).padStart(9)}  ${what}`);
}
for (const { seed, invariant, detail } of violations.slice(0, 20)) {
  console.error(`broken: ${invariant} (seed ${seed}): ${detail}`);
}
if (violations.length > 0) {
  const { seed, invariant } = violations[0];
  const isBroken = async (plan) => (await live(plan)).violations.some((one) => one.invariant === invariant);
  const plan = await shrink(planFrom(seed, new Prng(seed)), isBroken);
  console.error(`the first of them, as short as it gets:\n${JSON.stringify(plan)}`);
}
for (const what of missing) console.error(`never seen: ${what}`);
if (violations.length > 0 || missing.length > 0) process.exit(1);
