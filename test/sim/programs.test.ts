/** Programs are refused in plain words what they cannot mean, and what they throw says whose it is. */
import { describe, expect, test } from 'vitest';
import { campaign, type Program, programs, Simulation, SimulationError } from '../../src/sim/index.ts';

const untyped = <T>(value: unknown): T => value as T;

/** What comes out of a simulation in which this runs as `agent`. */
async function thrownBy(agent: Program): Promise<SimulationError> {
  const simulation = new Simulation({ seed: 7 });
  simulation.stranger(agent, 'agent --fast');
  return simulation.pass(100).then(
    () => Promise.reject(new Error('nothing was thrown')),
    (error: unknown) => error as SimulationError,
  );
}

describe('what is asked of a program as it runs', () => {
  test.each<[string, Program]>([
    [
      'after(): expected milliseconds, a finite number from 0 on, got NaN',
      (self) => self.after(Number.NaN, () => {}),
    ],
    ['after(): expected milliseconds, a finite number from 0 on, got -1', (self) => self.after(-1, () => {})],
    ['after(): expected a function, got undefined', (self) => self.after(1, untyped(undefined))],
    ["on(): there is no signal 'SIGTREM'", (self) => self.on(untyped('SIGTREM'), () => {})],
    ['on(): SIGKILL cannot be handled or ignored', (self) => self.on('SIGKILL', () => {})],
    ['ignore(): SIGSTOP cannot be handled or ignored', (self) => self.ignore('SIGSTOP')],
    ['write(): expected a string, got 5', (self) => self.write(untyped(5))],
    ['fork(): expected a function, got undefined', (self) => void self.fork(untyped(undefined))],
    ['exit(): expected a whole number from 0 on, got 1.5', (self) => self.exit(1.5)],
  ])('%s', async (message, agent) => {
    expect((await thrownBy(agent)).cause).toMatchObject({ message });
  });
});

describe('what the ready-made ones are made with', () => {
  test.each([
    () => programs.readyAfter(Number.NaN),
    () => programs.chatty(Number.POSITIVE_INFINITY),
    () => programs.forksOften(-5),
    () => programs.exitsAfter(-1),
    () => programs.slowToStop(untyped('1s')),
    () => programs.forkStorm(1.5),
    () => programs.both(programs.obeys, untyped(undefined)),
  ])('%s', (make) => {
    expect(make).toThrow(/^(\w+)\(\): expected .*, got /);
  });

  test.each([programs.chatty(0), programs.forksOften(0)])(
    'nothing between two is a millisecond',
    async (busy) => {
      const simulation = new Simulation();
      simulation.machine.latency = 0; // nothing else would let time go by
      simulation.stranger(busy);
      await simulation.pass(50);
      expect(simulation.machine.timeline.now).toBe(50);
    },
  );
});

describe('what a program throws', () => {
  const faulty: Program = (self) => self.after(3, () => JSON.parse('{'));

  test('comes out with the seed, the command and the time', async () => {
    const error = await thrownBy(faulty);
    expect(error).toBeInstanceOf(SimulationError);
    expect(error.message).toMatch(/^seed 7, 'agent --fast', at [34]\.\d{3} ms: .*JSON/);
    expect(error.cause).toBeInstanceOf(SyntaxError);
  });

  test('comes out of an async one, too', async () => {
    const late: Program = async () => {
      await Promise.resolve();
      throw new Error('late');
    };
    expect((await thrownBy(late)).message).toMatch(/^seed 7, 'agent --fast', at .* ms: late$/);
  });

  test('comes out of a campaign', async () => {
    const tree = { id: 's', children: [{ id: 'agent', command: 'agent' }] };
    const lived = campaign({ seeds: 5, firstSeed: 40, world: { tree, programs: { agent: faulty } } });
    await expect(lived).rejects.toThrow(/^seed 4\d, 'agent', at \d+\.\d{3} ms: /);
  });
});

test('what a listener of the application throws comes out of the simulation', async () => {
  const simulation = new Simulation({ seed: 9, programs: { agent: programs.obeys } });
  const { host } = await simulation.run(simulation.startHost());
  host!.events.on((event) => {
    if (event.type === 'worker.exited') throw new Error('my listener');
  });
  await simulation.run(host!.supervise({ id: 's', children: [{ id: 'agent', command: 'agent' }] }));
  await expect(simulation.run(host!.stop())).rejects.toThrow(
    /^seed 9, 'node app.js', at .* ms: my listener$/,
  );
});
