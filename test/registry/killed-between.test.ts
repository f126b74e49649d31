/** Host and forker killed between a worker's reservation, its fork, its record and its readiness: the next run ends it. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startHost } from '../../src/index.ts';
import type { WorkerRecord } from '../../src/registry/run-file.ts';
import { isAlive, proc, processesOfRun, until } from '../support/processes.ts';
import {
  activeRecord,
  identityNow,
  kill,
  killTogether,
  namesIn,
  putRunFile,
  reservedRecord,
  runFile,
  scripts,
  someRunId,
  spawned,
} from '../support/runs.ts';
import { temporaryDirectory } from '../support/temporary.ts';

/** The next run: what it found of the one that was killed. */
async function nextRun(stateDirectory: string, runId: string) {
  const host = await startHost({ stateDirectory, orphanGrace: 300, signals: false });
  onTestFinished(async () => {
    await host.stop();
    expect(processesOfRun(host.runId)).toEqual([]);
  });
  expect(processesOfRun(runId)).toEqual([]);
  expect(namesIn(`${stateDirectory}/runs`).filter((name) => name.startsWith(runId))).toEqual([]);
  return host.sweepReport.runs.find((run) => run.runId === runId);
}

describe('the state of the disk at each boundary, and a living process', () => {
  const spawning = (pid: number) => ({
    ...activeRecord('w:1', identityNow(pid)),
    lifecycle: 'spawning' as const,
  });

  test.each<[string, (pid: number) => readonly WorkerRecord[], string]>([
    ['forked before the reservation was on disk', () => [], ''],
    ['reserved, and forked', () => [reservedRecord('w:1')], 'w:1'],
    ['recorded, and not yet ready', (pid) => [spawning(pid)], 'w'],
    ['ready, and recorded a moment ago', (pid) => [activeRecord('w:1', identityNow(pid))], 'w'],
    ['ready for long', (pid) => [activeRecord('w:1', identityNow(pid), true)], 'w'],
  ])('%s', async (_, records, id) => {
    const stateDirectory = temporaryDirectory();
    const runId = someRunId();
    const worker = await spawned(scripts.ignoresTerm, { runId, workerId: 'w:1' });
    putRunFile(stateDirectory, runId, runFile(runId, records(worker.pid)));
    const swept = await nextRun(stateDirectory, runId);
    expect(swept).toMatchObject({ outcome: 'cleared', host: { alive: false } });
    const ended = swept!.processes.filter(({ pid }) => pid !== null);
    expect(ended).toMatchObject([{ pid: worker.pid, verdict: 'orphan', action: 'killed' }]);
    if (id !== '') expect(ended[0]!.id).toBe(id);
    await worker.gone;
  });

  test('reserved, and not forked', async () => {
    const stateDirectory = temporaryDirectory();
    const runId = someRunId();
    putRunFile(stateDirectory, runId, runFile(runId, [reservedRecord('w:1')]));
    expect(await nextRun(stateDirectory, runId)).toMatchObject({
      outcome: 'cleared',
      processes: [{ id: 'w:1', pid: null, verdict: 'gone', action: 'none' }],
    });
  });
});

const FIXTURE = fileURLToPath(new URL('../fixtures/host-stuck-at.mjs', import.meta.url));
type Boundary = 'reserved' | 'booked' | 'forked' | 'unrecorded' | 'activated' | 'ready';

/** A host of its own that is stuck at a boundary. */
async function startStuckHost(stateDirectory: string, boundary: Boundary) {
  const never = boundary === 'activated';
  const child = {
    id: 'w',
    command: 'sh',
    args: ['-c', scripts.ignoresTerm],
    ready: never ? { log: 'never said' } : boundary === 'ready' ? { log: 'up' } : 'spawn',
    startTimeout: 600_000,
  };
  const options = { stateDirectory, orphanGrace: 300 };
  const host = spawn(process.execPath, [FIXTURE, JSON.stringify({ boundary, options, child })], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const told: { tell: string; runId?: string }[] = [];
  createInterface({ input: host.stdout }).on('line', (line) => told.push(JSON.parse(line)));
  const exited = new Promise((resolve) => host.once('exit', resolve));
  const runIdOf = () => told.find(({ tell }) => tell === 'started')?.runId;
  onTestFinished(async () => {
    host.kill('SIGKILL');
    await exited;
    const runId = runIdOf();
    for (const pid of runId === undefined ? [] : processesOfRun(runId)) kill(pid);
  });
  const runId = await until('the run has begun', runIdOf);
  const path = `${stateDirectory}/runs/${runId}.json`;
  const record = () =>
    Object.values(JSON.parse(readFileSync(path, 'utf8')).workers)[0] as WorkerRecord | undefined;
  return {
    pid: host.pid!,
    runId,
    record,
    has: (tell: string) => told.some((message) => message.tell === tell),
  };
}

const workerIn = (pid: number): string | undefined =>
  (proc(pid, 'environ') ?? '').split('\0').find((line) => line.startsWith('REEVE_WORKER_ID='));

describe('a real host, killed with its forker', () => {
  const workersOf = (runId: string) =>
    processesOfRun(runId).filter((pid) => workerIn(pid) !== 'REEVE_WORKER_ID=');

  test.each<[string, Boundary, 'reserved' | 'active' | undefined, string, number]>([
    ['after fork, before even its reservation is on disk', 'booked', undefined, 'stuck', 1],
    ['after reserve, before fork', 'reserved', 'reserved', 'stuck', 0],
    ['after fork, before the host has heard of it', 'forked', 'reserved', 'stuck', 1],
    ['after fork, before it is recorded', 'unrecorded', 'reserved', 'stuck', 1],
    ['after activate, before it is ready', 'activated', 'active', '', 1],
    ['after it is ready', 'ready', 'active', 'ready', 1],
  ])('%s', async (_, boundary, state, word, workers) => {
    const stateDirectory = temporaryDirectory();
    const host = await startStuckHost(stateDirectory, boundary);
    if (word !== '') await until(`the host says '${word}'`, () => host.has(word));
    await until(`the record is ${state}`, () => host.record()?.state === state);
    // Its program, not the fork's first instant: it has to outlive SIGTERM to be a test of anything.
    const found = await until('the worker runs', () => {
      const pids = workersOf(host.runId);
      const asleep = pids.every((pid) => (proc(pid, 'cmdline') ?? '').startsWith('sleep'));
      return pids.length === workers && asleep && pids;
    });
    const forker = processesOfRun(host.runId).find((pid) => !found.includes(pid))!;
    await killTogether(host.pid, forker);
    expect(host.record()?.state).toBe(state);
    if (boundary === 'activated') expect(host.has('ready')).toBe(false);
    expect(found.every(isAlive)).toBe(true);
    const swept = await nextRun(stateDirectory, host.runId);
    expect(swept).toMatchObject({ outcome: 'cleared', host: { pid: host.pid, alive: false } });
    const ended = swept!.processes.filter(({ pid }) => pid !== null);
    expect(ended.map(({ id, pid, verdict, action }) => [id, pid, verdict, action])).toEqual(
      found.map((pid) => ['w', pid, 'orphan', 'killed']),
    );
  });
});
