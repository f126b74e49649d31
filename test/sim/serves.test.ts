/** A simulated worker of a pool refuses what cannot be meant: as it is made, and in what `each` answers. */
import { describe, expect, test } from 'vitest';
import { type Program, programs, type ServesOptions, SimulationError } from '../../src/sim/index.ts';
import { open, thrown } from './pools.ts';

const untyped = <T>(value: unknown): T => value as T;
const DEEDS =
  "'answers', 'fails', 'dies', 'hangs', 'forgets', 'answers-twice', 'garbles', 'misaddresses', 'closes'";
const SERVING = 'after, deed, chance, items, ignoresCancel, leaks';
const SERVES = `${SERVING}, readyAfter, exits, code, sessions, each, answered`;

const NEVER_MEANT: readonly (readonly [serving: unknown, ErrorConstructor, complaint: string])[] = [
  [{ deed: 'explodes' }, RangeError, `deed: expected one of ${DEEDS}, got 'explodes'`],
  [{ deed: 5 }, TypeError, `deed: expected one of ${DEEDS}, got 5`],
  [{ deed: null }, TypeError, `deed: expected one of ${DEEDS}, got null`],
  [{ chance: Number.NaN }, RangeError, 'chance: expected a number from 0 to 1, got NaN'],
  [{ chance: -1 }, RangeError, 'chance: expected a number from 0 to 1, got -1'],
  [{ chance: 2 }, RangeError, 'chance: expected a number from 0 to 1, got 2'],
  [{ chance: '0.5' }, TypeError, "chance: expected a number from 0 to 1, got '0.5'"],
  [{ after: -1 }, RangeError, 'after: expected milliseconds, a finite number from 0 on, got -1'],
  [{ items: 1.5 }, RangeError, 'items: expected a whole number from 0 on, got 1.5'],
  [{ leaks: '1' }, TypeError, "leaks: expected a whole number from 0 on, got '1'"],
  [{ ignoresCancel: 1 }, TypeError, 'ignoresCancel: expected true or false, got 1'],
  ['dies', TypeError, "expected a plain object of options, got 'dies'"],
  [5, TypeError, 'expected a plain object of options, got 5'],
  [null, TypeError, 'expected a plain object of options, got null'],
  [[], TypeError, 'expected a plain object of options, got an array'],
  [new Map([['deed', 'dies']]), TypeError, 'expected a plain object of options, got an object'],
  [Promise.resolve({ deed: 'dies' }), TypeError, 'expected a plain object of options, got a promise'],
];

describe('as it is made', () => {
  test.each([
    ...NEVER_MEANT,
    [{ Deed: 'dies' }, TypeError, `Deed: unknown option; there are ${SERVES}`],
    [{ aftr: 1 }, TypeError, `aftr: unknown option; there are ${SERVES}`],
    [{ toString: 1 }, TypeError, `toString: unknown option; there are ${SERVES}`],
    [
      { exits: 'beforeReady' },
      RangeError,
      "exits: expected one of 'before-ready', 'when-ready', got 'beforeReady'",
    ],
    [{ sessions: 'bogus' }, RangeError, "sessions: expected one of true, false, 'dies', got 'bogus'"],
    [{ code: 1.5 }, RangeError, 'code: expected a whole number from 0 to 255, got 1.5'],
    [
      { readyAfter: '1s' },
      TypeError,
      "readyAfter: expected milliseconds, a finite number from 0 on, got '1s'",
    ],
    [{ each: 5 }, TypeError, 'each: expected a function, got 5'],
    [{ answered: {} }, TypeError, 'answered: expected a function, got an object'],
  ] as const)('%o', (options, kind, complaint) => {
    const make = (): Program => programs.serves(untyped(options));
    expect(make).toThrow(new kind(`serves(): ${complaint}`));
  });

  test('what is left out, or undefined, is the default', () => {
    expect(() => programs.serves({ ...untyped<object>({ deed: undefined, each: undefined }) })).not.toThrow();
  });
});

describe('in what `each` answers', () => {
  async function thrownWith(each: unknown): Promise<unknown> {
    const worker = programs.serves({ each: untyped<NonNullable<ServesOptions['each']>>(each) });
    const { simulation, pool } = await open({ min: 1, max: 1 }, worker);
    return thrown(simulation.run(pool.call('echo', 1)));
  }

  test.each([
    ...NEVER_MEANT,
    [{ Deed: 'dies' }, TypeError, `Deed: unknown option; there are ${SERVING}`],
    [{ sessions: true }, TypeError, `sessions: unknown option; there are ${SERVING}`],
  ] as const)('%o', async (answer, kind, complaint) => {
    const error = await thrownWith(() => answer);
    expect(error).toBeInstanceOf(SimulationError);
    expect((error as SimulationError).message).toMatch(/^seed 1, 'worker', at \d+\.\d{3} ms: each\(\): /);
    expect((error as SimulationError).cause).toBeInstanceOf(kind);
    expect((error as SimulationError).cause).toMatchObject({ message: `each(): ${complaint}` });
  });

  test('an async function is refused, whatever comes of it', async () => {
    expect(await thrownWith(async () => ({ deed: 'dies' }))).toMatchObject({ message: /got a promise$/ });
  });

  test.each([[undefined], [{}], [{ after: undefined }]])('%o is as for every other call', async (answer) => {
    const worker = programs.serves({ after: 500, each: () => untyped<undefined>(answer) });
    const { simulation, pool } = await open({ min: 1, max: 1 }, worker);
    const begun = simulation.machine.timeline.now;
    expect(await simulation.run(pool.call('echo', 1))).toBe(1);
    expect(simulation.machine.timeline.now - begun).toBeGreaterThan(500);
  });
});
