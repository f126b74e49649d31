/** Makes a lifetime that breaks something as short as it can be while it still does: what is left is the story. */
import type { GenerationPlan, LifetimePlan } from './plan.ts';

/** A change to chance may hide what was found, so that each shorter plan is tried with some seeds. */
const SEEDS_EACH = 4;

/**
 * Greedy: takes away one thing after the other, generations, children, steps, the crash, for as long as `isBroken`
 * holds. The plan given must be broken itself.
 */
export async function shrink(
  plan: LifetimePlan,
  isBroken: (plan: LifetimePlan) => Promise<boolean>,
): Promise<LifetimePlan> {
  for (const shorter of shorterThan(plan)) {
    for (let tried = 0; tried < SEEDS_EACH; tried += 1) {
      const candidate = { ...shorter, seed: plan.seed + tried };
      if (await isBroken(candidate)) return shrink(candidate, isBroken);
    }
  }
  return plan;
}

function* shorterThan(plan: LifetimePlan): Generator<LifetimePlan> {
  const { generations } = plan;
  for (const index of generations.keys()) {
    if (generations.length > 1) yield { ...plan, generations: without(generations, index) };
  }
  for (const [index, generation] of generations.entries()) {
    for (const shorter of shorterGenerations(generation)) {
      yield { ...plan, generations: generations.map((one, at) => (at === index ? shorter : one)) };
    }
  }
}

function* shorterGenerations(generation: GenerationPlan): Generator<GenerationPlan> {
  const { children, steps, crash, impostors } = generation;
  for (const index of children.keys()) {
    if (children.length > 1) yield { ...generation, children: without(children, index) };
  }
  for (const index of steps.keys()) yield { ...generation, steps: without(steps, index) };
  if (crash !== undefined) yield { ...generation, crash: undefined };
  if (impostors) yield { ...generation, impostors: false };
}

const without = <T>(list: readonly T[], index: number): readonly T[] => list.filter((_, at) => at !== index);
