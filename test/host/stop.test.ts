/** A host that is asked to stop, in each of the ways in which it can be asked. */
import { existsSync, readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { HostStoppedError, startHost } from '../../src/index.ts';
import { startHostProcess } from '../support/host-process.ts';
import { processesOfRun, until } from '../support/processes.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const sleeper = (id: string) => ({ id, command: 'sleep', args: ['1000'] });
const twoSupervisors = [
  { id: 'first', children: [sleeper('a'), sleeper('b')] },
  { id: 'second', children: [sleeper('c'), sleeper('d')] },
];

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  test(`${signal} stops all in reverse order, and then ends the host`, async () => {
    const stateDirectory = temporaryDirectory();
    const host = await startHostProcess({ stateDirectory }, twoSupervisors);
    process.kill(host.pid, signal);
    expect(await host.exited).toEqual({ code: null, signal });
    const order = host.events.flatMap((event) => (event.type === 'worker.exited' ? [event.path] : []));
    expect(order).toEqual(['second/d', 'second/c', 'first/b', 'first/a']);
    expect(host.events.at(-1)).toMatchObject({ type: 'host.stopped' });
    expect(processesOfRun(host.runId)).toEqual([]);
    expect(readdirSync(`${stateDirectory}/runs`)).toEqual([]);
  });
}

test('a second signal ends the host at once, and the forker ends what is left', async () => {
  const stateDirectory = temporaryDirectory();
  const host = await startHostProcess({ stateDirectory, orphanGrace: 200 }, [
    {
      id: 's',
      children: [
        {
          ...sleeper('slow'),
          command: 'sh',
          args: ['-c', 'trap "" TERM; echo up; while :; do sleep 0.1; done'],
          ready: { log: 'up' },
          shutdown: 'infinity',
        },
      ],
    },
  ]);
  process.kill(host.pid, 'SIGINT');
  await host.event('host.stopping');
  await host.event('worker.state', ({ state }) => state === 'stopping');
  process.kill(host.pid, 'SIGINT');
  expect(await host.exited).toEqual({ code: null, signal: 'SIGINT' });
  await until('nothing is left', () => processesOfRun(host.runId).length === 0);
});

for (const [how, command, ending] of [
  ['an uncaught exception', 'throw', { code: 1, signal: null }],
  ['process.exit()', 'exit', { code: 0, signal: null }],
] as const) {
  for (const spawner of ['forker', 'direct'] as const) {
    test(`${how} ends a host with spawner '${spawner}', and nothing is left`, async () => {
      const stateDirectory = temporaryDirectory();
      const host = await startHostProcess({ stateDirectory, spawner, orphanGrace: 200 }, twoSupervisors);
      host.send(command);
      expect(await host.exited).toEqual(ending);
      await until('nothing is left', () => processesOfRun(host.runId).length === 0);
      if (command === 'throw') expect(host.stderr()).toContain('thrown on request');
    });
  }
}

test('stop() may be called again, before and after: it is one stop', async () => {
  const stateDirectory = temporaryDirectory();
  const host = await startHost({ stateDirectory, signals: false });
  await host.supervise({ id: 's', children: [sleeper('a')] });
  const first = host.stop();
  expect(host.stop()).toBe(first);
  await first;
  expect(host.stop()).toBe(first);
  expect(host.events.recent().filter(({ type }) => type === 'host.stopped')).toHaveLength(1);
  expect(existsSync(`${stateDirectory}/runs/${host.runId}.json`)).toBe(false);
  await expect(host.supervise({ id: 't', children: [] })).rejects.toBeInstanceOf(HostStoppedError);
});

test('the end of an `await using` scope stops the host', async () => {
  const stateDirectory = temporaryDirectory();
  let runId: string;
  {
    await using host = await startHost({ stateDirectory, signals: false });
    runId = host.runId;
    await host.supervise({ id: 's', children: [sleeper('a')] });
    expect(processesOfRun(runId)).toHaveLength(2); // the worker and the forker
  }
  expect(processesOfRun(runId)).toEqual([]);
});

test('a stop during the start waits for the birth and ends it', async () => {
  const stateDirectory = temporaryDirectory();
  const host = await startHost({ stateDirectory, signals: false });
  const starting = host.supervise({
    id: 's',
    children: [sleeper('a'), { ...sleeper('b'), ready: { log: 'never' } }],
  });
  const outcome = starting.then(
    () => 'started',
    () => 'failed',
  );
  await host.stop();
  expect(processesOfRun(host.runId)).toEqual([]);
  expect(['started', 'failed']).toContain(await outcome);
});

test('a host without workers does not keep its process from ending', async () => {
  const stateDirectory = temporaryDirectory();
  const host = await startHostProcess({ stateDirectory, orphanGrace: 200 });
  host.send('end');
  expect(await host.exited).toEqual({ code: 0, signal: null });
  await until('nothing is left', () => processesOfRun(host.runId).length === 0);
});
