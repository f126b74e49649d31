/** Makes a lifetime that breaks something as short as it can be while it still does: what is left is the story. */
import { OptionsError } from '../errors.ts';
import { show } from '../worker/option-reader.ts';
import { SEEDS } from './options.ts';
import {
  type ChildPlan,
  type FaultPlan,
  type GenerationPlan,
  type LifetimePlan,
  PLAIN_GENERATION,
  PLAIN_LIFETIME,
} from './plan.ts';
import { readPlan } from './read-plan.ts';

/** A change to chance may hide what was found, so that each simpler plan is tried with some seeds. */
const SEEDS_EACH = 4;
/** Each of them is a lifetime lived: some tens of seconds for them all. */
const MOST_TRIES = 4_000;

/** Its children, steps and fault are taken away one by one. */
const { children: _, steps: __, fault: ___, ...PLAIN_REST } = PLAIN_GENERATION;
const PLAIN_INNER = { strategy: 'one_for_one', restart: 'permanent', shutdown: 'infinity', size: 1 } as const;
const PLAIN_FAULT = { deed: 'kill-host', of: 'host' } as const;
const PLAIN_CHILD = {
  restart: 'permanent',
  significant: false,
  backoff: false,
  shutdown: 'default',
  ready: 'spawn',
  command: 'obeys',
} as const;

/**
 * Greedy: takes away one thing after the other, generations, children, steps, the fault, and makes plain what is left,
 * for as long as `isBroken` holds: pids, tick, user, spawner, order, intensity, pauses, commands and how they are
 * supervised. It tries at most 4,000 plans, and hands on the best so far when they are used up.
 *
 * A plan comes from a seed, `planFrom(seed, new Prng(seed))`, as in a campaign; `live(plan)` says what it breaks, or
 * `live(plan, world)` when the campaign had a world. A world's tree stands in for the children of every plan, so that
 * none of those is left.
 *
 * Rejects with an `OptionsError` when the plan given cannot be meant, or is not broken itself, or `isBroken` is no function.
 */
export async function shrink(
  plan: LifetimePlan,
  isBroken: (plan: LifetimePlan) => boolean | Promise<boolean>,
): Promise<LifetimePlan> {
  if (typeof isBroken !== 'function') {
    throw new OptionsError('isBroken', `expected a function, got ${show(isBroken)}`);
  }
  if (!(await isBroken(readPlan(plan)))) {
    throw new OptionsError(
      'plan',
      'is not broken: was it lived in the same world, and is it the same invariant?',
    );
  }
  let best = plan;
  let tries = 0;
  for (let simpler = simplerThan(best); ; ) {
    const candidate = simpler.next().value;
    if (candidate === undefined || tries >= MOST_TRIES) return best;
    tries += 1;
    if (!(await isBroken(candidate))) continue;
    best = candidate;
    simpler = simplerThan(best); // what was needed before may not be needed any more
  }
}

function* simplerThan(plan: LifetimePlan): Generator<LifetimePlan, undefined> {
  for (const simpler of simplerLifetimes(plan)) {
    for (let nth = 0; nth < SEEDS_EACH; nth += 1) yield { ...simpler, seed: (plan.seed + nth) % SEEDS };
  }
  return undefined;
}

/** What takes most away comes first. */
function* simplerLifetimes(plan: LifetimePlan): Generator<LifetimePlan> {
  const { generations } = plan;
  for (const index of generations.keys()) {
    if (generations.length > 1) yield { ...plan, generations: without(generations, index) };
  }
  for (const [index, generation] of generations.entries()) {
    for (const simpler of simplerGenerations(generation)) {
      yield { ...plan, generations: generations.with(index, simpler) };
    }
  }
  yield* plainer(plan, PLAIN_LIFETIME);
}

function* simplerGenerations(generation: GenerationPlan): Generator<GenerationPlan> {
  const { children, steps, fault } = generation;
  if (children.length > 1) yield { ...generation, children: [] };
  for (const index of children.keys()) yield { ...generation, children: without(children, index) };
  if (steps.length > 1) yield { ...generation, steps: [] };
  for (const index of steps.keys()) yield { ...generation, steps: without(steps, index) };
  if (fault !== undefined) {
    yield { ...generation, fault: undefined };
    for (const plain of plainer<FaultPlan>(fault, PLAIN_FAULT)) yield { ...generation, fault: plain };
  }
  yield* plainer<GenerationPlan>(generation, PLAIN_REST);
  if (generation.inner !== undefined) {
    for (const inner of plainer(generation.inner, PLAIN_INNER)) yield { ...generation, inner };
  }
  for (const [index, step] of steps.entries()) {
    for (const plain of plainer(step, { after: 0 })) yield { ...generation, steps: steps.with(index, plain) };
  }
  for (const [index, child] of children.entries()) {
    for (const plain of plainer<ChildPlan>(child, PLAIN_CHILD)) {
      yield { ...generation, children: children.with(index, plain) };
    }
  }
}

/** With one thing more as in `plain`, one after the other. */
function* plainer<T extends object>(value: T, plain: Partial<T>): Generator<T> {
  for (const key of Object.keys(plain) as (keyof T)[]) {
    if (value[key] !== plain[key]) yield { ...value, [key]: plain[key] };
  }
}

const without = <T>(list: readonly T[], index: number): readonly T[] => list.filter((_, at) => at !== index);
