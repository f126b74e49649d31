/** The bus of events: in order, bounded, and undisturbed by those who listen. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { EventBus, type TimedEvent } from '../../src/events.ts';
import { nodeOs } from '../../src/os/node-os.ts';
import type { Os } from '../../src/os/os.ts';
import { openHost, sleeper } from '../support/host.ts';
import {
  activeRecord,
  identityNow,
  putRunFile,
  runFile,
  scripts,
  someRunId,
  spawned,
} from '../support/runs.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const stopping = (why: string) => ({ type: 'host.stopping', why }) as const;
const whys = (events: readonly TimedEvent[]) =>
  events.map((event) => (event.type === 'host.stopping' ? event.why : event.type));

test('listeners hear each event once, with its time, until they have enough', () => {
  let now = 5;
  const bus = new EventBus(() => now);
  const heard: TimedEvent[] = [];
  const stop = bus.on((event) => heard.push(event));
  bus.emit(stopping('a'));
  now = 7;
  bus.emit(stopping('b'));
  stop();
  bus.emit(stopping('c'));
  expect(heard).toEqual([
    { ...stopping('a'), at: 5 },
    { ...stopping('b'), at: 7 },
  ]);
  expect(whys(bus.recent())).toEqual(['a', 'b', 'c']);
});

test('as many as it is told are remembered, and the rest counted', () => {
  const bus = new EventBus(() => 0, 2);
  for (const why of ['a', 'b', 'c', 'd', 'e']) bus.emit(stopping(why));
  expect(whys(bus.recent())).toEqual(['d', 'e']);
  expect(bus.dropped).toBe(3);
  const none = new EventBus(() => 0, 0);
  none.emit(stopping('a'));
  expect([none.recent(), none.dropped]).toEqual([[], 1]);
});

test('a thousand are remembered when nothing is said', () => {
  const bus = new EventBus(() => 0);
  for (let index = 0; index < 1_001; index += 1) bus.emit(stopping(String(index)));
  expect(bus.recent()).toHaveLength(1_000);
  expect(bus.dropped).toBe(1);
});

test('a listener that leaves while it is called does not make another miss the event', () => {
  const bus = new EventBus(() => 0);
  const heard: string[] = [];
  const leave = bus.on(() => {
    heard.push('first');
    leave();
  });
  bus.on(() => heard.push('second'));
  bus.emit(stopping('a'));
  bus.emit(stopping('b'));
  expect(heard).toEqual(['first', 'second', 'second']);
});

test('a listener that throws disturbs neither the others nor who emits: its error comes up on its own', () => {
  const events = fileURLToPath(new URL('../../dist/events.js', import.meta.url));
  const script = `
    const { EventBus } = await import(${JSON.stringify(events)});
    const bus = new EventBus(() => 0);
    process.on('uncaughtException', (error) => console.log('uncaught', error.message));
    bus.on(() => { throw new Error('mine') });
    bus.on(() => console.log('heard'));
    bus.emit({ type: 'host.stopped', nothingLeft: true });
    console.log('emitted');
  `;
  const { stdout, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script]);
  expect(String(stdout)).toBe('heard\nemitted\nuncaught mine\n');
  expect(status).toBe(0);
});

describe("a host's own", () => {
  test('tell of its start before the first worker, in order', async () => {
    const { host } = await openHost();
    await host.supervise({ id: 's', children: [sleeper('a')] });
    const types = host.events.recent().map(({ type }) => type);
    expect(types.slice(0, 4)).toEqual(['forker.started', 'sweep.finished', 'host.started', 'worker.state']);
    await host.stop('enough');
    const last = host.events.recent().slice(types.length);
    expect(last.map(({ type }) => type)).toEqual([
      'host.stopping',
      'child.stopping',
      'worker.state',
      'worker.state',
      'worker.exited',
      'supervisor.exited',
      'host.stopped',
    ]);
    expect(last[0]).toMatchObject({ why: 'enough' });
  });

  test('count of the sweep what was ended in truth, and what was not', async () => {
    const stateDirectory = temporaryDirectory();
    const orphans = await Promise.all(
      ['a:1', 'b:1', 'c:1'].map(async (workerId) => {
        const runId = someRunId();
        const orphan = await spawned(scripts.obedient, { runId, workerId });
        const record = activeRecord(workerId, identityNow(orphan.pid));
        putRunFile(stateDirectory, runId, runFile(runId, [record]));
        return orphan;
      }),
    );
    const { host } = await openHost({ stateDirectory, os: denying(orphans[0]!.pid) });
    const told = host.events.recent().find(({ type }) => type === 'sweep.finished');
    expect(told).toMatchObject({ runs: 3, killed: 2, left: 1 });
  });

  test('are as many as it was told to remember', async () => {
    const { host } = await openHost({ eventsKept: 3 });
    await host.supervise({ id: 's', children: [sleeper('a'), sleeper('b')] });
    expect(host.events.recent()).toHaveLength(3);
    expect(host.events.dropped).toBe(6);
  });
});

/** The real one, but that this process is not ours to signal; and that patience lasts a second at most. */
function denying(denied: number): Os {
  const real = nodeOs();
  const signal: Os['processes']['signal'] = (pid, name) =>
    pid === denied ? 'denied' : real.processes.signal(pid, name);
  const setTimeout: Os['clock']['setTimeout'] = (action, ms) =>
    real.clock.setTimeout(action, Math.min(ms, 1_000));
  return { ...real, processes: { ...real.processes, signal }, clock: { ...real.clock, setTimeout } };
}
