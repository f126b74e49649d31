/** The command that is run to see whether a worker is ready: whatever it does, nothing of it is left. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openHost, shell, sleeper, startErrorOf, type TestHost } from '../support/host.ts';
import { proc, processesOfRun, until } from '../support/processes.ts';

/** The probe's processes: they carry a mark of their own. */
const probesOf = ({ runId }: TestHost): number[] =>
  processesOfRun(runId).filter((pid) =>
    (proc(pid, 'environ') ?? '').split('\0').includes('REEVE_WORKER_ID=s/w:1?ready'),
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
