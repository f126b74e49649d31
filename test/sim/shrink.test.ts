/** A broken plan becomes the shortest and plainest that is broken still. */
import { expect, test } from 'vitest';
import { type LifetimePlan, Prng, planFrom, shrink } from '../../src/sim/index.ts';

const broken: LifetimePlan = {
  seed: 2 ** 32 - 2,
  pidMax: 32,
  tick: 1_000,
  userId: 1_000,
  generations: [
    {
      spawner: 'direct',
      strategy: 'rest_for_one',
      ordered: false,
      autoShutdown: 'any_significant',
      inner: { size: 1, strategy: 'dynamic', restart: 'transient', shutdown: 'quick' },
      impostors: true,
      intensity: 1_000,
      children: [
        {
          command: 'chatty',
          restart: 'temporary',
          significant: true,
          backoff: true,
          shutdown: 'quick',
          ready: 'log',
        },
        {
          command: 'hangs',
          restart: 'transient',
          significant: false,
          backoff: true,
          shutdown: 'brutal_kill',
          ready: 'spawn',
        },
      ],
      steps: [
        { after: 30, deed: 'reboot' },
        { after: 200, deed: 'cut-line' },
      ],
      fault: { deed: 'disk-full', of: 'forker', at: 7 },
    },
    planFrom(1, new Prng(1)).generations[0]!,
  ],
};

const PLAIN = {
  spawner: 'forker',
  strategy: 'one_for_one',
  ordered: true,
  autoShutdown: 'never',
  inner: undefined,
  impostors: false,
  intensity: 3,
  fault: undefined,
};

test('only what is needed is left, and that is plain', async () => {
  const needsAHang = async ({ generations }: LifetimePlan) =>
    generations.some(
      ({ children, steps }) =>
        children.some(({ command }) => command === 'hangs') && steps.some(({ deed }) => deed === 'cut-line'),
    );
  expect(await shrink(broken, needsAHang)).toEqual({
    seed: broken.seed,
    pidMax: 64,
    tick: 10,
    userId: 0,
    generations: [
      {
        ...PLAIN,
        children: [
          {
            command: 'hangs',
            restart: 'permanent',
            significant: false,
            backoff: false,
            shutdown: 'default',
            ready: 'spawn',
          },
        ],
        steps: [{ after: 0, deed: 'cut-line' }],
      },
    ],
  });
});

test('children that a world does without all go, and the seed may be one of the next', async () => {
  const seeds: number[] = [];
  const atSeedZero = async ({ seed }: LifetimePlan) => {
    seeds.push(seed);
    return seed === 0 || seeds.length === 1;
  };
  const shortest = await shrink(broken, atSeedZero);
  expect(shortest).toMatchObject({ seed: 0, generations: [{ ...PLAIN, children: [], steps: [] }] });
  expect(seeds.slice(1, 4)).toEqual([2 ** 32 - 2, 2 ** 32 - 1, 0]);
});

test('it ends, however long a plan is', async () => {
  const { generations } = broken;
  const many = { ...broken, generations: Array.from({ length: 300 }, () => generations[0]!) };
  let tries = 0;
  await shrink(many, async ({ generations: left }) => {
    tries += 1;
    return left.length === 300;
  });
  expect(tries).toBe(4_001);
});

test('a plan that is not broken is refused', async () => {
  await expect(shrink(broken, async () => false)).rejects.toThrow('plan: is not broken');
});

test('who is asked may answer at once, and is a function', async () => {
  const shortest = await shrink(broken, ({ tick }) => tick === 1_000);
  expect(shortest).toMatchObject({ tick: 1_000, generations: [{ ...PLAIN, children: [], steps: [] }] });
  const notAsked = shrink(broken, true as unknown as () => boolean);
  await expect(notAsked).rejects.toMatchObject({
    code: 'ERR_REEVE_OPTIONS',
    message: 'isBroken: expected a function, got true',
  });
});
