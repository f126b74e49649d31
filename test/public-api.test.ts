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

test('the types that the package exports', () => {
  const source = readFileSync(new URL('../src/index.ts', import.meta.url), 'utf8');
  const types = [...source.matchAll(/export type \{([^}]*)\}|\btype (\w+)/g)].flatMap((match) =>
    (match[1] ?? match[2]!).split(',').map((name) => name.trim()),
  );
  expect(types.filter((name) => name !== '').sort()).toMatchInlineSnapshot(`
    [
      "ChildInfo",
      "ChildOptions",
      "EventBus",
      "EventListener",
      "ExitReason",
      "Host",
      "HostOptions",
      "Os",
      "ReadyOption",
      "ReeveEvent",
      "Restart",
      "Shutdown",
      "SpawnPhase",
      "StopStage",
      "Supervisor",
      "SupervisorOptions",
      "SweepAction",
      "SweepOutcome",
      "SweepReport",
      "SweptProcess",
      "SweptRun",
      "TimedEvent",
      "Verdict",
      "WorkerOptions",
      "WorkerState",
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
