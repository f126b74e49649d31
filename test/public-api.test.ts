/** What the package exports: a change here is a change for everybody. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as reeve from '../src/index.ts';
import * as sim from '../src/sim/index.ts';

test('the values that the package exports', () => {
  expect(Object.keys(reeve).sort()).toMatchInlineSnapshot(`
    [
      "CallTimeoutError",
      "ForkerError",
      "HostStoppedError",
      "NoWorkerError",
      "OptionsError",
      "PoisonCallError",
      "PoolClosedError",
      "ProtocolError",
      "QueueFullError",
      "ReeveError",
      "RegistryError",
      "RemoteError",
      "SessionLimitError",
      "SessionLostError",
      "SpawnError",
      "StartError",
      "SupervisionError",
      "SupervisorNotRunningError",
      "TaskBlockedError",
      "TaskCancelledError",
      "TaskFailedError",
      "TaskFallbackError",
      "TaskHopelessError",
      "TaskInputError",
      "TaskSkippedError",
      "TaskTimeoutError",
      "UnsendableError",
      "WorkerCrashedError",
      "WorkerEndedError",
      "WorkerUnhealthyError",
      "createPool",
      "partition",
      "runAll",
      "startHost",
      "summarize",
    ]
  `);
});

test('the values that reeve/sim exports, and its programs', () => {
  expect([Object.keys(sim).sort(), Object.keys(sim.programs).sort()]).toMatchInlineSnapshot(`
    [
      [
        "Coverage",
        "INVARIANTS",
        "Prng",
        "SOMETIMES",
        "SimHost",
        "SimMachine",
        "Simulation",
        "SimulationError",
        "SimulationStuck",
        "campaign",
        "inPeace",
        "live",
        "planFrom",
        "programs",
        "shrink",
      ],
      [
        "becomesRoot",
        "both",
        "chatty",
        "closesItsStreams",
        "disguisesItself",
        "doubleForks",
        "exitsAfter",
        "floods",
        "forkStorm",
        "forks",
        "forksAsItEnds",
        "forksOften",
        "hangs",
        "ignoresTerm",
        "leavesItsGroup",
        "obeys",
        "readyAfter",
        "readyTwice",
        "renamesItself",
        "serves",
        "slowToStop",
        "wipesItsMarks",
      ],
    ]
  `);
});

/** By the names that are exported with `type`, whatever the form. */
function typesOf(entry: string): string[] {
  const source = readFileSync(new URL(entry, import.meta.url), 'utf8');
  const types = [...source.matchAll(/export type \{([^}]*)\}|\btype (\w+)/g)].flatMap((match) =>
    (match[1] ?? match[2]!).split(',').map((name) => name.trim()),
  );
  return types.filter((name) => name !== '').sort();
}

test('the types that the package exports', () => {
  expect(typesOf('../src/index.ts')).toMatchInlineSnapshot(`
    [
      "AcquireOptions",
      "Api",
      "ApiOf",
      "AutoShutdown",
      "BackoffOptions",
      "BreakerLimitOptions",
      "BreakerState",
      "CallOptions",
      "CallTrace",
      "Cause",
      "Changes",
      "ChildCounts",
      "ChildInfo",
      "ChildOptions",
      "ChildSpec",
      "CommandWorker",
      "Decision",
      "DetectOptions",
      "Durations",
      "EventBus",
      "EventListener",
      "ExitReason",
      "ExtraOptions",
      "FailureCategory",
      "FailurePattern",
      "Fallback",
      "HistoryOptions",
      "Host",
      "HostOptions",
      "KeyHealth",
      "Lease",
      "MapOptions",
      "ModuleWorker",
      "NewWorker",
      "OneTaskOptions",
      "Os",
      "OutputOptions",
      "PartitionKey",
      "Pool",
      "PoolEvent",
      "PoolOptions",
      "PoolPhase",
      "PoolSession",
      "PoolStats",
      "PoolWorkerInfo",
      "ProgressiveTimeout",
      "ReadyOption",
      "RecycleOptions",
      "ReeveEvent",
      "Restart",
      "RetryOptions",
      "RiskLevel",
      "RunOptions",
      "Shutdown",
      "SpawnPhase",
      "StartAnswer",
      "StartFunction",
      "StopStage",
      "Strategy",
      "Supervisor",
      "SupervisorChildOptions",
      "SupervisorOptions",
      "SupervisorOutput",
      "SweepAction",
      "SweepOutcome",
      "SweepReport",
      "SweptProcess",
      "SweptRun",
      "TaskDefaults",
      "TaskHandle",
      "TaskHistory",
      "TaskInput",
      "TaskLine",
      "TaskOptions",
      "TaskOutput",
      "TaskOutputPage",
      "TaskOutputQuery",
      "TaskProgress",
      "TaskRecord",
      "TaskResult",
      "TaskSource",
      "TaskStatus",
      "TaskSummary",
      "Tasks",
      "TasksOptions",
      "TimedEvent",
      "UnknownApi",
      "Verdict",
      "WorkerChildOptions",
      "WorkerOptions",
      "WorkerState",
    ]
  `);
});

test('the types that reeve/sim exports', () => {
  expect(typesOf('../src/sim/index.ts')).toMatchInlineSnapshot(`
    [
      "Application",
      "ApplicationSelf",
      "Birth",
      "Broken",
      "CampaignOptions",
      "CampaignReport",
      "ChildPlan",
      "Deed",
      "Descriptor",
      "Disk",
      "DiskFault",
      "End",
      "Entry",
      "Fault",
      "FaultPlan",
      "ForkOptions",
      "GenerationPlan",
      "GroupStrategy",
      "Handler",
      "InnerPlan",
      "Invariant",
      "LifetimePlan",
      "LifetimeReport",
      "MachineOptions",
      "Onlooker",
      "Oracle",
      "Origin",
      "Program",
      "Promised",
      "PromisedChild",
      "Running",
      "ServedCall",
      "ServesOptions",
      "ServingDeed",
      "ServingOptions",
      "Signal",
      "SimHostOptions",
      "SimProcess",
      "SimulationOptions",
      "Sometimes",
      "StepPlan",
      "Timeline",
      "Trace",
      "Violation",
      "World",
    ]
  `);
});

test('the entry points of the package', () => {
  const { exports, bin, engines } = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  );
  expect({ exports: Object.keys(exports), bin, engines }).toMatchInlineSnapshot(`
    {
      "bin": {
        "reeve": "./dist/cli/main.js",
      },
      "engines": {
        "node": ">=20.19",
      },
      "exports": [
        ".",
        "./worker",
        "./sim",
        "./package.json",
      ],
    }
  `);
});
