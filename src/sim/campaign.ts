/** Many lifetimes, one after the other, each from its seed: what was lived, what was seen, and what was broken. */
import { OptionsError } from '../errors.ts';
import { Prng } from '../os/sim/prng.ts';
import { blamed } from '../os/sim/simulation-error.ts';
import { Coverage } from './coverage.ts';
import type { Violation } from './invariants.ts';
import { type Lived, liveIn, type World } from './lifetime.ts';
import { readCampaignOptions } from './options.ts';
import { inPeace, type LifetimePlan, planFrom } from './plan.ts';

export interface CampaignOptions {
  /** The first lifetime's; the others follow. A whole number of 32 bits; default 1. */
  readonly firstSeed?: number;
  /** How many lifetimes, at least one. */
  readonly seeds: number;
  /**
   * Your own tree or application, and programs, in place of the cast that Reeve itself is tested with; or a function that
   * makes them for each lifetime, when they have a state that is to begin anew. Before the first lifetime one is lived in
   * peace, twice: what does not even come up then is told, however few lifetimes there are, and what does not go the same
   * way again is refused.
   */
  readonly world?: World | (() => World);
  /** Ends at the first lifetime that breaks something; default false. */
  readonly untilBroken?: boolean;
  /** Called after each, and waited for: what it throws, or rejects with, the campaign rejects with. */
  readonly onLifetime?: (lived: number, broken: number) => void | Promise<void>;
}

/** A violation, and the lifetime that it came from. */
export interface Broken extends Violation {
  readonly seed: number;
  /** `live(plan, world)` lives it again, `shrink` makes it short. */
  readonly plan: LifetimePlan;
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
 * Rejects with an `OptionsError` before anything is lived, and with a `SimulationError` when a program throws, or a life
 * does not go the same way twice: what is broken is reported, what is wrong with the test is not.
 */
export async function campaign(options: CampaignOptions): Promise<CampaignReport> {
  const { firstSeed, seeds, untilBroken, onLifetime, worlds } = readCampaignOptions(options);
  const coverage = new Coverage();
  const violations: Broken[] = [];
  let steps = 0;
  let lived = 0;
  const take = async (plan: LifetimePlan): Promise<Lived> => {
    const { seed } = plan;
    const report = await livePlanned(plan, worlds());
    steps += report.steps;
    coverage.add(report.coverage);
    violations.push(...report.violations.map((violation) => ({ ...violation, seed, plan })));
    return report;
  };
  if (options.world !== undefined) {
    const { rhythm } = await take(inPeace(firstSeed));
    if (violations.length === 0) await goesTheSameWay(inPeace(firstSeed), worlds(), rhythm);
  }
  for (let seed = firstSeed; seed < firstSeed + seeds; seed += 1) {
    if (untilBroken && violations.length > 0) break;
    await take(planFrom(seed, new Prng(seed)));
    lived += 1;
    await onLifetime(lived, violations.length);
  }
  return { seeds: lived, steps, violations, coverage };
}

/** What has chance, clocks or a state of its own may break what nobody can live again; but for names, which may be by chance. */
async function goesTheSameWay(plan: LifetimePlan, world: World | undefined, rhythm: string): Promise<void> {
  const again = await livePlanned(plan, world);
  if (again.rhythm === rhythm && again.violations.length === 0) return; // the first had none
  const complaint =
    'in peace, it went another way the second time: it has timers, files, clocks or chance of its own, or is still in the state ' +
    'that the first life left it in. A function that makes a world has one made for each life';
  throw blamed({ seed: plan.seed }, new OptionsError('world', complaint));
}

async function livePlanned(plan: LifetimePlan, world: World | undefined): Promise<Lived> {
  try {
    return await liveIn(plan, world);
  } catch (error) {
    throw blamed({ seed: plan.seed }, error);
  }
}
