/** Reeve's public API. */
export {
  ForkerError,
  HostStoppedError,
  OptionsError,
  ReeveError,
  RegistryError,
  SpawnError,
  type SpawnPhase,
  StartError,
} from './errors.ts';
export type { EventBus, EventListener, ExitReason, ReeveEvent, TimedEvent, WorkerState } from './events.ts';
export { type Host, startHost } from './host/host.ts';
export type { HostOptions } from './host/options.ts';
export type { Os } from './os/os.ts';
export type { SweepAction, SweptProcess } from './registry/clear-run.ts';
export type { SweepOutcome, SweepReport, SweptRun } from './registry/sweep.ts';
export type { Verdict } from './registry/verdict.ts';
export type { ChildInfo } from './supervisor/child-info.ts';
export type { Restart } from './supervisor/restart.ts';
export type { Supervisor } from './supervisor/supervisor.ts';
export type { ChildOptions, SupervisorOptions } from './supervisor/supervisor-spec.ts';
export type { Shutdown, StopStage } from './worker/stop-plan.ts';
export type { ReadyOption, WorkerOptions } from './worker/worker-spec.ts';
