/** `reeve/sim`: a simulated machine for the tests of applications that embed Reeve, and the campaign that tests Reeve. */
import * as programs from '../os/sim/programs.ts';

export type { Signal } from '../os/os.ts';
export { SimMachine } from '../os/sim/machine.ts';
export { Prng } from '../os/sim/prng.ts';
export type { SimProcess } from '../os/sim/process.ts';
export type { ForkOptions, Program, Running } from '../os/sim/running.ts';
export { type CampaignOptions, type CampaignReport, campaign } from './campaign.ts';
export { Coverage, SOMETIMES, type Sometimes } from './coverage.ts';
export { INVARIANTS, type Invariant, type Violation } from './invariants.ts';
export { type LifetimeReport, live, type World } from './lifetime.ts';
export { type GenerationPlan, type LifetimePlan, planFrom } from './plan.ts';
export { shrink } from './shrink.ts';
export { SimHost, Simulation, type SimulationOptions, SimulationStuck } from './simulation.ts';
export { programs };
