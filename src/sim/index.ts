/** `reeve/sim`: a simulated machine for the tests of applications that embed Reeve, and the campaign that tests Reeve. */
import * as programs from '../os/sim/programs.ts';

export type { Signal } from '../os/os.ts';
export type { Disk, DiskFault } from '../os/sim/disk.ts';
export { type MachineOptions, SimMachine } from '../os/sim/machine.ts';
export type { Onlooker } from '../os/sim/onlooker.ts';
export { Prng } from '../os/sim/prng.ts';
export type { Birth, Descriptor, End, Handler, Origin, SimProcess } from '../os/sim/process.ts';
export type { ForkOptions, Program, Running } from '../os/sim/running.ts';
export type { ServedCall, ServesOptions, ServingDeed, ServingOptions } from '../os/sim/serving-options.ts';
export { SimulationError } from '../os/sim/simulation-error.ts';
export type { Entry, Timeline } from '../os/sim/timeline.ts';
export type { Application, ApplicationSelf } from './application.ts';
export { type Broken, type CampaignOptions, type CampaignReport, campaign } from './campaign.ts';
export { Coverage, SOMETIMES, type Sometimes } from './coverage.ts';
export { INVARIANTS, type Invariant, type Violation } from './invariants.ts';
export { type LifetimeReport, live, type World } from './lifetime.ts';
export type { SimHostOptions, SimulationOptions } from './options.ts';
export type { Oracle } from './oracle.ts';
export {
  type ChildPlan,
  type Deed,
  type Fault,
  type FaultPlan,
  type GenerationPlan,
  type GroupStrategy,
  type InnerPlan,
  inPeace,
  type LifetimePlan,
  planFrom,
  type StepPlan,
} from './plan.ts';
export { shrink } from './shrink.ts';
export { SimHost } from './sim-host.ts';
export { Simulation, SimulationStuck } from './simulation.ts';
export type { Trace } from './trace.ts';
export type { Promised, PromisedChild } from './tree.ts';
export { programs };
