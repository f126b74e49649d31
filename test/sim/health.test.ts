/** What a simulated life asks of a host that is left in peace. */
import { expect, test } from 'vitest';
import { type LifetimePlan, live, programs, type World } from '../../src/sim/index.ts';

type Children = NonNullable<NonNullable<World['tree']>['children']>;

/** What is broken in a life of these in which nothing goes wrong. */
async function brokenIn(children: Children, seed: number): Promise<readonly string[]> {
  const world: World = {
    tree: { id: 'tree', ordered: false, children },
    programs: { stubborn: programs.ignoresTerm, crashes: programs.exitsAfter(0), silent: programs.obeys },
  };
  const plan: LifetimePlan = {
    seed,
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
  const { violations } = await live(plan, world);
  return violations.map(({ detail }) => detail);
}

/** One of its children crashes at once, again and again; the other takes 15 s to be stopped when it gives up. */
const GIVES_UP_FOR_EVER = {
  type: 'supervisor',
  id: 'inner',
  children: [
    { id: 'stubborn', command: 'stubborn' },
    { id: 'crashes', command: 'crashes' },
  ],
} as const;

test('a supervisor below another may give up for ever, if it takes its time', async () => {
  for (let seed = 1; seed <= 10; seed += 1) expect(await brokenIn([GIVES_UP_FOR_EVER], seed)).toEqual([]);
});

test('whoever is not below that one has to be up within a minute', async () => {
  const late = { id: 'late', command: 'silent', ready: { notify: 'fd' }, startTimeout: 1_000_000 } as const;
  expect(await brokenIn([GIVES_UP_FOR_EVER, late], 1)).toContain('not well after a minute');
});
