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
  SupervisionError,
  SupervisorNotRunningError,
} from './errors.ts';
export type {
  Cause,
  Decision,
  EventBus,
  EventListener,
  ExitReason,
  ReeveEvent,
  TimedEvent,
  WorkerState,
} from './events.ts';
export { type Host, startHost } from './host/host.ts';
export type { HostOptions } from './host/options.ts';
export type { Os } from './os/os.ts';
export type { SweepAction, SweptProcess } from './registry/clear-run.ts';
export type { SweepOutcome, SweepReport, SweptRun } from './registry/sweep.ts';
export type { Verdict } from './registry/verdict.ts';
export type { BackoffOptions } from './supervisor/backoff.ts';
export type { ChildInfo } from './supervisor/child-info.ts';
export { type PartitionKey, partition } from './supervisor/partition.ts';
export type { Changes } from './supervisor/plan.ts';
export type { AutoShutdown, Restart } from './supervisor/restart.ts';
export type { ChildCounts } from './supervisor/roster.ts';
export type { Strategy } from './supervisor/strategy.ts';
export type { Supervisor } from './supervisor/supervisor.ts';
export type {
  ChildOptions,
  ChildSpec,
  SupervisorChildOptions,
  SupervisorOptions,
  WorkerChildOptions,
} from './supervisor/supervisor-spec.ts';
export type { ExtraOptions } from './supervisor/template.ts';
export type { SupervisorOutput } from './supervisor/turn.ts';
export type { Shutdown, StopStage } from './worker/stop-plan.ts';
export type { ReadyOption, StartAnswer, StartFunction, WorkerOptions } from './worker/worker-spec.ts';
