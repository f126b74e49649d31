/** What one generation of a lifetime brings along goes with it, and what is counted is what was seen. */
import { expect, test } from 'vitest';
import { SimMachine } from '../../src/os/sim/machine.ts';
import { Coverage } from '../../src/sim/coverage.ts';
import { live } from '../../src/sim/lifetime.ts';
import type { GenerationPlan, LifetimePlan } from '../../src/sim/plan.ts';

const generation = (impostors: boolean): GenerationPlan => ({
  spawner: 'forker',
  strategy: 'one_for_one',
  ordered: true,
  autoShutdown: 'never',
  inner: undefined,
  impostors,
  intensity: 0,
  children: [
    {
      command: 'crashes-at-once',
      restart: 'temporary',
      significant: false,
      backoff: false,
      shutdown: 'default',
      ready: 'spawn',
    },
  ],
  steps: [],
  fault: undefined,
});

/** How many strangers there were from the start of the second generation on: it has no deed that brings any. */
async function strangersIn(second: GenerationPlan): Promise<number> {
  const plan: LifetimePlan = {
    seed: 7,
    pidMax: 64,
    tick: 10,
    userId: 0,
    generations: [generation(true), second],
  };
  const { trace, violations } = await live(plan);
  expect(violations).toEqual([]);
  const forks = trace.filter((line) => / fork .*, none of ours, /.test(line));
  const isHost = (line: string) => line.includes('node app.js');
  const hosts = forks.filter(isHost);
  expect(hosts, 'of two generations, and one that sweeps').toHaveLength(3);
  return forks.slice(forks.indexOf(hosts[1]!)).filter((line) => !isHost(line)).length;
}

test('impostors leave with the generation that let them in', async () => {
  expect(await strangersIn(generation(true))).toBeGreaterThan(0);
  expect(await strangersIn(generation(false))).toBe(0);
});

test('a pid is used again only while the machine runs', () => {
  const machine = new SimMachine({ seed: 1 });
  const coverage = new Coverage();
  coverage.watch(machine);
  const fork = () => machine.fork(machine.init, { commandLine: 'stranger' });
  const { pid } = fork();
  machine.reboot();
  expect(fork().pid).toBe(pid);
  expect(coverage.counts()).toMatchObject({ 'a pid used again': 0, 'a pid used again within one tick': 0 });
});
