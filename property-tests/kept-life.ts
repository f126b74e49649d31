/** How a life that is kept is written down: what is not said of it is plain. */
import type { ChildPlan, Deed, GenerationPlan, LifetimePlan, StepPlan } from '../src/sim/plan.ts';

export interface KeptExample {
  /** What was wrong, or would be. */
  readonly found: string;
  readonly plan: LifetimePlan;
}

export const child = (command: string, rest: Partial<ChildPlan> = {}): ChildPlan => ({
  command,
  restart: 'permanent',
  significant: false,
  backoff: false,
  shutdown: 'quick',
  ready: 'spawn',
  ...rest,
});

export const generation = (rest: Partial<GenerationPlan>): GenerationPlan => ({
  spawner: 'forker',
  strategy: 'one_for_one',
  ordered: true,
  autoShutdown: 'never',
  inner: undefined,
  impostors: false,
  intensity: 10,
  children: [],
  steps: [],
  fault: undefined,
  ...rest,
});

export const life = (
  seed: number,
  rest: Partial<LifetimePlan>,
  generations: readonly GenerationPlan[],
): LifetimePlan => ({ seed, pidMax: 64, tick: 10, userId: 0, generations, ...rest });

export const step = (after: number, deed: Deed): StepPlan => ({ after, deed });
