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

test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('%s is no time to let go by', async (ms) => {
  const simulation = new Simulation();
  await expect(simulation.pass(ms)).rejects.toThrow(
    'pass(): expected milliseconds, a finite number from 0 on',
  );
  await expect(simulation.run(never, ms)).rejects.toThrow(RangeError);
});
