/** New options for a supervisor that runs, and calls that meet what is under way, on the simulated machine. */
import { describe, expect, test } from 'vitest';
import type { SupervisorOptions } from '../../src/index.ts';
import { type Program, programs, Simulation } from '../../src/sim/index.ts';
import { openHost, shell, sleeper } from '../support/host.ts';

const CAST: Readonly<Record<string, Program>> = {
  sleeps: programs.obeys,
  stubborn: programs.ignoresTerm,
  crashes: programs.exitsAfter(10, 1),
  late: programs.readyAfter(5_000),
};

async function stage(options: Omit<SupervisorOptions, 'id'>) {
  const simulation = new Simulation({ programs: CAST });
  const one = await simulation.run(simulation.startHost());
  await simulation.run(one.supervise({ id: 's', intensity: 100, ...options }));
  const supervisor = one.host!.supervisor('s');
  const states = () => supervisor.whichChildren().map(({ id, state }) => `${id} ${state}`);
  return { simulation, one, supervisor, states };
}

const sleeps = (id: string) => ({ id, command: 'sleeps' });

describe('options that are applied', () => {
  test('do not meet a restart that was waiting: both come to their end', async () => {
    const backoff = { initial: 500, max: 500, jitter: 0 };
    const { simulation, supervisor, states } = await stage({
      children: [
        { id: 'x', command: 'crashes', backoff },
        { id: 'z', command: 'stubborn', shutdown: 3_000 },
      ],
    });
    await simulation.pass(100); // x waits to be started again, and its wait is over while z is being stopped
    const children = [{ ...sleeps('x'), backoff }, sleeps('z')];
    const changes = await simulation.run(supervisor.reconfigure({ children }, { apply: true }));
    expect(changes).toEqual({ changed: ['x', 'z'], added: [], removed: [] });
    expect(states()).toEqual(['z running', 'x running']);
  });

  test('start a temporary child again, too', async () => {
    const { simulation, supervisor, states } = await stage({
      children: [{ ...sleeps('job'), restart: 'temporary' }],
    });
    const children = [{ ...sleeps('job'), args: ['2'], restart: 'temporary' }] as const;
    await simulation.run(supervisor.reconfigure({ children }, { apply: true }));
    expect(states()).toEqual(['job running']);
    expect(supervisor.whichChild('job')?.command).toBe('sleeps 2');
  });

  test('are not applied by the restart of a group: a new temporary child is forgotten with it, as in OTP', async () => {
    const { simulation, supervisor, states } = await stage({
      strategy: 'one_for_all',
      children: [{ id: 'a', command: 'crashes' }],
    });
    const job = { ...sleeps('job'), restart: 'temporary' } as const;
    const children = [job, { ...sleeps('a') }];
    await simulation.run(supervisor.reconfigure({ strategy: 'one_for_all', children }));
    expect(states()).toEqual(['a running', 'job exited']);
    await simulation.pass(1_000); // it has crashed, and was started again as what it is now
    expect(states()).toEqual(['a running']);
  });

  test('are refused when a worker would become a supervisor', async () => {
    const { simulation, supervisor, states } = await stage({ children: [sleeps('a'), sleeps('b')] });
    const children = [sleeps('a'), { id: 'b', children: [] }];
    await expect(simulation.run(supervisor.reconfigure({ children }))).rejects.toMatchObject({
      code: 'ERR_REEVE_OPTIONS',
      path: 'children[1]',
    });
    expect(states()).toEqual(['b running', 'a running']);
  });

  test('are told of a misspelt way to apply them', async () => {
    const { simulation, supervisor } = await stage({ children: [] });
    const misspelt = { aply: true } as object;
    await expect(simulation.run(supervisor.reconfigure({ children: [] }, misspelt))).rejects.toThrow(
      "aply: unknown option; did you mean 'apply'?",
    );
  });
});

describe('calls for one child', () => {
  test('keep their order: the last of them counts', async () => {
    const { simulation, supervisor, states } = await stage({ children: [sleeps('a')] });
    const answers = Promise.allSettled([
      supervisor.terminateChild('a'),
      supervisor.restartChild('a'),
      supervisor.deleteChild('a'),
      supervisor.startChild(sleeps('a')),
      supervisor.terminateChild('a'),
    ]);
    await simulation.run(answers);
    expect(states()).not.toContain('a running');
  });

  test('a start that terminateChild gives up leaves nothing of the child', async () => {
    const { simulation, supervisor, states } = await stage({ children: [sleeps('a')] });
    const late = { id: 'n', command: 'late', ready: { log: 'ready' } };
    const starting = supervisor.startChild(late);
    const outcome = expect(simulation.run(starting)).rejects.toMatchObject({ code: 'ERR_REEVE_START' });
    await supervisor.terminateChild('n');
    await outcome;
    expect(states()).toEqual(['a running']);
  });
});

test('why siblings are stopped is told down to the child that made its supervisor end', async () => {
  const { simulation, one } = await stage({ intensity: 0, children: [sleeps('a'), sleeps('b')] });
  const told: unknown[] = [];
  one.host!.events.on((event) => {
    if (event.type === 'child.stopping') told.push(event.because);
  });
  const [worker] = simulation.machine
    .processes()
    .filter(({ commandLine, isWorkers }) => isWorkers && commandLine === 'sleeps');
  simulation.machine.exit(worker!, 3);
  await simulation.pass(1_000);
  expect(told).toEqual([
    {
      by: 'stop',
      path: 's',
      because: {
        by: 'exit',
        path: 's/a',
        workerId: 's/a:1',
        reason: { kind: 'crashed', code: 3, signal: null },
      },
    },
  ]);
});

test('a listener may start a supervisor amid the start of another', async () => {
  const host = await openHost();
  const others: Promise<unknown>[] = [];
  host.host.events.on((event) => {
    if (event.type !== 'worker.state' || event.path !== 's/a' || event.state !== 'spawning') return;
    others.push(host.host.supervise({ id: 'other', children: [sleeper('x')] }));
    others.push(host.host.supervise({ id: 'other', children: [] }).catch((error: Error) => error.message));
  });
  await host.supervise([sleeper('a')]);
  expect((await Promise.all(others))[1]).toBe("id: 'other' is running already");
  expect(host.host.supervisor('other').whichChildren()).toMatchObject([{ id: 'x', state: 'running' }]);
});

test('a child that is down has no pid', async () => {
  const host = await openHost();
  const supervisor = await host.supervise([{ ...shell('w', 'exit 0'), restart: 'transient' }]);
  await host.exitOf('s/w');
  expect(supervisor.whichChild('w')).toMatchObject({ state: 'exited', pid: undefined });
});
