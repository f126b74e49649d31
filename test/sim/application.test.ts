/** An application in a simulated world: what it may do there, what it is asked, and what is told of it. */
import assert from 'node:assert/strict';
import { describe, expect, test } from 'vitest';
import type { Host } from '../../src/host/host.ts';
import {
  type Application,
  campaign,
  type LifetimePlan,
  live,
  Prng,
  planFrom,
  programs,
  SimulationError,
  shrink,
  type World,
} from '../../src/sim/index.ts';

const WORKER = { command: 'worker', startTimeout: 1_000, shutdown: 500 };
const PROGRAMS = { worker: programs.serves(), task: programs.exitsAfter(20, 0), deaf: programs.ignoresTerm };

const openPool = (host: Host) => host.pool({ name: 'echo', worker: WORKER, min: 2, max: 3 });
const worldOf = (application: Application): World => ({ application, programs: PROGRAMS });

/** One host, and nothing goes wrong. */
const PEACE: LifetimePlan = {
  seed: 5,
  pidMax: 64,
  tick: 10,
  userId: 0,
  generations: [
    {
      spawner: 'forker',
      strategy: 'one_for_one',
      ordered: true,
      autoShutdown: 'never',
      inner: undefined,
      impostors: false,
      intensity: 3,
      children: [],
      steps: [],
      fault: undefined,
    },
  ],
};

/** What is broken in a life that is left in peace, or in that of another plan. */
async function brokenBy(application: Application, plan = PEACE): Promise<readonly (readonly string[])[]> {
  const { violations } = await live(plan, worldOf(application));
  return violations.map(({ invariant, detail }) => [invariant, detail]);
}

/** Calls for as long as its host lives: whatever comes in place of an answer ends it, and is an error of Reeve's. */
const keepsCalling =
  (onAnswer = () => {}): Application =>
  async (host, { pause, random, signal }) => {
    const pool = await openPool(host);
    while (!signal.aborted) {
      const asked = Math.floor(random() * 1_000);
      assert.equal(await pool.call('echo', asked, { idempotent: true, timeout: 5_000 }), asked);
      onAnswer();
      await pause(50);
    }
  };

test('whatever dies, each call is answered with what was asked, or with an error of ours', {
  timeout: 60_000,
}, async () => {
  let answers = 0;
  const world = worldOf(
    keepsCalling(() => {
      answers += 1;
    }),
  );
  const { violations, coverage } = await campaign({ seeds: 150, world });
  expect(violations).toEqual([]);
  expect(answers).toBeGreaterThan(150);
  const seen = coverage.counts();
  expect(seen['forker lost']).toBeGreaterThan(0);
  expect(seen['host killed between two effects']).toBeGreaterThan(0);
});

test('a tree and an application live on one host', async () => {
  let children: readonly string[] = [];
  const world: World = {
    tree: { id: 'shop', children: [{ id: 'till', command: 'deaf', shutdown: 'brutal_kill' }] },
    application: async (host, { pause }) => {
      await openPool(host);
      await pause(100);
      children = host.supervisors.map(({ path }) => path);
    },
    programs: PROGRAMS,
  };
  expect((await live(PEACE, world)).violations).toEqual([]);
  expect(children).toContain('shop');
});

test('tasks take virtual time', async () => {
  const results: unknown[] = [];
  const runs: Application = async (host) => {
    for (const { id, status } of await host.runAll([
      { id: 'a', command: 'task' },
      { id: 'b', command: 'deaf', timeout: 3_600_000, shutdown: 'brutal_kill' },
      { id: 'c', command: 'nowhere' },
    ]))
      results.push([id, status]);
  };
  await brokenBy(async (host, self) => {
    const over = runs(host, self) as Promise<void>;
    await self.pause(5_000);
    expect(results).toEqual([]);
    await over;
  });
  expect(results).toEqual([
    ['a', 'ok'],
    ['b', 'cancelled'],
    ['c', 'failed'],
  ]);
});

test('a life with an application is the same each time', async () => {
  const world = worldOf(keepsCalling());
  const hashes = async () => {
    const all: string[] = [];
    for (let seed = 1; seed <= 20; seed += 1)
      all.push((await live(planFrom(seed, new Prng(seed)), world)).hash);
    return all;
  };
  expect(await hashes()).toEqual(await hashes());
});

