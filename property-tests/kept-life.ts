/** How a life that is kept is written down: what is not said of it is plain. */
import {
  type ChildPlan,
  type Deed,
  type GenerationPlan,
  type LifetimePlan,
  PLAIN_GENERATION,
  type StepPlan,
} from '../src/sim/plan.ts';

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
  ...PLAIN_GENERATION,
  intensity: 10,
  ...rest,
});

export const life = (
  seed: number,
  rest: Partial<LifetimePlan>,
  generations: readonly GenerationPlan[],
): LifetimePlan => ({ seed, pidMax: 64, tick: 10, userId: 0, generations, ...rest });

export const step = (after: number, deed: Deed): StepPlan => ({ after, deed });
