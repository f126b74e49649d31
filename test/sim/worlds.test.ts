/** A world of one's own: how long its state lasts, and what of it is refused. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as realPause } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { OptionsError } from '../../src/errors.ts';
import {
  type Application,
  campaign,
  live,
  Prng,
  planFrom,
  SimulationError,
  type World,
} from '../../src/sim/index.ts';
import { notQuiteInPeace, openPool, PEACE, worldOf } from './applications.ts';

describe('the state of an application', () => {
  /** Takes a job off before it is done: one is lost when its host dies meanwhile. */
  const losesJobs = (): World => {
    const jobs = Array.from({ length: 30 }, (_, n) => n);
    const queue = [...jobs];
    const done = new Set<number>();
    return worldOf(async (host, { pause, signal }) => {
      for (const job of jobs) assert.ok(done.has(job) || queue.includes(job), `job ${job} is lost`);
      const pool = await openPool(host);
      while (!signal.aborted && queue.length > 0) {
        const job = queue.shift()!;
        await pool.call('do', job, { idempotent: true });
        done.add(job);
        await pause(30);
      }
    });
  };

  test('begins anew with each life, and outlives the hosts in it, when a function makes the world', async () => {
    let made = 0;
    const world = () => {
      made += 1;
      return losesJobs();
    };
    const { violations } = await campaign({ seeds: 60, world });
    expect(made).toBe(62); // and two lives in peace
    expect(violations.map(({ invariant }) => invariant)).toContain('application-holds');
    const { plan, detail } = violations[0]!;
    expect(detail).toMatch(/job \d+ is lost/);
    expect((await live(plan, world)).violations[0]).toMatchObject({ detail });
  }, 60_000);

  test('that is left from another life is refused', async () => {
    const lived = campaign({ seeds: 1, world: losesJobs() });
    await expect(lived).rejects.toThrow(SimulationError);
    await expect(lived).rejects.toThrow(/^seed 1: world: in peace, it went another way the second time/);
  });

  test('that breaks something in the second life is refused', async () => {
    let lives = 0;
    const application: Application = async (_, { pause }) => {
      await pause(50);
      lives += 1;
      assert.notEqual(lives, 2);
    };
    const lived = campaign({ seeds: 1, world: worldOf(application) });
    await expect(lived).rejects.toThrow(/^seed 1: world: in peace, it went another way the second time/);
  });

  test('is not its own chance', async () => {
    const application: Application = async (_, { pause }) => {
      for (let n = 0; n < 5; n += 1) await pause(Math.random() * 100);
    };
    await expect(campaign({ seeds: 1, world: worldOf(application) })).rejects.toThrow('clocks or chance');
    const byTheSeed: Application = async (_, { pause, random }) => {
      for (let n = 0; n < 5; n += 1) await pause(random() * 100);
    };
    expect((await campaign({ seeds: 1, world: worldOf(byTheSeed) })).violations).toEqual([]);
  });

  test('may have names that chance has given', async () => {
    const application: Application = async (host) => {
      const pool = await openPool(host);
      assert.ok(await pool.call('do', randomUUID()));
      await host.run({ command: 'task', args: [randomUUID()] });
    };
    expect((await campaign({ seeds: 5, world: worldOf(application) })).violations).toEqual([]);
  });

  test.each([[() => undefined], [() => ({ programs: {} })], [async () => worldOf(() => {})]])(
    'a function that makes no world is refused: %s',
    async (world) => {
      const options = { seeds: 1, world } as unknown as Parameters<typeof campaign>[0];
      await expect(campaign(options)).rejects.toThrow(OptionsError);
    },
  );
});

test('when a life is over, whoever waits by timers of its own is told to end', async () => {
  let over = 0;
  const application: Application = async (_, { signal }) => {
    while (!signal.aborted) await realPause(1);
    over += 1;
    assert.fail('nobody listens any more');
  };
  const [generation] = PEACE.generations;
  const killed = {
    ...PEACE,
    generations: [{ ...generation!, steps: [{ after: 50, deed: 'kill-host' as const }] }],
  };
  const { violations } = await live(killed, worldOf(application));
  expect(violations).toEqual([]);
  while (over === 0) await realPause(1); // the time limit of the test ends what has no end
  expect(violations).toEqual([]);
});

describe('a plan', () => {
  const plan = planFrom(7, new Prng(7));
  const [generation] = plan.generations;
  const withGeneration = (changes: object) => ({ ...plan, generations: [{ ...generation, ...changes }] });
  test.each([
    ['plan: expected an object, got null', null],
    ['plan.seed: is missing', {}],
    ["plan.seed: expected a whole number from 0 to 4294967295, got 'a'", { ...plan, seed: 'a' }],
    ['plan.pidMax: expected a whole number from 8', { ...plan, pidMax: 4 }],
    ['plan.tick: expected a whole number from 1', { ...plan, tick: 0 }],
    ['plan.userId: expected a whole number from 0', { ...plan, userId: -1 }],
    ['plan.generations: expected an array, got an object', { ...plan, generations: {} }],
    ['plan.generations[0]: expected an object, got 5', { ...plan, generations: [5] }],
    ["generations[0].fualt: unknown option; did you mean 'fault'?", withGeneration({ fualt: undefined })],
    ["generations[0].impostors: expected true or false, got 'no'", withGeneration({ impostors: 'no' })],
    ["generations[0].spawner: 'fork' is not one of", withGeneration({ spawner: 'fork' })],
    ["steps[0].deed: 'toString' is not one of", withGeneration({ steps: [{ after: 0, deed: 'toString' }] })],
    ['steps[0].after: expected a number from 0', withGeneration({ steps: [{ after: -1, deed: 'reboot' }] })],
    ['steps[0].after: is missing', withGeneration({ steps: [{ deed: 'reboot' }] })],
    ['children[0].restart: is missing', withGeneration({ children: [{ command: 'obeys' }] })],
    ['generations[0].inner.strategy: is missing', withGeneration({ inner: { size: 1 } })],
  ])('that cannot be meant is refused: %s', async (complaint, odd) => {
    const lived = live(odd as unknown as typeof plan);
    await expect(lived).rejects.toThrow(OptionsError);
    await expect(lived).rejects.toThrow(complaint);
  });

  test('is the same life when it has been written down', async () => {
    const written = JSON.parse(JSON.stringify(notQuiteInPeace())) as typeof plan;
    expect((await live(written)).hash).toBe((await live(notQuiteInPeace())).hash);
  });
});
