/** What an application in a simulated world throws: which of it is its own, and which is a matter of course. */
import assert from 'node:assert/strict';
import { describe, expect, test } from 'vitest';
import { StartError } from '../../src/errors.ts';
import { type Application, campaign, SimulationError } from '../../src/sim/index.ts';
import { brokenBy, noPool, notQuiteInPeace, openPool, worldOf } from './applications.ts';

const said = async (application: Application, plan = notQuiteInPeace()) =>
  (await brokenBy(application, plan)).map(({ invariant, detail }) => [invariant, detail]);

test('an assertion that does not hold is broken, in whatever life, and comes along', async () => {
  const [broken, ...rest] = await brokenBy(async (host) => {
    const pool = await openPool(host);
    assert.equal(await pool.call('echo', 1), 2, 'one and one');
  });
  expect(rest).toEqual([]);
  expect(broken).toMatchObject({ invariant: 'application-holds', detail: /^AssertionError: one and one/ });
  expect(broken!.cause).toBeInstanceOf(assert.AssertionError);
});

test('and so is any error of its own', async () => {
  const careless: Application = () => (undefined as unknown as { text: string }).text;
  expect(await said(careless)).toEqual([
    ['application-holds', expect.stringMatching(/^TypeError: Cannot read properties of undefined/)],
  ]);
});

describe('an error of ours', () => {
  const wrapped: Application = (host) =>
    noPool(host).catch((cause: unknown) => {
      throw new AggregateError([new Error('no pool', { cause })], 'it is cold');
    });

  test.each([
    ['as it is', noPool, /ENOENT/],
    ['however it is wrapped', wrapped, /AggregateError: it is cold; no pool/],
  ] as const)('is broken in peace alone, %s', async (_, application, words) => {
    const [first, ...rest] = await brokenBy(application);
    expect(rest).toEqual([]);
    expect(first).toMatchObject({
      invariant: 'quiet-means-healthy',
      detail: /^the application failed, though nothing was wrong: /,
    });
    expect(first!.detail).toMatch(words);
    expect(first!.cause).toBeInstanceOf(Error);
    expect(await brokenBy(application, notQuiteInPeace())).toEqual([]);
  });

  test('is broken in peace also when it comes late', async () => {
    const late: Application = async (host, { pause }) => {
      await pause(15_000);
      await noPool(host);
    };
    expect(await brokenBy(late)).toMatchObject([{ invariant: 'quiet-means-healthy' }]);
  });

  const ours = new StartError('pool', 'ENOENT', '');

  test.each([
    ['beside another', () => new AggregateError([ours, new Error('lost')])],
    ['as the cause of an assertion', () => Object.assign(new assert.AssertionError({}), { cause: ours })],
    ['in a gathering of nothing', () => new AggregateError([])],
  ])('excuses nothing %s', async (_, error) => {
    expect(
      await said(() => {
        throw error();
      }),
    ).toMatchObject([['application-holds', expect.any(String)]]);
  });
});

describe('whatever is thrown', () => {
  const cyclic = new Error('round');
  cyclic.cause = cyclic;
  const thrower = (key: string) => Object.defineProperty(new Error('x'), key, { get: () => assert.fail() });

  test.each([
    [undefined, 'undefined'],
    [null, 'null'],
    ['a string', 'a string'],
    [Symbol('odd'), 'Symbol(odd)'],
    [Object.freeze(new Error('cold')), 'Error: cold'],
    [cyclic, 'Error: round'],
    [Object.assign(new AggregateError([], 'x'), { errors: undefined }), 'it throws what cannot be told'],
    [Object.create(null), 'it throws what cannot be told'],
    [Object.assign(new Error('x'), { name: Object.create(null) }), 'it throws what cannot be told'],
    [thrower('cause'), 'Error: x'],
    [thrower('message'), 'it throws what cannot be told'],
  ])('is told: %#', async (error, words) => {
    const rejects: Application = () => Promise.reject(error);
    expect(await said(rejects)).toEqual([['application-holds', words]]);
  });
});

describe('a fault of the test', () => {
  test.each<[string, Application, RegExp]>([
    [
      'options that cannot be meant',
      (host) => host.pool({ name: 'none', worker: { command: 'worker' }, min: 3, max: 2 }),
      /min/,
    ],
    [
      'a generator, whose body nobody runs',
      async function* () {
        yield 1;
      },
      /world\.application: is a generator/,
    ],
  ])('is told as such: %s', async (_, application, words) => {
    const lived = campaign({ seeds: 5, world: worldOf(application) });
    await expect(lived).rejects.toThrow(SimulationError);
    await expect(lived).rejects.toThrow(/^seed 1, 'node app.js', at .* ms: /);
    await expect(lived).rejects.toThrow(words);
  });
});
