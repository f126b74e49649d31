/** Workers that put on the mark of another run: their own run knows them all the same, and none outlives it. */
import { expect, onTestFinished, test } from 'vitest';
import { startHost } from '../../src/index.ts';
import { startHostProcess } from '../support/host-process.ts';
import { isAlive, proc, processesOfRun, until } from '../support/processes.ts';
import { kill, killTogether, recordsOf, someRunId } from '../support/runs.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const ORPHAN_GRACE = 300;

/** A worker that runs a shell script, in which `$DISGUISE` is a command that runs the next in another run's name. */
async function startDisguised(script: string) {
  const other = someRunId();
  onTestFinished(() => {
    for (const pid of processesOfRun(other)) kill(pid);
  });
  const stateDirectory = temporaryDirectory();
  const child = {
    id: 'a',
    command: 'sh',
    args: ['-c', script],
    env: { DISGUISE: `env REEVE_RUN_ID=${other} REEVE_WORKER_ID=b:1` },
    restart: 'temporary' as const,
    shutdown: 300,
  };
  const host = await startHostProcess({ stateDirectory, orphanGrace: ORPHAN_GRACE }, [
    { id: 's', children: [child] },
  ]);
  const [disguised] = await until('it is disguised', () => {
    const pids = processesOfRun(other);
    return pids.length === 1 && pids;
  });
  const { runId } = host;
  const settled = () =>
    until('it is recorded as settled', () =>
      recordsOf(stateDirectory, runId).some((record) => record.state === 'active' && record.settled),
    );
  return { host, disguised: disguised!, stateDirectory, settled };
}

const ITSELF = 'exec $DISGUISE sleep 1000';

test('when the host is killed, its forker ends them', async () => {
  const { host, disguised } = await startDisguised(ITSELF);
  expect(disguised).toBe(host.children[0]!.pid);
  process.kill(host.pid, 'SIGKILL');
  await until('the forker has gone', () => processesOfRun(host.runId).length === 0);
  expect(isAlive(disguised)).toBe(false);
});

test('when the forker is killed, its host ends them', async () => {
  const { host, disguised, settled } = await startDisguised(ITSELF);
  await settled();
  process.kill(host.forkerPid(), 'SIGKILL');
  await host.event('worker.exited');
  expect(isAlive(disguised)).toBe(false);
});

test('when both are killed, the next start ends them', async () => {
  const { host, disguised, stateDirectory, settled } = await startDisguised(ITSELF);
  await settled();
  await killTogether(host.pid, host.forkerPid());
  expect(isAlive(disguised)).toBe(true);
  const next = await startHost({ stateDirectory, signals: false });
  onTestFinished(() => next.stop());
  expect(isAlive(disguised)).toBe(false);
  expect(next.sweepReport.runs).toMatchObject([
    { runId: host.runId, outcome: 'cleared', processes: [{ pid: disguised, verdict: 'orphan' }] },
  ]);
});

test("a worker's child that is one of them outlives neither its parent's end nor the stop", async () => {
  const stubborn = '$DISGUISE sh -c "trap : HUP; trap \\"\\" TERM; exec sleep 1000"';
  const { host, disguised } = await startDisguised(`${stubborn} & exec sleep 1000`);
  await until('it ignores SIGTERM', () => proc(disguised, 'cmdline')?.startsWith('sleep'));
  host.send('stop');
  await host.event('host.stopped');
  expect(isAlive(disguised)).toBe(false);
  expect(await host.exited).toEqual({ code: 0, signal: null });
});
