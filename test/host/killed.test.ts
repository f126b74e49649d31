/** The promise itself: whatever is killed, and however, nothing of the run survives. */
import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { startHost } from '../../src/index.ts';
import { crowd, LEAST_PROCESSES } from '../support/crowd.ts';
import { startHostProcess } from '../support/host-process.ts';
import { isAlive, proc, processesOfRun, until } from '../support/processes.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const ORPHAN_GRACE = 2_000;
/** Which workers do not end on SIGTERM. */
const isStubborn = (pid: number): boolean =>
  /REEVE_WORKER_ID=crowd\/stubborn:/.test(proc(pid, 'environ') ?? '');

/** Looking at all environments takes a while itself: the processes are looked up once, and then watched by pid. */
const noneAlive = (pids: readonly number[]) => (): boolean => !pids.some(isAlive);

/** The obedient need not wait for the grace of the stubborn. How fast that is, `npm run bench -- killed` measures. */
async function goneInTwoSteps(pids: readonly number[], obedient: readonly number[]): Promise<void> {
  const stubborn = pids.filter(isStubborn);
  await until('the obedient are gone', noneAlive(obedient), ORPHAN_GRACE + 10_000);
  expect(stubborn.filter(isAlive)).toEqual(stubborn);
  await until('all are gone', noneAlive(pids), ORPHAN_GRACE + 10_000);
}

test('a host killed with SIGKILL takes its fifty workers with it, the obedient ones at once', async () => {
  const stateDirectory = temporaryDirectory();
  const host = await startHostProcess({ stateDirectory, orphanGrace: ORPHAN_GRACE }, [crowd()]);
  const pids = processesOfRun(host.runId);
  expect(pids.length).toBeGreaterThan(LEAST_PROCESSES);
  const obedient = pids.filter((pid) => !isStubborn(pid) && pid !== host.forkerPid());
  expect(obedient.length).toBeGreaterThanOrEqual(LEAST_PROCESSES - 2);

  process.kill(host.pid, 'SIGKILL');
  await goneInTwoSteps(pids, obedient);
  expect(processesOfRun(host.runId)).toEqual([]);
  expect(readdirSync(`${stateDirectory}/runs`)).toEqual([]);
});

test('a forker killed alone is noticed: its workers are ended, and started again by a new one', async () => {
  const stateDirectory = temporaryDirectory();
  const host = await startHostProcess({ stateDirectory, orphanGrace: ORPHAN_GRACE }, [crowd()]);
  const forker = host.forkerPid();
  const before = processesOfRun(host.runId).filter((pid) => pid !== forker);
  const obedient = before.filter((pid) => !isStubborn(pid));

  process.kill(forker, 'SIGKILL');
  await goneInTwoSteps(before, obedient);

  const lost = await host.event('forker.lost');
  expect(lost).toMatchObject({ pid: forker, workers: 50 });
  const anew = await host.event('forker.started', ({ pid }) => pid !== forker);
  const ready = () =>
    host.events.filter((event) => event.type === 'worker.state' && event.state === 'running');
  await until('all fifty are ready again', () => ready().length >= 100);
  const reasons = host.events.flatMap((event) => (event.type === 'worker.exited' ? [event.reason.kind] : []));
  expect(new Set(reasons)).toEqual(new Set(['forker-lost']));
  expect(isAlive(anew.pid)).toBe(true);

  host.send('stop');
  expect(await host.exited).toEqual({ code: 0, signal: null });
  expect(processesOfRun(host.runId)).toEqual([]);
  expect(readdirSync(`${stateDirectory}/runs`)).toEqual([]);
});

test('host and forker killed together leave orphans, and the next start ends them and says so', async () => {
  const stateDirectory = temporaryDirectory();
  const host = await startHostProcess({ stateDirectory, orphanGrace: ORPHAN_GRACE }, [crowd()]);
  const forker = host.forkerPid();
  const pids = processesOfRun(host.runId).filter((pid) => pid !== forker);
  // Both are stopped first, so that neither sees the other die.
  process.kill(forker, 'SIGSTOP');
  process.kill(host.pid, 'SIGKILL');
  process.kill(forker, 'SIGKILL');
  await host.exited;
  await until('the forker is gone', () => !isAlive(forker));
  expect(pids.every(isAlive)).toBe(true);

  const next = await startHost({ stateDirectory, signals: false });
  try {
    expect(pids.filter(isAlive)).toEqual([]);
    const [swept] = next.sweepReport.runs;
    expect(swept).toMatchObject({
      runId: host.runId,
      outcome: 'cleared',
      host: { pid: host.pid, alive: false },
    });
    expect(new Set(swept!.processes.map(({ verdict }) => verdict))).toEqual(new Set(['orphan']));
    expect(new Set(swept!.processes.map(({ id }) => id)).size).toBe(50);
    expect(swept!.processes.length).toBeGreaterThanOrEqual(LEAST_PROCESSES);
    const stubborn = swept!.processes.filter(({ id }) => id === 'stubborn');
    expect(stubborn.map(({ action }) => action)).toContain('killed');
  } finally {
    await next.stop();
  }
  expect(readdirSync(`${stateDirectory}/runs`)).toEqual([]);
});

test('a host stopped in mid-air and killed while it starts workers leaves nothing', async () => {
  const stateDirectory = temporaryDirectory();
  const host = await startHostProcess({ stateDirectory, orphanGrace: 300 }, [
    { id: 'looping', intensity: 1_000_000, children: [{ id: 'brief', command: 'true' }] },
  ]);
  await until(
    'it has restarted often',
    () => host.events.filter(({ type }) => type === 'worker.exited').length > 50,
  );
  process.kill(host.pid, 'SIGKILL');
  await until('nothing is left', () => processesOfRun(host.runId).length === 0);
  await until('its record is gone', () => readdirSync(`${stateDirectory}/runs`).length === 0);
});
