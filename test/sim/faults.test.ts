/** Faults that lie in wait for an effect: each strikes at that one, once, and does what its name says. */
import { describe, expect, test } from 'vitest';
import { OptionsError } from '../../src/errors.ts';
import { Coverage } from '../../src/sim/coverage.ts';
import { arm } from '../../src/sim/faults.ts';
import { type FaultPlan, inPeace, live, programs, type SimHost, Simulation } from '../../src/sim/index.ts';

const planOf = (fault: FaultPlan) => {
  const plan = inPeace(3);
  return { ...plan, generations: [{ ...plan.generations[0]!, fault }] };
};

/** A host that starts beside another, with a fault in wait for it; who strikes, when, and what was counted till then. */
async function struckBy(fault: FaultPlan) {
  const simulation = new Simulation({ seed: 3, programs: { worker: programs.obeys } });
  const { machine } = simulation;
  await simulation.run(simulation.startHost({ signals: false }));
  const effects = { host: 0, forker: 0, others: 0 };
  const strikes: { readonly host: SimHost; readonly effects: typeof effects }[] = [];
  let host: SimHost | undefined;
  machine.watch({
    onBoundary: (process) => {
      if (process === host?.process) effects.host += 1;
      else if (process.parent === host?.process) effects.forker += 1;
      else effects.others += 1;
    },
  });
  arm(simulation, new Coverage(), planOf(fault).generations[0]!, (on) =>
    strikes.push({ host: on, effects: { ...effects } }),
  );
  host = simulation.boot({ signals: false });
  await simulation.run(host.started);
  await simulation.run(host.supervise({ id: 's', children: [{ id: 'w', command: 'worker' }] }));
  await simulation.run(host.stop());
  return { strikes, host };
}

describe.each(['host', 'forker'] as const)('of the %s', (of) => {
  test.each([1, 2, 5])('the fault strikes at effect %i, and never again', async (at) => {
    const { strikes, host } = await struckBy({ deed: 'disk-full', of, at });
    expect(strikes).toHaveLength(1);
    expect(strikes[0]!.host).toBe(host);
    expect(strikes[0]!.effects[of]).toBe(at);
  });

  test('one that is further off than the end never strikes', async () => {
    const { strikes } = await struckBy({ deed: 'disk-full', of, at: 1_000 });
    expect(strikes).toEqual([]);
  });
});

/** A host that is killed with a worker up, and a fault in wait for its forker; whether the host lived when it struck. */
async function killedWith(at: number) {
  const simulation = new Simulation({ seed: 3, programs: { worker: programs.obeys } });
  const strikes: boolean[] = [];
  let effects = 0;
  simulation.machine.watch({
    onBoundary: ({ isForker }) => {
      if (isForker) effects += 1;
    },
  });
  const [plan] = planOf({ deed: 'kill-forker', of: 'forker', at }).generations;
  arm(simulation, new Coverage(), plan!, (on) => {
    strikes.push(on.alive);
    on.killForker();
  });
  const host = simulation.boot({ signals: false });
  await simulation.run(host.started);
  await simulation.run(host.supervise({ id: 's', children: [{ id: 'w', command: 'worker' }] }));
  host.kill();
  const before = effects;
  await simulation.pass(5_000);
  const { machine, violations } = simulation;
  const left = machine.processes().filter(({ alive, isWorkers }) => alive && isWorkers).length;
  return { before, strikes, left, violations };
}

test("a forker is its host's when that one is dead, too: a fault strikes it as it clears up", async () => {
  const { before, ...unharmed } = await killedWith(1_000);
  expect(unharmed).toEqual({ strikes: [], left: 0, violations: [] });
  expect(await killedWith(before + 1)).toEqual({ before, strikes: [false], left: 1, violations: [] });
});

test.each([
  ['kill-host', 'host'],
  ['kill-forker', 'forker'],
  ['kill-both', 'host'],
] as const)('%s ends it amid its effect: it does nothing more', async (deed, of) => {
  const at = 4;
  const { trace, violations } = await live(planOf({ deed, of, at }));
  expect(violations).toEqual([]);
  const isHost = (line: string) => line.includes('node app.js');
  const birth = trace.find((line) => / fork /.test(line) && isHost(line) === (of === 'host'))!;
  const [, pid] = / fork (\d+) /.exec(birth)!;
  const ofIts = trace
    .slice(trace.indexOf(birth))
    .filter((line) => new RegExp(`^[\\d.]+ (death )?${pid} `).test(line));
  const died = ofIts.findIndex((line) => line.includes(`death ${pid} `));
  expect(ofIts[died]).toContain('SIGKILL');
  expect(ofIts.slice(0, died).filter((line) => / (before|after) /.test(line))).toHaveLength(at);
});

test.each([
  [{ deed: 'nope', of: 'host', at: 1 }, 'generations[0].fault.deed: '],
  [{ deed: 'kill-host', of: 'nobody', at: 1 }, 'generations[0].fault.of: '],
  [{ deed: 'kill-host', of: 'host', at: 0 }, 'generations[0].fault.at: '],
  [{ deed: 'kill-host', at: 1 }, 'generations[0].fault.of: is missing'],
  [{ deed: 'kill-host', of: 'host', at: 1, who: 'host' }, 'generations[0].fault.who: '],
])('one that would never strike is refused: %o', async (fault, complaint) => {
  const lived = live(planOf(fault as unknown as FaultPlan));
  await expect(lived).rejects.toThrow(OptionsError);
  await expect(lived).rejects.toThrow(complaint);
});
