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
    [
      'fork(): newSesion: unknown option; there are newSession, scrubEnvironment, commandLine, closeStreams',
      (self) => void self.fork(programs.obeys, untyped({ newSesion: true })),
    ],
    [
      'fork(): commandLine: expected a string, got 5',
      (self) => void self.fork(programs.obeys, untyped({ commandLine: 5 })),
    ],
    [
      'fork(): expected a plain object of options, got null',
      (self) => void self.fork(programs.obeys, untyped(null)),
    ],
    ['exit(): expected a whole number from 0 to 255, got 1.5', (self) => self.exit(1.5)],
    ['exit(): expected a whole number from 0 to 255, got 256', (self) => self.exit(256)],
    ['chance(): expected a number from 0 to 1, got NaN', (self) => void self.chance(Number.NaN)],
    ['listen(): expected a whole number from 1 to 65535, got 0', (self) => self.listen(0)],
    ['listen(): expected a whole number from 1 to 65535, got 65536', (self) => self.listen(65_536)],
    [
      "write(): expected one of 'stdout', 'stderr', 'fd3', got 'stdin'",
      (self) => self.write('a', untyped('stdin')),
    ],
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
    () => programs.exitsAfter(5, 256),
    () => programs.serves({ code: 256 }),
    () => programs.forks(programs.obeys, untyped(5)),
    () => programs.doubleForks(programs.obeys, untyped(null)),
    () => programs.forksAsItEnds(1, untyped({ closeStreams: 1 })),
    () => programs.slowToStop(untyped('1s')),
    () => programs.forkStorm(1.5),
    () => programs.both(programs.obeys, untyped(undefined)),
  ])('%s', (make) => {
    expect(make).toThrow(/^(\w+)\(\): (\w+: )?expected .*, got /);
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

  const late: Program = async () => {
    await Promise.resolve();
    throw new Error('late');
  };

  test.each([
    ['an async one', late],
    ['one that is async beside another', programs.both(programs.obeys, late)],
  ])('comes out of %s, too', async (_, agent) => {
    expect((await thrownBy(agent)).message).toMatch(/^seed 7, 'agent --fast', at .* ms: late$/);
  });

  const generator = untyped<Program>(function* () {
    yield 1;
  });
  const asyncGenerator = untyped<Program>(async function* () {
    yield 1;
  });

  test.each<[string, Program]>([
    ['one', generator],
    ['an async one', asyncGenerator],
    ['one that returns one', (self) => generator(self)],
    ['one beside another', programs.both(programs.obeys, generator)],
    ['a child', programs.forks(generator)],
    ['what it does later', (self) => self.after(1, untyped(generator))],
  ])('comes out when a program is a generator, whose body nobody runs: %s', async (_, agent) => {
    const { message } = await thrownBy(agent);
    expect(message).toMatch(/^seed 7, 'agent --fast', at .* ms: a function\* does nothing here: nobody runs/);
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
