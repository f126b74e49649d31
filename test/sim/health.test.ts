/** What a simulated life asks of a host that is left in peace. */
import { expect, test } from 'vitest';
import { inPeace, live, programs, type World } from '../../src/sim/index.ts';

type Children = NonNullable<NonNullable<World['tree']>['children']>;

const PROGRAMS = {
  stubborn: programs.ignoresTerm,
  crashes: programs.exitsAfter(0),
  silent: programs.obeys,
};

/** What is broken in a life of these in which nothing goes wrong. */
async function brokenIn(children: Children, seed: number): Promise<readonly string[]> {
  const { violations } = await live(inPeace(seed), {
    tree: { id: 'tree', ordered: false, children },
    programs: PROGRAMS,
  });
  return violations.map(({ detail }) => detail);
}

test('a tree comes up in peace', async () => {
  const mute = { id: 'mute', command: 'silent', ready: { log: /ready/ }, startTimeout: 500 } as const;
  expect(await brokenIn([mute], 1)).toEqual([
    expect.stringMatching(/^'tree' did not come up, though nothing was wrong: /),
  ]);
});

test('and does not give up there', async () => {
  expect(await brokenIn([{ id: 'crashes', command: 'crashes' }], 1)).toEqual([
    "'tree' gave up, though nothing was wrong",
  ]);
});

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
