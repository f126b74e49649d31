/** A supervisor over real workers: order, restarts, and what it tells of its children. */
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { OptionsError } from '../../src/index.ts';
import { openHost, shell, sleeper, startErrorOf } from '../support/host.ts';
import { isAlive, processesOfRun, until } from '../support/processes.ts';
import { temporaryDirectory } from '../support/temporary.ts';

/** Ready a while after its start. */
const slow = (id: string) => ({
  ...shell(id, 'sleep 0.15; echo up; exec sleep 1000'),
  ready: { log: 'up' },
});

describe('the order', () => {
  test('of the start: each is ready before the next is begun; of the stop: the reverse, one by one', async () => {
    const host = await openHost();
    const supervisor = await host.supervise([slow('a'), slow('b'), slow('c')]);
    const told = () => host.all('worker.state').map(({ path, state }) => `${path.slice(2)} ${state}`);
    expect(told()).toEqual(['a spawning', 'a running', 'b spawning', 'b running', 'c spawning', 'c running']);
    await supervisor.stop();
    expect(told().slice(6)).toEqual([
      'c stopping',
      'c exited',
      'b stopping',
      'b exited',
      'a stopping',
      'a exited',
    ]);
    expect(await supervisor.stopped).toMatchObject({ kind: 'shutdown', forced: false });
    expect(processesOfRun(host.runId)).toHaveLength(1); // the forker
  });

  test('is none when it is switched off: all are begun at once, and stopped at once', async () => {
    const directory = temporaryDirectory();
    const host = await openHost();
    // None is ready before all three are there: one after the other, this would never be.
    const wait = `while [ $(ls ${directory} | wc -l) -lt 3 ]; do sleep 0.02; done`;
    const together = (id: string) => ({
      ...shell(id, `touch ${directory}/${id}; ${wait}; echo up; exec sleep 1000`),
      ready: { log: 'up' },
    });
    const supervisor = await host.supervise([together('a'), together('b'), together('c')], {
      ordered: false,
    });
    expect(supervisor.whichChildren().map(({ state }) => state)).toEqual(['running', 'running', 'running']);
    await supervisor.stop();
    const told = host.all('worker.state').map(({ state }) => state);
    expect(told.lastIndexOf('stopping')).toBeLessThan(told.indexOf('exited'));
    expect(host.exits().sort()).toEqual(['s/a', 's/b', 's/c']);
  });
});

describe('a restart', () => {
  test('is of the one that ended, and of no other', async () => {
    const host = await openHost();
    const supervisor = await host.supervise([sleeper('a'), sleeper('b'), sleeper('c')]);
    const before = supervisor.whichChildren();
    process.kill(before[1]!.pid!, 'SIGKILL');
    await host.event('worker.state', ({ workerId, state }) => workerId === 's/b:2' && state === 'running');
    const after = supervisor.whichChildren();
    expect(after.map(({ id, starts, state }) => [id, starts, state])).toEqual([
      ['c', 1, 'running'],
      ['b', 2, 'running'],
      ['a', 1, 'running'],
    ]);
    expect([after[0]!.pid, after[2]!.pid]).toEqual([before[0]!.pid, before[2]!.pid]);
    expect(after[1]!.pid).not.toBe(before[1]!.pid);
    expect(after.every(({ pid }) => isAlive(pid!))).toBe(true);
    expect(host.exits()).toEqual(['s/b']);
    expect(host.all('supervisor.restarting')).toMatchObject([
      { path: 's/b', reason: { kind: 'killed' }, restarts: 1 },
    ]);
  });

  test('does not change the order of the stop', async () => {
    const host = await openHost();
    const supervisor = await host.supervise([sleeper('a'), sleeper('b')]);
    process.kill(supervisor.whichChildren()[1]!.pid!, 'SIGKILL');
    await host.event('worker.state', ({ workerId, state }) => workerId === 's/a:2' && state === 'running');
    await supervisor.stop();
    expect(host.exits()).toEqual(['s/a', 's/b', 's/a']);
  });

  test('that fails to get ready is tried again', async () => {
    const host = await openHost();
    const marker = `${temporaryDirectory()}/second`;
    // Ready the first time; the second time it fails and lets the third succeed.
    const script = `if [ -e ${marker}.2 ]; then :; elif [ -e ${marker} ]; then touch ${marker}.2; exit 1; fi
      touch ${marker}; echo up; exec sleep 1000`;
    const supervisor = await host.supervise([{ ...shell('w', script), ready: { log: 'up' } }]);
    process.kill(supervisor.whichChildren()[0]!.pid!, 'SIGKILL');
    await host.event('worker.state', ({ workerId, state }) => workerId === 's/w:3' && state === 'running');
    expect(await host.exitOf('s/w', 2)).toMatchObject({ kind: 'not-ready', code: 1 });
    expect(host.all('supervisor.restarting').map(({ restarts }) => restarts)).toEqual([1, 2]);
  });
});

