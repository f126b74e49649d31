/** Children that wait before they are started again, on the simulated machine. */
import { describe, expect, test } from 'vitest';
import type { ReeveEvent, SupervisorOptions } from '../../src/index.ts';
import { type Program, programs, Simulation } from '../../src/sim/index.ts';

const BACKOFF = { initial: 100, max: 400, factor: 2, jitter: 0, resetAfter: 1_000 };
type Decided = Extract<ReeveEvent, { type: 'supervisor.decided' }>;

async function stage(options: Omit<SupervisorOptions, 'id'>, cast: Readonly<Record<string, Program>>) {
  const simulation = new Simulation({ programs: { sleeps: programs.obeys, ...cast } });
  const one = await simulation.run(simulation.startHost());
  const { host } = one;
  const decisions: Decided[] = [];
  host!.events.on((event) => {
    if (event.type === 'supervisor.decided') decisions.push(event);
  });
  await simulation.run(one.supervise({ id: 's', intensity: 100, period: 600_000, ...options }));
  return { simulation, one, supervisor: host!.supervisor('s'), decisions };
}

const delays = (decisions: readonly Decided[]) => decisions.map(({ delay }) => delay);
const stateOf = (supervisor: { whichChild(id: string): { state: string } | undefined }, id: string) =>
  supervisor.whichChild(id)?.state;

test('each wait is longer, up to the cap, and the siblings are not concerned', async () => {
  const { simulation, supervisor, decisions } = await stage(
    {
      children: [
        { id: 'a', command: 'sleeps' },
        { id: 'b', command: 'crashes', backoff: BACKOFF },
      ],
    },
    { crashes: programs.exitsAfter(10, 1) },
  );
  await simulation.pass(50);
  expect(stateOf(supervisor, 'b')).toBe('restarting');
  expect(supervisor.countChildren()).toEqual({ specs: 2, active: 1, supervisors: 0, workers: 2 });
  await simulation.pass(3_000);
  expect(delays(decisions).slice(0, 5)).toEqual([100, 200, 400, 400, 400]);
  expect(supervisor.whichChild('a')).toMatchObject({ state: 'running', starts: 1 });
  expect(simulation.violations).toEqual([]);
});

test('one that was ready for long enough begins again with the first wait', async () => {
  const { simulation, decisions } = await stage(
    { children: [{ id: 'a', command: 'lasts', backoff: BACKOFF }] },
    { lasts: programs.exitsAfter(1_200, 1) },
  );
  await simulation.pass(6_000);
  expect(delays(decisions).slice(0, 3)).toEqual([100, 100, 100]);
});

test('a start that fails waits as a crash does', async () => {
  let starts = 0;
  const { simulation, supervisor, decisions } = await stage(
    {
      children: [
        {
          id: 'a',
          command: 'crashes',
          backoff: BACKOFF,
          start: () => {
            starts += 1;
            if (starts > 1) throw new Error('not now');
          },
        },
      ],
    },
    { crashes: programs.exitsAfter(10, 1) },
  );
  await simulation.pass(2_000);
  expect(delays(decisions).slice(0, 4)).toEqual([100, 200, 400, 400]);
  expect(stateOf(supervisor, 'a')).toBe('restarting');
  expect(decisions[1]!.reason).toMatchObject({ kind: 'start-refused', error: { message: 'not now' } });
});

describe('while it waits', () => {
  const crashing = { crashes: programs.exitsAfter(10, 1) };
  const slow = { ...BACKOFF, initial: 400 };

  test('it can be terminated, and the wait has no end any more', async () => {
    const { simulation, supervisor } = await stage(
      { children: [{ id: 'a', command: 'crashes', backoff: slow }] },
      crashing,
    );
    await simulation.pass(100);
    await simulation.run(supervisor.terminateChild('a'));
    expect(stateOf(supervisor, 'a')).toBe('exited');
    await simulation.pass(5_000);
    expect(supervisor.whichChild('a')).toMatchObject({ state: 'exited', starts: 1 });
  });

  test.each([
    ['startChild', 'ERR_REEVE_ALREADY_PRESENT'],
    ['restartChild', 'ERR_REEVE_RESTARTING'],
    ['deleteChild', 'ERR_REEVE_RESTARTING'],
  ] as const)('%s is answered at once: %s', async (call, code) => {
    const { simulation, supervisor } = await stage(
      { children: [{ id: 'a', command: 'crashes', backoff: slow }] },
      crashing,
    );
    await simulation.pass(100);
    const asked: Promise<unknown> =
      call === 'startChild' ? supervisor.startChild({ id: 'a', command: 'crashes' }) : supervisor[call]('a');
    await expect(simulation.run(asked)).rejects.toMatchObject({ code, path: 's/a' });
  });

  test('its supervisor can be stopped', async () => {
    const { simulation, one } = await stage(
      { children: [{ id: 'a', command: 'crashes', backoff: slow }] },
      crashing,
    );
    await simulation.pass(100);
    await simulation.run(one.stop());
    expect(simulation.violations).toEqual([]);
  });

  test('its group is down, and comes back with it', async () => {
    const { simulation, supervisor } = await stage(
      {
        strategy: 'one_for_all',
        children: [
          { id: 'a', command: 'sleeps' },
          { id: 'b', command: 'dies-once', backoff: slow },
        ],
      },
      { 'dies-once': diesOnce() },
    );
    await simulation.pass(100);
    expect([stateOf(supervisor, 'a'), stateOf(supervisor, 'b')]).toEqual(['exited', 'restarting']);
    await simulation.pass(1_000);
    expect(supervisor.whichChildren()).toMatchObject([
      { id: 'b', state: 'running', starts: 2 },
      { id: 'a', state: 'running', starts: 2 },
    ]);
    expect(simulation.violations).toEqual([]);
  });
});

test('it does not loosen the intensity', async () => {
  const { simulation, one } = await stage(
    { intensity: 2, children: [{ id: 'a', command: 'crashes', backoff: BACKOFF }] },
    { crashes: programs.exitsAfter(10, 1) },
  );
  await simulation.pass(5_000);
  expect(one.host!.supervisors).toEqual([]);
});

function diesOnce(): Program {
  let isFirst = true;
  return (self) => {
    if (isFirst) self.after(10, () => self.exit(1));
    isFirst = false;
  };
}
