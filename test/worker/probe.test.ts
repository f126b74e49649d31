/** The command that is run to see whether a worker is ready: whatever it does, nothing of it is left. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { OsProcessEvent, SpawnRequest } from '../../src/os/os.ts';
import { runProbe } from '../../src/worker/probe.ts';
import type { WorkerRuntime } from '../../src/worker/worker-runtime.ts';
import { openHost, shell, sleeper, startErrorOf, type TestHost } from '../support/host.ts';
import { proc, processesOfRun, until } from '../support/processes.ts';
import { temporaryDirectory } from '../support/temporary.ts';

/** The probe's processes: they carry a mark of their own. */
const probesOf = ({ runId }: TestHost): number[] =>
  processesOfRun(runId).filter((pid) =>
    /(^|\0)REEVE_WORKER_ID=s\/w:1\?ready:\d+\0/.test(proc(pid, 'environ') ?? ''),
  );

const recordsOf = ({ stateDirectory, runId }: TestHost): string[] =>
  Object.keys(JSON.parse(readFileSync(`${stateDirectory}/runs/${runId}.json`, 'utf8')).workers);

const hangs = ['sh', '-c', 'trap "" TERM; sleep 1201 & sleep 1202; sleep 1203'];

test('one that hangs ends with the worker that was given up', async () => {
  const host = await openHost();
  const starting = host.supervise([{ ...sleeper('w'), ready: { exec: hangs }, startTimeout: 1_000 }]);
  const failed = startErrorOf(starting);
  await until('the probe and its children run', () => probesOf(host).length >= 3);
  expect((await failed).message).toMatch(/not within 1000 ms/);
  expect(probesOf(host)).toEqual([]);
  await until('no record is left', () => recordsOf(host).length === 0);
});

test('one that hangs ends with the worker that is stopped', async () => {
  const host = await openHost();
  const starting = host.supervise([{ ...sleeper('w'), ready: { exec: hangs } }]).catch(() => undefined);
  await until('the probe and its children run', () => probesOf(host).length >= 3);
  await host.host.supervisors[0]!.stop();
  await starting;
  expect(probesOf(host)).toEqual([]);
  await until('no record is left', () => recordsOf(host).length === 0);
});

test('one that hangs ends with the worker that ends by itself', async () => {
  const host = await openHost();
  const failed = startErrorOf(
    host.supervise([{ ...shell('w', 'sleep 0.5; exit 3'), ready: { exec: hangs } }]),
  );
  await until('the probe and its children run', () => probesOf(host).length >= 3);
  expect((await failed).message).toMatch(/it ended with code 3 first/);
  expect(probesOf(host)).toEqual([]);
});

test('one that is left hanging by its own child is ready, and the child is ended', async () => {
  const host = await openHost();
  const supervisor = await host.supervise([
    { ...sleeper('w'), ready: { exec: ['sh', '-c', 'sleep 1204 & exit 0'] } },
  ]);
  expect(supervisor.whichChildren()).toMatchObject([{ id: 'w', state: 'running' }]);
  await until('nothing of the probe is left', () => probesOf(host).length === 0);
  await until('only the worker has a record', () => recordsOf(host).join() === 's/w:1');
});

test('one that cannot be run is not ready, again and again, and leaves no record', async () => {
  const host = await openHost();
  const error = await startErrorOf(
    host.supervise([{ ...sleeper('w'), ready: { exec: '/no/such/probe' }, startTimeout: 300 }]),
  );
  expect(error.message).toMatch(/not within 300 ms/);
  await until('no record is left', () => recordsOf(host).length === 0);
});

test('each try has a mark and a record of its own', async () => {
  const host = await openHost();
  const marks = `${temporaryDirectory()}/marks`;
  const tries = `echo $REEVE_WORKER_ID >>${marks}; test $(wc -l <${marks}) -ge 3`;
  await host.supervise([{ ...sleeper('w'), ready: { exec: ['sh', '-c', tries] } }]);
  expect(readFileSync(marks, 'utf8')).toBe('s/w:1?ready:1\ns/w:1?ready:2\ns/w:1?ready:3\n');
});

/** A probe whose process is the test itself. */
function runFake() {
  const done: string[] = [];
  let tell: (event: OsProcessEvent) => void = () => {};
  const spawner = {
    spawn: (_: SpawnRequest, listener: (event: OsProcessEvent) => void) => {
      tell = listener;
      return { signal: (signal: string) => done.push(signal) };
    },
  };
  const registry = {
    reserve: async () => {},
    release: (workerId: string) => done.push(`released ${workerId}`),
  };
  const record = { workerId: 'p', id: 'w', path: 's/w', command: 'probe' };
  const request = { workerId: 'p', command: 'probe', args: [] } as unknown as SpawnRequest;
  const probe = runProbe({ spawner, registry } as unknown as WorkerRuntime, request, record);
  void probe.succeeded.then((succeeded) => done.push(`succeeded: ${succeeded}`));
  const exited = (code: number) => tell({ type: 'os.exited', code, signal: null, treeEmpty: false });
  return { done, exited, emptied: () => tell({ type: 'os.treeEmpty' }), probe };
}

const promisesSettle = () => new Promise((resolve) => setImmediate(resolve));

test('a failed one has failed only when nothing is left of it', async () => {
  const { done, exited, emptied } = runFake();
  await promisesSettle();
  exited(1);
  await promisesSettle();
  expect(done).toEqual(['SIGKILL']);
  emptied();
  await promisesSettle();
  expect(done).toEqual(['SIGKILL', 'released p', 'succeeded: false']);
});

test('a successful one has succeeded at once, and keeps its record until nothing is left of it', async () => {
  const { done, exited, emptied, probe } = runFake();
  await promisesSettle();
  exited(0);
  await promisesSettle();
  expect(done).toEqual(['SIGKILL', 'succeeded: true']);
  emptied();
  await probe.over;
  expect(done).toEqual(['SIGKILL', 'succeeded: true', 'released p']);
});
