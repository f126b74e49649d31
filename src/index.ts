/** Reeve's public API. */
export {
  CallTimeoutError,
  NoWorkerError,
  PoisonCallError,
  PoolClosedError,
  ProtocolError,
  QueueFullError,
  RemoteError,
  SessionLimitError,
  SessionLostError,
  UnsendableError,
  WorkerCrashedError,
  WorkerEndedError,
  WorkerUnhealthyError,
} from './call-errors.ts';
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
  PoolEvent,
  ReeveEvent,
  TimedEvent,
  WorkerState,
} from './events.ts';
export { createPool, runAll } from './host/default-host.ts';
export { type Host, startHost } from './host/host.ts';
export type { HostOptions } from './host/options.ts';
export type { Os } from './os/os.ts';
export type { Api, ApiOf, UnknownApi } from './pool/api.ts';
export type { CallOptions } from './pool/call-options.ts';
export type { CallTrace } from './pool/call-trace.ts';
export type { Durations } from './pool/histogram.ts';
export type { Lease } from './pool/lease.ts';
export type { AcquireOptions, MapOptions, Pool } from './pool/pool.ts';
export type { PoolStats, PoolWorkerInfo } from './pool/pool-info.ts';
export type { PoolPhase } from './pool/pool-machine.ts';
export type { CommandWorker, ModuleWorker, NewWorker, PoolOptions } from './pool/pool-options.ts';
export type { PoolSession } from './pool/pool-session.ts';
export type { RecycleOptions } from './pool/recycle.ts';
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
export type { BreakerState, KeyHealth, RiskLevel } from './tasks/breakers.ts';
export type { DetectOptions } from './tasks/early-detection.ts';
export type { FailureCategory, FailurePattern } from './tasks/failure-category.ts';
export type { TaskHistory, TaskOutputPage, TaskOutputQuery } from './tasks/history/task-history.ts';
export type { TaskRecord } from './tasks/history/task-record.ts';
export { summarize, type TaskResult, type TaskStatus, type TaskSummary } from './tasks/result.ts';
export type { RunOptions, TaskOutput, TaskProgress } from './tasks/run-options.ts';
export {
  TaskBlockedError,
  TaskCancelledError,
  TaskFailedError,
  TaskFallbackError,
  TaskHopelessError,
  TaskInputError,
  TaskSkippedError,
  TaskTimeoutError,
} from './tasks/task-errors.ts';
export type { TaskHandle, TaskLine } from './tasks/task-handle.ts';
export type { TaskInput } from './tasks/task-input.ts';
export type {
  Fallback,
  OutputOptions,
  ProgressiveTimeout,
  RetryOptions,
  TaskDefaults,
  TaskOptions,
} from './tasks/task-spec.ts';
export type { OneTaskOptions, TaskSource, Tasks } from './tasks/tasks.ts';
export type { BreakerLimitOptions, HistoryOptions, TasksOptions } from './tasks/tasks-settings.ts';
export type { Shutdown, StopStage } from './worker/stop-plan.ts';
export type { ReadyOption, StartAnswer, StartFunction, WorkerOptions } from './worker/worker-spec.ts';
