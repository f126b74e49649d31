/** Whoever waits in vain is told why. */
import { expect, test } from 'vitest';
import { programs, Simulation, SimulationStuck } from '../../src/sim/index.ts';

const never = (): Promise<never> => new Promise(() => {});

test('nothing is left to happen', async () => {
  const simulation = new Simulation();
  await expect(simulation.run(never)).rejects.toThrow(new SimulationStuck('nothing is left to happen'));
});

test('it does not come in time', async () => {
  const simulation = new Simulation();
  simulation.stranger(programs.chatty(10));
  await expect(simulation.run(never, 500)).rejects.toThrow(new SimulationStuck('not within 500 ms'));
});

test('the host that is waited for is dead', async () => {
  const simulation = new Simulation({ programs: { agent: programs.obeys } });
  const host = await simulation.run(simulation.startHost());
  const work = host.supervise({
    id: 's',
    children: [{ id: 'agent', command: 'agent', ready: { notify: 'fd' } }],
  });
  await simulation.pass(10);
  host.kill();
  await expect(simulation.run(work)).rejects.toThrow(
    /^nothing is left to happen; the host with pid 2 is dead, by SIGKILL at \d+\.\d{3} ms: supervise\('s'\) never comes$/,
  );
});

test('the host died before it had started', async () => {
  const simulation = new Simulation();
  const host = simulation.boot();
  simulation.machine.reboot();
  await expect(simulation.run(host.started)).rejects.toThrow(
    'the host with pid 2 is dead, as the power went at 0.000 ms: its start never comes',
  );
});

test('the host that is waited for waits itself, and it is said for whom', async () => {
  const simulation = new Simulation({ programs: { agent: programs.ignoresTerm } });
  const host = await simulation.run(simulation.startHost());
  const children = [{ id: 'agent', command: 'agent', shutdown: 'infinity' as const }];
  await simulation.run(host.supervise({ id: 's', children }));
  await expect(simulation.run(host.stop(), 60_000)).rejects.toThrow(
    /^not within 60000 ms; the host with pid 2 has workers alive, 'agent' with pid \d+: stop\(\) is not over$/,
  );
});

test('what a call to a supervisor comes to is handed on', async () => {
  const simulation = new Simulation({ programs: { agent: programs.obeys } });
  const host = simulation.boot();
  const ends = (id: string) => host.call('s', (supervisor) => supervisor.terminateChild(id));
  const early = ends('agent'); // it has not started yet, and so there is no supervisor either
  void host.supervise({ id: 's', children: [{ id: 'agent', command: 'agent' }] });
  await expect(simulation.run(early)).rejects.toThrow("'s'");
  await expect(simulation.run(ends('nobody'))).rejects.toThrow('nobody');
  await expect(simulation.run(ends('agent'))).resolves.toBeUndefined();
  const fails = async () => expect.fail('an assertion that does not hold');
  await expect(simulation.run(host.call('s', fails))).rejects.toThrow('an assertion that does not hold');
  expect(host.callsOpen).toBe(0);
  host.kill();
  await expect(simulation.run(ends('agent'))).rejects.toThrow(SimulationStuck);
});

test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('%s is no time to let go by', async (ms) => {
  const simulation = new Simulation();
  await expect(simulation.pass(ms)).rejects.toThrow(
    'pass(): expected milliseconds, a finite number from 0 on',
  );
  await expect(simulation.run(never, ms)).rejects.toThrow(RangeError);
});
