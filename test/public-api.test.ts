/** What the package exports: a change here is a change for everybody. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as reeve from '../src/index.ts';
import * as sim from '../src/sim/index.ts';

test('the values that the package exports', () => {
  expect(Object.keys(reeve).sort()).toMatchInlineSnapshot(`
    [
      "ForkerError",
      "HostStoppedError",
      "OptionsError",
      "ReeveError",
      "RegistryError",
      "SpawnError",
      "StartError",
      "SupervisionError",
      "SupervisorNotRunningError",
      "partition",
      "startHost",
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
      "AutoShutdown",
      "BackoffOptions",
      "Cause",
      "Changes",
      "ChildCounts",
      "ChildInfo",
      "ChildOptions",
      "ChildSpec",
      "Decision",
      "EventBus",
      "EventListener",
      "ExitReason",
      "ExtraOptions",
      "Host",
      "HostOptions",
      "Os",
      "PartitionKey",
      "ReadyOption",
      "ReeveEvent",
      "Restart",
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
      "TimedEvent",
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
        "./sim",
        "./package.json",
      ],
    }
  `);
});
