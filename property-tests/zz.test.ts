import { readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { test } from 'vitest';
import { livePool } from './pool-life.ts';
import { poolPlans } from './pool-plan.ts';

const SEED = Number(process.env['S'] ?? 20261121);
const N = Number(process.env['N'] ?? 300);
test('zz', { timeout: 3_000_000 }, async () => {
  if (process.env['PLAN']) {
    const plan = JSON.parse(readFileSync(process.env['PLAN'], 'utf8'));
    plan.options.idleTimeout ??= Infinity;
    const { violations, trace } = await livePool(plan);
    console.log(
      trace
        .filter((l) => !/before (write|rename|end|a message)|after (write|rename|end)/.test(l))
        .slice(-Number(process.env['TAIL'] ?? 100))
        .join('\n'),
      violations.slice(0, 5),
    );
    return;
  }
  const seen: Record<string, number> = {};
  let steps = 0,
    at = performance.now(),
    i = 0,
    worst = 0;
  for (const plan of fc.sample(poolPlans, { seed: SEED, numRuns: N })) {
    writeFileSync('/tmp/ps/last.json', JSON.stringify(plan));
    i += 1;
    const t = performance.now();
    const life = await livePool(plan);
    const took = performance.now() - t;
    if (took > worst) {
      worst = took;
      writeFileSync('/tmp/ps/slowest.json', JSON.stringify(plan));
      console.log('slowest', i, took, life.steps);
    }
    steps += life.steps;
    for (const [k, v] of Object.entries(life.seen)) seen[k] = (seen[k] ?? 0) + v;
    if (life.violations.length) {
      console.log(i, took, life.violations.slice(0, 3));
      writeFileSync(`/tmp/ps/bad-${i}.json`, JSON.stringify(plan));
    }
  }
  console.log(i, 'lives', performance.now() - at, 'ms', steps, 'steps', seen);
});