describe('what it throws', () => {
  const noPool: Application = (host) =>
    host.pool({ name: 'none', worker: { ...WORKER, command: 'nowhere' }, min: 1 });

  test('an assertion that does not hold is broken, in whatever life', async () => {
    const wrong: Application = async (host) => {
      const pool = await openPool(host);
      assert.equal(await pool.call('echo', 1), 2, 'one and one');
    };
    expect(await brokenBy(wrong)).toEqual([
      ['application-holds', expect.stringMatching(/^AssertionError: one and one/)],
    ]);
  });

  test('and so is any error of its own', async () => {
    const careless: Application = () => (undefined as unknown as { text: string }).text;
    expect(await brokenBy(careless)).toEqual([
      ['application-holds', expect.stringMatching(/^TypeError: Cannot read properties of undefined/)],
    ]);
    expect(await brokenBy(() => Promise.reject('a string'))).toEqual([['application-holds', 'a string']]);
  });

  test('an error of ours, however it is wrapped, is one in peace alone', async () => {
    const wrapped: Application = (host, self) =>
      (noPool(host, self) as Promise<unknown>).catch((cause: unknown) => {
        throw new AggregateError([new Error('no pool', { cause })], 'it is cold');
      });
    for (const [application, words] of [
      [noPool, /ENOENT/],
      [wrapped, /it is cold/],
    ] as const) {
      const [first, ...rest] = await brokenBy(application);
      expect(first).toEqual([
        'quiet-means-healthy',
        expect.stringMatching(/^the application failed, though nothing was wrong: /),
      ]);
      expect(first![1]).toMatch(words);
      expect(rest).toEqual([]);
      const [generation] = PEACE.generations;
      const notQuite = { ...generation!, steps: [{ after: 0, deed: 'clock-jumps' as const }] };
      expect(await brokenBy(application, { ...PEACE, generations: [notQuite] })).toEqual([]);
    }
  });

  test('the end of its host is no failure', async () => {
    expect(
      await brokenBy(async (host, { signal }) => {
        const pool = await openPool(host);
        for (;;) await pool.call('echo', 1, { signal });
      }),
    ).toEqual([]);
    expect(
      await brokenBy(
        (_, { signal }) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason));
          }),
      ),
    ).toEqual([]);
  });

  test('options that cannot be meant are a fault of the test', async () => {
    const world = worldOf((host) => host.pool({ name: 'none', worker: WORKER, min: 3, max: 2 }));
    const lived = campaign({ seeds: 5, world });
    await expect(lived).rejects.toThrow(SimulationError);
    await expect(lived).rejects.toThrow(/^seed 1, 'node app.js', at .* ms: .*min/);
  });
});

describe('what it is asked', () => {
  test('to be over when its host has stopped', async () => {
    const [broken, ...rest] = await brokenBy(() => new Promise(() => {}));
    expect(broken).toEqual([
      'every-request-settles-once',
      expect.stringMatching(/^the application is not over, though its host has stopped: /),
    ]);
    expect(rest).toEqual([]);
  });

  test('it may take a minute for that', async () => {
    const late =
      (ms: number): Application =>
      async (_, { pause, signal }) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        await pause(ms);
      };
    expect(await brokenBy(late(59_000))).toEqual([]);
    expect((await brokenBy(late(61_000))).map(([invariant]) => invariant)).toEqual([
      'every-request-settles-once',
    ]);
  });

  test('a pool has its least number of workers in peace', async () => {
    let births = 0;
    const world: World = {
      application: openPool,
      programs: {
        worker: (self) => {
          births += 1;
          if (births > 2) self.exit(1);
          else programs.both(programs.serves(), programs.exitsAfter(1_000))(self);
        },
      },
    };
    const [generation] = PEACE.generations;
    const later = { ...generation!, steps: [{ after: 1_500, deed: 'clock-jumps' as const }] };
    const { violations } = await live({ ...PEACE, generations: [later] }, world);
    expect(violations.map(({ detail }) => detail)).toEqual(['not well after a minute']);
  });

  test('pauses that are no time are refused', async () => {
    expect(await brokenBy((_, { pause }) => pause(-1))).toEqual([
      ['application-holds', 'RangeError: pause(): expected milliseconds, a finite number from 0 on, got -1'],
    ]);
  });
});

test('a life whose application is broken is shrunk', async () => {
  let lost = 0;
  const world = worldOf(async (host) => {
    host.events.on(({ type }) => {
      if (type === 'forker.lost') lost += 1;
    });
    await openPool(host);
  });
  const isBroken = async (plan: LifetimePlan) => {
    lost = 0;
    await live(plan, world);
    return lost > 0;
  };
  let seed = 1;
  while (!(await isBroken(planFrom(seed, new Prng(seed))))) seed += 1;
  const { generations } = await shrink(planFrom(seed, new Prng(seed)), isBroken);
  expect(generations).toHaveLength(1);
  const [{ steps, fault }] = generations as [LifetimePlan['generations'][number]];
  expect(steps.length + (fault === undefined ? 0 : 1)).toBe(1);
});

test.each([
  [{ programs: PROGRAMS }, 'world.tree: is missing, and an application, too'],
  [{ application: 7, programs: PROGRAMS }, 'world.application: expected a function, got 7'],
])('a world that cannot be meant is refused: %o', async (world, complaint) => {
  await expect(campaign({ seeds: 1, world: world as unknown as World })).rejects.toThrow(complaint);
});
