/** When a supervisor gives up: a first start that fails, and more restarts than its intensity allows. */
import { describe, expect, test } from 'vitest';
import { openHost, shell, sleeper, startErrorOf } from '../support/host.ts';
import { processesOfRun } from '../support/processes.ts';

describe('a first start that fails', () => {
  test('stops those before it in reverse order, never begins those after it, and is told by its path', async () => {
    const host = await openHost();
    const failing = { ...shell('c', 'echo no luck >&2; exit 9'), ready: { log: 'up' } };
    const error = await startErrorOf(
      host.supervise([sleeper('a'), sleeper('b'), failing, sleeper('d')], { id: 'services' }),
    );
    expect(error).toMatchObject({ path: 'services/c', stderrTail: 'no luck\n' });
    expect(error.message).toBe(
      "'services/c' did not start: was not ready: it ended with code 9 first\nno luck",
    );
    expect(host.exits()).toEqual(['services/c', 'services/b', 'services/a']);
    const begun = host.all('worker.state').filter(({ state }) => state === 'spawning');
    expect(begun.map(({ path }) => path)).toEqual(['services/a', 'services/b', 'services/c']);
    expect(host.all('supervisor.restarting')).toEqual([]);
    expect(host.all('supervisor.gave-up')).toMatchObject([{ path: 'services', because: 'services/c' }]);
    expect(processesOfRun(host.runId)).toHaveLength(1); // the forker
  });

  test('is told to those who wait for its end too', async () => {
    const host = await openHost();
    const failed = startErrorOf(host.supervise([{ ...sleeper('a'), command: '/no/such' }]));
    const [supervisor] = host.host.supervisors;
    await failed;
    expect(await supervisor!.stopped).toMatchObject({
      kind: 'start-failed',
      path: 's/a',
      reason: { kind: 'spawn-failed', error: { code: 'ENOENT' } },
    });
  });

  test.each(['transient', 'temporary'] as const)('is one for a %s child too', async (restart) => {
    const host = await openHost();
    const child = { ...shell('w', 'exit 0'), ready: { log: 'up' }, restart };
    expect((await startErrorOf(host.supervise([sleeper('a'), child]))).path).toBe('s/w');
    expect(host.exits()).toEqual(['s/w', 's/a']);
  });

  test('stops all the others when they start without order', async () => {
    const host = await openHost();
    const late = { ...shell('b', 'sleep 0.3; exit 1'), ready: { log: 'up' } };
    const error = await startErrorOf(host.supervise([sleeper('a'), late, sleeper('c')], { ordered: false }));
    expect(error.path).toBe('s/b');
    expect(host.exits().sort()).toEqual(['s/a', 's/b', 's/c']);
  });
});

describe('more restarts than the intensity allows', () => {
  test('end the supervisor: the others are stopped in reverse order, and it says because of whom', async () => {
    const host = await openHost();
    const supervisor = await host.supervise([sleeper('a'), sleeper('b'), sleeper('c')], {
      intensity: 2,
      period: 600_000,
    });
    for (const nth of [1, 2, 3]) {
      const before = supervisor.whichChildren().find(({ id }) => id === 'b')!;
      process.kill(before.pid!, 'SIGKILL');
      await host.exitOf('s/b', nth);
      if (nth < 3) {
        const next = `s/b:${nth + 1}`;
        await host.event('worker.state', ({ workerId, state }) => workerId === next && state === 'running');
      }
    }
    expect(await supervisor.stopped).toEqual({
      kind: 'intensity-exceeded',
      path: 's/b',
      reason: { kind: 'killed' },
    });
    expect(host.exits()).toEqual(['s/b', 's/b', 's/b', 's/c', 's/a']);
    expect(host.all('supervisor.restarting').map(({ restarts }) => restarts)).toEqual([1, 2]);
    expect(host.all('supervisor.gave-up')).toMatchObject([
      { path: 's', because: 's/b', reason: { kind: 'killed' } },
    ]);
    expect(supervisor.whichChildren().map(({ starts }) => starts)).toEqual([1, 3, 1]);
    expect(processesOfRun(host.runId)).toHaveLength(1); // the forker
  });

  test('of different children count together', async () => {
    const host = await openHost();
    const supervisor = await host.supervise([sleeper('a'), sleeper('b')], { intensity: 1, period: 600_000 });
    const [b, a] = supervisor.whichChildren();
    process.kill(a!.pid!, 'SIGKILL');
    await host.event('worker.state', ({ workerId, state }) => workerId === 's/a:2' && state === 'running');
    process.kill(b!.pid!, 'SIGKILL');
    expect(await supervisor.stopped).toMatchObject({ kind: 'intensity-exceeded', path: 's/b' });
  });

  test('are none when they come slowly enough', async () => {
    const host = await openHost();
    const supervisor = await host.supervise([shell('w', 'sleep 0.2')], { intensity: 1, period: 100 });
    await host.exitOf('s/w', 5);
    expect(host.all('supervisor.gave-up')).toEqual([]);
    expect(host.all('supervisor.restarting').map(({ restarts }) => restarts)).toContain(1);
    await supervisor.stop();
    expect(await supervisor.stopped).toMatchObject({ kind: 'shutdown', forced: false });
  });

  test('with an intensity of 0 are one', async () => {
    const host = await openHost();
    const supervisor = await host.supervise([shell('w', 'exit 0')], { intensity: 0 });
    expect(await supervisor.stopped).toMatchObject({
      kind: 'intensity-exceeded',
      reason: { kind: 'normal' },
    });
    expect(supervisor.whichChildren()).toMatchObject([{ starts: 1, state: 'exited' }]);
  });
});

test('a supervisor that gives up leaves the others alone', async () => {
  const host = await openHost();
  const other = await host.supervise([sleeper('x')], { id: 'other' });
  const failing = await host.supervise([shell('w', 'exit 1')], { id: 'failing', intensity: 1 });
  await failing.stopped;
  expect(other.whichChildren()).toMatchObject([{ state: 'running', starts: 1 }]);
  expect(host.all('host.stopping')).toEqual([]);
});
