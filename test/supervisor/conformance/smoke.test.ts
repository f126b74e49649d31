/** A selection of the list on real processes: that it holds there is not only the simulation's word. */
import { expect, test } from 'vitest';
import type { Supervisor } from '../../../src/index.ts';
import { cnt, which } from '../../support/conformance.ts';
import { openHost, shell, sleeper, type TestHost } from '../../support/host.ts';
import { isAlive } from '../../support/processes.ts';

const kill = (supervisor: Supervisor, id: string): void => {
  process.kill(supervisor.whichChild(id)!.pid!, 'SIGKILL');
};

/** Waits until this incarnation is ready, and all that was sent before has been taken in. */
const started = (host: TestHost, wanted: string) =>
  host.event('child.started', ({ workerId }) => workerId === wanted);

/** Starts and stops, as golden.txt has them, but for their ends. */
const order = (host: TestHost): string[] =>
  host.host.events.recent().flatMap((event) => {
    if (event.type !== 'child.started' && event.type !== 'child.stopping') return [];
    const [id, number] = event.workerId.slice(event.path.lastIndexOf('/') + 1).split(':');
    return [`${event.type === 'child.started' ? 'start' : 'stop'} ${id} ${number}`];
  });

const codeOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'ok',
    (error: { code: string }) => error.code,
  );

test('A4.23 child_adm: the life of a child by calls', async () => {
  const host = await openHost();
  const supervisor = await host.supervise([sleeper('a')]);
  const { pid } = supervisor.whichChild('a')!;
  expect(await codeOf(supervisor.startChild(sleeper('a')))).toBe('ERR_REEVE_ALREADY_STARTED');
  expect(await codeOf(supervisor.deleteChild('a'))).toBe('ERR_REEVE_RUNNING');
  expect(await codeOf(supervisor.terminateChild('a'))).toBe('ok');
  expect(isAlive(pid!)).toBe(false);
  expect(await codeOf(supervisor.startChild(sleeper('a')))).toBe('ERR_REEVE_ALREADY_PRESENT');
  expect(isAlive((await supervisor.restartChild('a')).pid!)).toBe(true);
  await supervisor.terminateChild('a');
  expect(await codeOf(supervisor.deleteChild('a'))).toBe('ok');
  expect(await codeOf(supervisor.restartChild('a'))).toBe('ERR_REEVE_NOT_FOUND');
  await supervisor.stop();
  expect(await codeOf(supervisor.startChild(sleeper('a')))).toBe('ERR_REEVE_NOT_RUNNING');
});

test('G3 rest_for_one stops and starts the child and those after it; what is temporary goes', async () => {
  const host = await openHost();
  const children = [
    sleeper('a'),
    sleeper('b'),
    { ...sleeper('t'), restart: 'temporary' as const },
    sleeper('d'),
  ];
  const supervisor = await host.supervise(children, { strategy: 'rest_for_one' });
  kill(supervisor, 'b');
  await started(host, 's/d:2');
  expect(order(host).slice(4)).toEqual(['stop d 1', 'stop t 1', 'start b 2', 'start d 2']);
  expect(which(supervisor)).toBe('[{d,up},{b,up},{a,up}]');
});

test('A6.47 one_for_all: all are stopped, newest first, and started again', async () => {
  const host = await openHost();
  const supervisor = await host.supervise([sleeper('a'), sleeper('b'), sleeper('c')], {
    strategy: 'one_for_all',
  });
  kill(supervisor, 'b');
  await started(host, 's/c:2');
  expect(order(host).slice(3)).toEqual(['stop c 1', 'stop a 1', 'start a 2', 'start b 2', 'start c 2']);
  expect(supervisor.whichChildren().every(({ pid }) => isAlive(pid!))).toBe(true);
});

test('A3.18 sup_stop_timeout_dynamic: who does not obey in time is killed', async () => {
  const host = await openHost();
  const supervisor = await host.supervise([], { strategy: 'dynamic', children: [] });
  const deaf = "trap '' TERM; echo up; while :; do sleep 0.05; done";
  await supervisor.startChild({ ...sleeper('a'), shutdown: 300 });
  await supervisor.startChild({ ...shell('b', deaf), ready: { log: 'up' }, shutdown: 300 });
  expect(cnt(supervisor)).toEqual([2, 2, 0, 2]);
  await supervisor.stop();
  expect(await host.exitOf('s/a.1')).toMatchObject({ kind: 'shutdown', forced: false });
  expect(await host.exitOf('s/b.2')).toMatchObject({ kind: 'shutdown', forced: true });
});

test('A7.60 tree: what is exhausted below takes its group along, and dynamic children do not come back', async () => {
  const host = await openHost();
  const supervisor = await host.supervise(
    [
      { id: 'static', children: [sleeper('a')] },
      { id: 'dynamic', strategy: 'dynamic', intensity: 0 },
    ],
    { strategy: 'one_for_all' },
  );
  const { pid } = await supervisor.supervisor('dynamic').startChild(sleeper('w'));
  process.kill(pid!, 'SIGKILL');
  await started(host, 's/dynamic:2');
  expect(which(supervisor)).toBe('[{dynamic,up},{static,up}]');
  expect(which(supervisor.supervisor('static'))).toBe('[{a,up}]');
  expect(which(supervisor.supervisor('dynamic'))).toBe('[]');
});

test('G23 one that waits to be restarted answers as restarting, and a call ends its wait', async () => {
  const host = await openHost();
  const child = { ...sleeper('a'), backoff: { initial: 30_000 } };
  const supervisor = await host.supervise([child, sleeper('b')]);
  kill(supervisor, 'a');
  await host.exitOf('s/a');
  expect(which(supervisor)).toBe('[{b,up},{a,restarting}]');
  expect(await codeOf(supervisor.restartChild('a'))).toBe('ERR_REEVE_RESTARTING');
  expect(await codeOf(supervisor.startChild(child))).toBe('ERR_REEVE_ALREADY_PRESENT');
  expect(await codeOf(supervisor.terminateChild('a'))).toBe('ok');
  expect(which(supervisor)).toBe('[{b,up},{a,undefined}]');
  expect(await codeOf(supervisor.deleteChild('a'))).toBe('ok');
});

test('A8.83 significant_escalation: a supervisor that is done ends the one above, if it is significant', async () => {
  const host = await openHost();
  const done = {
    ...shell('c', 'read line; exit 0'),
    stdin: 'pipe',
    restart: 'transient',
    significant: true,
  } as const;
  const inner = { id: 'in', autoShutdown: 'any_significant', children: [done] } as const;
  const supervisor = await host.supervise(
    [sleeper('a'), { ...inner, restart: 'transient', significant: true }],
    { autoShutdown: 'any_significant' },
  );
  supervisor.supervisor('in').endInput('c');
  expect(await supervisor.stopped).toMatchObject({ kind: 'auto-shutdown', path: 's/in' });
  expect(host.exits()).toEqual(['s/in/c', 's/a']);
});