describe('the restart types', () => {
  test.each([
    ['transient', 'exit 0', 1],
    ['temporary', 'exit 0', 1],
    ['temporary', 'exit 1', 1],
    ['temporary', 'kill -9 $$', 1],
  ] as const)('a %s child that does `%s` is not started again', async (restart, script, starts) => {
    const host = await openHost();
    const supervisor = await host.supervise([{ ...shell('w', script), restart }, sleeper('other')]);
    await host.exitOf('s/w');
    // What comes after the exit has been decided when another child's restart has been.
    process.kill(supervisor.whichChildren()[0]!.pid!, 'SIGKILL');
    await host.event(
      'worker.state',
      ({ workerId, state }) => workerId === 's/other:2' && state === 'running',
    );
    // A temporary child is gone with its spec, as in OTP.
    const kept = restart === 'temporary' ? [] : [{ id: 'w', state: 'exited', starts }];
    expect(supervisor.whichChildren().slice(1)).toMatchObject(kept);
    expect(host.all('supervisor.restarting').map(({ path }) => path)).toEqual(['s/other']);
  });

  test.each([
    ['transient', 'exit 1'],
    ['transient', 'kill -9 $$'],
    ['permanent', 'exit 0'],
    ['permanent', 'exit 1'],
  ] as const)('a %s child that does `%s` is', async (restart, script) => {
    const host = await openHost();
    const marker = `${temporaryDirectory()}/first`;
    const once = `[ -e ${marker} ] && exec sleep 1000; touch ${marker}; ${script}`;
    const supervisor = await host.supervise([{ ...shell('w', once), restart }]);
    await host.event('worker.state', ({ workerId, state }) => workerId === 's/w:2' && state === 'running');
    expect(supervisor.whichChildren()).toMatchObject([{ state: 'running', starts: 2 }]);
    expect(host.exits()).toEqual(['s/w']);
  });
});

describe('whichChildren', () => {
  test('tells of each child what it is doing, newest first, also while they start', async () => {
    const host = await openHost();
    const starting = host.supervise([
      sleeper('a'),
      { ...shell('b', 'exec sleep 1000'), ready: { log: 'never' } },
      sleeper('c'),
    ]);
    const ended = starting.then(
      () => 'started',
      () => 'not started',
    );
    const supervisor = host.host.supervisors[0]!;
    await until('b has a process', () => supervisor.whichChildren()[1]!.pid !== undefined);
    const [c, b, a] = supervisor.whichChildren();
    expect(a).toMatchObject({ id: 'a', path: 's/a', state: 'running', starts: 1, command: 'sleep 1000' });
    expect(b).toMatchObject({ id: 'b', state: 'spawning', starts: 1, command: 'sh -c exec sleep 1000' });
    expect(c).toEqual({
      id: 'c',
      path: 's/c',
      state: 'spawning',
      pid: undefined,
      starts: 0,
      type: 'worker',
      command: 'sleep 1000',
      info: undefined,
    });
    await supervisor.stop();
    expect(await ended).toBe('not started');
    expect(supervisor.whichChildren().map(({ state }) => state)).toEqual(['exited', 'exited', 'exited']);
  });

  test('does not take the processes of an earlier supervisor of its name for its own', async () => {
    const host = await openHost();
    const first = await host.supervise([sleeper('a'), sleeper('b')]);
    await first.stop();
    const starting = host.supervise([{ ...sleeper('a'), ready: { log: 'never' } }, sleeper('b')]);
    const ended = startErrorOf(starting);
    const [b] = host.host.supervisors[0]!.whichChildren();
    expect(b).toMatchObject({ id: 'b', starts: 0, pid: undefined });
    await host.host.supervisors[0]!.stop();
    expect((await ended).message).toBe("'s' did not start: it was stopped before all were ready");
  });
});

test('a supervisor of no children is up, and stops', async () => {
  const host = await openHost();
  const supervisor = await host.supervise([]);
  expect(supervisor.whichChildren()).toEqual([]);
  await supervisor.stop();
  expect(await supervisor.stopped).toMatchObject({ kind: 'shutdown', forced: false });
});

test('a supervisor is stopped once, however often it is told to', async () => {
  const host = await openHost();
  const supervisor = await host.supervise([sleeper('a')]);
  const warn = vi.spyOn(console, 'warn');
  onTestFinished(() => warn.mockRestore());
  await Promise.all([supervisor.stop(), supervisor.stop()]);
  await supervisor.stop();
  expect(warn).not.toHaveBeenCalled();
});

test('an id belongs to one living supervisor, and is free again when that has ended', async () => {
  const host = await openHost();
  const first = await host.supervise([sleeper('a')]);
  await expect(host.supervise([])).rejects.toBeInstanceOf(OptionsError);
  await first.stop();
  const second = await host.supervise([sleeper('a')]);
  expect(host.host.supervisors).toEqual([second]);
});

test('faulty options start nothing', async () => {
  const host = await openHost();
  const faulty = host.supervise([sleeper('a'), { ...sleeper('b'), cwd: '' }]);
  await expect(faulty).rejects.toMatchObject({ code: 'ERR_REEVE_OPTIONS', path: 'children[1].cwd' });
  expect(host.all('worker.state')).toEqual([]);
  const error = await startErrorOf(host.supervise([{ ...sleeper('a'), command: '/no/such' }]));
  expect(error.path).toBe('s/a'); // the id was not taken by the faulty one
});
