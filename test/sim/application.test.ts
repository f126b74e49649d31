/** An application in a simulated world: what it may do there, what it is asked, and what is told of it. */
import assert from 'node:assert/strict';
import { describe, expect, test } from 'vitest';
import {
  type Application,
  campaign,
  inPeace,
  type LifetimePlan,
  live,
  Prng,
  planFrom,
  programs,
  shrink,
  type World,
} from '../../src/sim/index.ts';
import { brokenBy, notQuiteInPeace, openPool, PEACE, PROGRAMS, worldOf } from './applications.ts';

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
  let results: unknown[] = [];
  const runs: Application = async (host, { pause }) => {
    const over = host.runAll([
      { id: 'a', command: 'task' },
      { id: 'b', command: 'deaf', timeout: 6_000, shutdown: 'brutal_kill' },
      { id: 'c', command: 'nowhere' },
    ]);
    await pause(5_000);
    assert.deepEqual(results, []);
    for (const { id, status } of await over) results = [...results, [id, status]];
  };
  expect(await brokenBy(runs)).toEqual([]);
  expect(results).toEqual([
    ['a', 'ok'],
    ['b', 'timed-out'],
    ['c', 'failed'],
  ]);
});

test('a life with an application is the same each time, with what it had by chance', async () => {
  const lives = async () => {
    const all: unknown[] = [];
    for (let seed = 1; seed <= 20; seed += 1) {
      const drawn: number[] = [];
      const world = worldOf((host, self) =>
        keepsCalling()(host, { ...self, random: () => drawn[drawn.push(self.random()) - 1]! }),
      );
      all.push([(await live(planFrom(seed, new Prng(seed)), world)).hash, drawn]);
    }
    return all;
  };
  expect(await lives()).toEqual(await lives());
});

test('what it asks of chance changes nothing for others', async () => {
  const hashOf = async (asks: number) => {
    const asking: Application = async (host, { random }) => {
      await openPool(host);
      for (let count = 0; count < asks; count += 1) random();
    };
    return (await live(planFrom(9, new Prng(9)), worldOf(asking))).hash;
  };
  expect(await hashOf(7)).toBe(await hashOf(0));
});

test('it goes no further than its host, dead or stopped', async () => {
  const [generation] = PEACE.generations;
  const at: number[] = [];
  const world = worldOf(async (host, { pause }) => {
    for (;;) {
      await pause(10);
      at.push(host.events.recent().length);
    }
  });
  const killed = { ...generation!, steps: [{ after: 300, deed: 'kill-host' as const }] };
  expect((await live({ ...PEACE, generations: [killed] }, world)).violations).toEqual([]);
  expect(at.length).toBeGreaterThan(5);
  expect(at.length).toBeLessThan(31);
});

describe('its signal', () => {
  test('is aborted as its host is told to stop, and that is no failure', async () => {
    const reasons: unknown[] = [];
    const calls: Application = async (host, { signal }) => {
      signal.addEventListener('abort', () => {
        reasons.push(signal.reason.code, host.events.recent().at(-1)?.type);
      });
      const pool = await openPool(host);
      for (;;) await pool.call('echo', 1, { signal });
    };
    expect(await brokenBy(calls)).toEqual([]);
    expect(reasons).toEqual(['ERR_REEVE_STOPPED', 'host.stopping']);
  });

  test('may be what it waits for', async () => {
    const waits: Application = (_, { signal }) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    expect(await brokenBy(waits)).toEqual([]);
  });
});

test.each<[string, Application]>([
  ['waits for it', (host) => host.stop()],
  ['does not', (host) => void host.stop()],
  [
    'has a call open',
    async (host) => {
      const pool = await openPool(host);
      await Promise.all([pool.call('echo', 1), host[Symbol.asyncDispose]()]);
    },
  ],
])('it may stop its host itself, and %s', async (_, application) => {
  expect(await brokenBy(application)).toEqual([]);
  const world = {
    ...worldOf(application),
    tree: { id: 'shop', children: [{ id: 'a', command: 'task', restart: 'temporary' as const }] },
  };
  expect((await live(PEACE, world)).violations).toEqual([]);
});

describe('what it is asked', () => {
  test('to be over when its host has stopped', async () => {
    expect(await brokenBy(() => new Promise(() => {}))).toMatchObject([
      {
        invariant: 'every-request-settles-once',
        detail: /^the application is not over, though its host has stopped: .* no timer of its own\?$/,
      },
    ]);
  });

  test('it may take a minute for that', async () => {
    const late =
      (ms: number): Application =>
      async (_, { pause, signal }) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        await pause(ms);
      };
    expect(await brokenBy(late(59_000))).toEqual([]);
    expect(await brokenBy(late(61_000))).toMatchObject([{ invariant: 'every-request-settles-once' }]);
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
    const { violations } = await live(notQuiteInPeace(1_500), world);
    expect(violations.map(({ detail }) => detail)).toEqual(['not well after a minute']);
  });

  test('a pool opens, sooner or later', async () => {
    const never: Application = (host) =>
      host.pool({ name: 'p', worker: { command: 'deaf', startTimeout: 90_000 }, min: 1, max: 1 });
    expect(await brokenBy(never)).toMatchObject([{ detail: 'not well after a minute' }]);
  });

  test('pauses that are no time are refused', async () => {
    expect(await brokenBy((_, { pause }) => pause(-1))).toMatchObject([
      { detail: 'RangeError: pause(): expected milliseconds, a finite number from 0 on, got -1' },
    ]);
  });
});

test('a campaign begins in peace, so that what never ran is told, and lives on as it was asked to', async () => {
  const typo: World = {
    application: (host) => host.pool({ name: 'p', worker: { command: 'wrker' } }),
    programs: PROGRAMS,
  };
  let lived = 0;
  const onLifetime = () => {
    lived += 1;
  };
  const report = await campaign({ seeds: 3, world: typo, onLifetime });
  expect([report.seeds, lived]).toEqual([3, 3]);
  const [first] = report.violations;
  expect(first).toMatchObject({
    invariant: 'quiet-means-healthy',
    seed: 1,
    plan: inPeace(1),
    detail: /ENOENT/,
  });
  expect((await live(first!.plan, typo)).violations).toMatchObject([{ detail: first!.detail }]);
  const { seeds, violations } = await campaign({ seeds: 3, world: typo, untilBroken: true });
  expect([seeds, violations.length]).toEqual([0, 1]);
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
  [{ programs: PROGRAMS }, 'world: expected a tree, an application, or both'],
  [{ aplication: () => {}, programs: PROGRAMS }, 'world.aplication'],
  [{ application: 7, programs: PROGRAMS }, 'world.application: expected a function, got 7'],
])('a world that cannot be meant is refused: %o', async (odd, complaint) => {
  const world = odd as unknown as World;
  await expect(campaign({ seeds: 1, world })).rejects.toThrow(complaint);
  await expect(live(PEACE, world)).rejects.toThrow(complaint);
});
