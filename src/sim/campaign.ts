/** Many lifetimes, one after the other, each from its seed: what was lived, what was seen, and what was broken. */
import { Prng } from '../os/sim/prng.ts';
import { Coverage } from './coverage.ts';
import type { Violation } from './invariants.ts';
import { live, type World } from './lifetime.ts';
import { planFrom } from './plan.ts';

export interface CampaignOptions {
  readonly firstSeed?: number;
  readonly seeds: number;
  /** Your own tree and programs, in place of the cast that Reeve itself is tested with. */
  readonly world?: World;
  /** Ends at the first lifetime that breaks something. */
  readonly untilBroken?: boolean;
  readonly onLifetime?: (lived: number, broken: number) => void;
}

export interface Broken extends Violation {
  readonly seed: number;
}

export interface CampaignReport {
  readonly seeds: number;
  readonly steps: number;
  readonly violations: readonly Broken[];
  readonly coverage: Coverage;
}

export async function campaign(options: CampaignOptions): Promise<CampaignReport> {
  const { firstSeed = 1, seeds, untilBroken = false, onLifetime = () => {} } = options;
  const coverage = new Coverage();
  const violations: Broken[] = [];
  let steps = 0;
  let lived = 0;
  for (let seed = firstSeed; seed < firstSeed + seeds; seed += 1) {
    const report = await live(planFrom(seed, new Prng(seed)), options.world);
    lived += 1;
    steps += report.steps;
    coverage.add(report.coverage);
    violations.push(...report.violations.map((violation) => ({ ...violation, seed })));
    onLifetime(lived, violations.length);
    if (untilBroken && violations.length > 0) break;
  }
  return { seeds: lived, steps, violations, coverage };
}
