/** Many lifetimes, one after the other, each from its seed: what was lived, what was seen, and what was broken. */
import { Prng } from '../os/sim/prng.ts';
import { blamed } from '../os/sim/simulation-error.ts';
import { Coverage } from './coverage.ts';
import type { Violation } from './invariants.ts';
import { type LifetimeReport, live, type World } from './lifetime.ts';
import { readCampaignOptions } from './options.ts';
import { planFrom } from './plan.ts';

export interface CampaignOptions {
  /** The first lifetime's; the others follow. A whole number of 32 bits; default 1. */
  readonly firstSeed?: number;
  /** How many lifetimes, at least one. */
  readonly seeds: number;
  /** Your own tree and programs, in place of the cast that Reeve itself is tested with. */
  readonly world?: World;
  /** Ends at the first lifetime that breaks something; default false. */
  readonly untilBroken?: boolean;
  /** Called after each. */
  readonly onLifetime?: (lived: number, broken: number) => void;
}

/** A violation, and the seed of the lifetime that it came from. */
export interface Broken extends Violation {
  readonly seed: number;
}

export interface CampaignReport {
  /** How many lifetimes were lived: fewer than were asked for when one broke something, and that was to end it. */
  readonly seeds: number;
  /** How many things happened in all of them. */
  readonly steps: number;
  readonly violations: readonly Broken[];
  readonly coverage: Coverage;
}

/**
 * Rejects with an `OptionsError` before anything is lived, and with a `SimulationError` when a program throws: what is
 * broken is reported, what is wrong with the test is not.
 */
export async function campaign(options: CampaignOptions): Promise<CampaignReport> {
  const { firstSeed, seeds, untilBroken, onLifetime, world } = readCampaignOptions(options);
  const coverage = new Coverage();
  const violations: Broken[] = [];
  let steps = 0;
  let lived = 0;
  for (let seed = firstSeed; seed < firstSeed + seeds; seed += 1) {
    const report = await liveFrom(seed, world);
    lived += 1;
    steps += report.steps;
    coverage.add(report.coverage);
    violations.push(...report.violations.map((violation) => ({ ...violation, seed })));
    onLifetime(lived, violations.length);
    if (untilBroken && violations.length > 0) break;
  }
  return { seeds: lived, steps, violations, coverage };
}

async function liveFrom(seed: number, world: World | undefined): Promise<LifetimeReport> {
  try {
    return await live(planFrom(seed, new Prng(seed)), world);
  } catch (error) {
    throw blamed({ seed }, error);
  }
}
