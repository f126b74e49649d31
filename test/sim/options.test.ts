/** Options of the simulation that cannot be meant are refused before anything happens, with the path to the fault. */
import { describe, expect, test } from 'vitest';
import { OptionsError } from '../../src/errors.ts';
import { campaign, Prng, programs, Simulation } from '../../src/sim/index.ts';
import { complaint } from '../support/complaints.ts';

/** As from somebody without a type checker. */
const untyped = <T>(value: unknown): T => value as T;

describe('a seed', () => {
  test.each([-1, 1.5, 2 ** 32, Number.NaN, '7', undefined])('is not %s', (seed) => {
    expect(() => new Prng(untyped(seed))).toThrow('a seed is a whole number from 0 to 4294967295');
  });

  test('is the highest of 32 bits, too', () => {
    expect(new Prng(2 ** 32 - 1).seed).toBe(2 ** 32 - 1);
  });
});

describe('a simulation', () => {
  test.each([
    [{ sed: 1 }, "sed: unknown option; did you mean 'seed'?"],
    [{ seed: 2 ** 32 }, 'seed: expected a whole number from 0 to 4294967295, got 4294967296'],
    [{ pidMax: 7 }, 'pidMax: expected a whole number from 8 to 32768, got 7'],
    [{ tick: 0 }, 'tick: expected a whole number from 1 to 3600000, got 0'],
    [{ tick: Number.POSITIVE_INFINITY }, 'tick: expected a whole number from 1 to 3600000, got Infinity'],
    [{ programs: { agent: 5 } }, "programs['agent']: expected a program, a function, got 5"],
    [null, 'expected an object, got null'],
  ])('refuses %o', (options, message) => {
    expect(complaint(() => new Simulation(untyped(options))).message).toBe(message);
  });

  test('refuses to install what is no program', () => {
    expect(complaint(() => new Simulation().install('agent', untyped('obeys'))).path).toBe(
      "programs['agent']",
    );
  });

  test.each([
    [{ os: {} }, 'os'],
    [{ stateDirectory: '/tmp' }, 'stateDirectory'],
    [{ userId: -1 }, 'userId'],
    [{ userId: 1.5 }, 'userId'],
  ])('refuses a host with %o', async (options, path) => {
    const simulation = new Simulation();
    await expect(simulation.run(simulation.startHost(untyped(options)))).rejects.toMatchObject({ path });
    expect(simulation.hosts).toEqual([]);
  });
});

describe('supervise', () => {
  const child = { id: 'agent', command: 'agent' };

  test.each([undefined, null, {}, { id: 's', children: 5 }])(
    'refuses %o as the host does',
    async (options) => {
      const simulation = new Simulation();
      const host = await simulation.run(simulation.startHost());
      await expect(simulation.run(host.supervise(untyped(options)))).rejects.toBeInstanceOf(OptionsError);
      expect(host.supervisors).toEqual([]);
    },
  );

  test('a refusal leaves what was promised for its running namesake', async () => {
    const simulation = new Simulation({ programs: { agent: programs.exitsAfter(100, 1) } });
    const host = await simulation.run(simulation.startHost());
    await simulation.run(host.supervise({ id: 's', intensity: 50, children: [child] }));
    const again = host.supervise({ id: 's', intensity: 0, children: [child] });
    await expect(simulation.run(again)).rejects.toThrow("'s' is running already");
    expect(host.supervisors).toHaveLength(1);
    await simulation.pass(1_000); // it restarts, as it may: not within the limits that were refused
    await simulation.run(host.stop());
    expect(simulation.violations).toEqual([]);
  });
});

describe('a campaign', () => {
  const tree = { id: 's', children: [{ id: 'agent', command: 'agent' }] };

  test.each([
    [{}, 'seeds: is missing: how many lifetimes are to be lived?'],
    [{ seeds: 0 }, 'seeds: expected a whole number from 1 to 4294967296, got 0'],
    [{ seeds: '5' }, "seeds: expected a whole number from 1 to 4294967296, got '5'"],
    [{ seeds: 1, firstSeed: -1 }, 'firstSeed: expected a whole number from 0 to 4294967295, got -1'],
    [
      { seeds: 2, firstSeed: 2 ** 32 - 1 },
      'seeds: 2 seeds from 4294967295 on go beyond the last, 4294967295',
    ],
    [{ seeds: 1, first: 3 }, 'first: unknown option'],
    [{ seeds: 1, untilBroken: 1 }, 'untilBroken: expected true or false, got 1'],
    [{ seeds: 1, onLifetime: 1 }, 'onLifetime: expected a function, got 1'],
    [{ seeds: 1, world: { tree: 5 } }, 'world.tree: expected an object, got 5'],
    [
      { seeds: 1, world: { tree, programs: { agnet: programs.obeys } } },
      "world.tree.children[0].command: there is no program for 'agent' in world.programs",
    ],
  ])('refuses %o', async (options, message) => {
    await expect(campaign(untyped(options))).rejects.toMatchObject({ code: 'ERR_REEVE_OPTIONS', message });
  });

  test('waits for an async onLifetime, and rejects with what it rejects with', async () => {
    const told: number[] = [];
    const onLifetime = async (lived: number): Promise<void> => {
      await new Promise((resolve) => setImmediate(resolve));
      told.push(lived);
      if (lived === 2) throw new Error('no room for a report');
    };
    const world = { tree, programs: { agent: programs.obeys } };
    await expect(campaign({ seeds: 5, world, onLifetime })).rejects.toThrow('no room for a report');
    expect(told).toEqual([1, 2]);
  });
});
