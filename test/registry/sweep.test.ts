/** The sweep on real processes: what a dead run left is ended, whatever it does; a living run is not touched. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { nodeOs } from '../../src/os/node-os.ts';
import { countEnds, sweep } from '../../src/registry/sweep.ts';
import { isAlive, proc, processesOfRun, until } from '../support/processes.ts';
import {
  activeRecord,
  identityNow,
  kill,
  namesIn,
  putRunFile,
  reservedRecord,
  runFile,
  scripts,
  someRunId,
  spawned,
} from '../support/runs.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const os = nodeOs();
const sweepNow = (stateDirectory: string, dryRun = false) =>
  sweep({ os, stateDirectory, ownRunId: undefined, dryRun });

describe('a dead run', () => {
  test.each([
    ['that obeys', 'obedient', 1, 'ended'],
    ['that ignores SIGTERM', 'ignoresTerm', 1, 'killed'],
    ['with a grandchild in another session', 'withSetsidGrandchild', 2, 'ended'],
    ['with a daemon that forked twice', 'withDaemon', 2, 'ended'],
    ['with a grandchild in another session that ignores SIGTERM', 'withStubbornGrandchild', 2, 'ended'],
  ] as const)('leaves nothing of a worker %s', async (_, script, processes, action) => {
    const stateDirectory = temporaryDirectory();
    const runId = someRunId();
    const worker = await spawned(scripts[script], { runId, workerId: 'w:1' });
    await until('its family is there', () => processesOfRun(runId).length === processes);
    const path = putRunFile(
      stateDirectory,
      runId,
      runFile(runId, [activeRecord('w:1', identityNow(worker.pid))]),
    );
    const { runs } = await sweepNow(stateDirectory);
    expect(processesOfRun(runId)).toEqual([]);
    expect(runs).toHaveLength(1);
    expect(runs[0]).toMatchObject({ runId, outcome: 'cleared', host: { alive: false } });
    expect(runs[0]!.processes).toHaveLength(processes);
    expect(runs[0]!.processes[0]).toMatchObject({ id: 'w', pid: worker.pid, verdict: 'orphan', action });
    expect(existsSync(path)).toBe(false);
  });

  test('leaves nothing of many workers, all ended at once', async () => {
    const stateDirectory = temporaryDirectory();
    const runId = someRunId();
    const workers = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        spawned(scripts.ignoresTerm, { runId, workerId: `w:${index}` }),
      ),
    );
    const records = workers.map(({ pid }, index) => activeRecord(`w:${index}`, identityNow(pid)));
    putRunFile(stateDirectory, runId, runFile(runId, records, { orphanGrace: 1_000 }));
    const begun = performance.now();
    const { runs } = await sweepNow(stateDirectory);
    expect(performance.now() - begun, 'milliseconds; one after the other would take 12,000').toBeLessThan(
      6_000,
    );
    expect(runs[0]!.processes.map(({ action }) => action)).toEqual(workers.map(() => 'killed'));
    expect(processesOfRun(runId)).toEqual([]);
  });

  test('leaves nothing of a worker that has no mark, when it had outlived its start time', async () => {
    const stateDirectory = temporaryDirectory();
    const runId = someRunId();
    const worker = await spawned(`exec env -i sh -c '${scripts.obedient}'`, undefined);
    const record = activeRecord('w:1', identityNow(worker.pid), true);
    putRunFile(stateDirectory, runId, runFile(runId, [record]));
    const { runs } = await sweepNow(stateDirectory);
    await worker.gone;
    expect(runs[0]).toMatchObject({
      outcome: 'cleared',
      processes: [{ verdict: 'orphan', action: 'ended' }],
    });
  });

  test('is kept, and its worker spared, when nothing proves that the process is it', async () => {
    const stateDirectory = temporaryDirectory();
    const runId = someRunId();
    const stranger = await spawned(scripts.obedient, undefined);
    const record = activeRecord('w:1', identityNow(stranger.pid));
    const path = putRunFile(stateDirectory, runId, runFile(runId, [record]));
    const { runs } = await sweepNow(stateDirectory);
    expect(runs[0]).toMatchObject({
      outcome: 'kept',
      processes: [{ verdict: 'unverified', action: 'none' }],
    });
    expect(isAlive(stranger.pid)).toBe(true);
    expect(existsSync(path)).toBe(true);
    stranger.process.kill('SIGKILL');
    await stranger.gone;
    expect((await sweepNow(stateDirectory)).runs[0]).toMatchObject({ outcome: 'cleared' });
    expect(existsSync(path)).toBe(false);
  });

  test('leaves nothing of a worker that has put on the mark of another run, when it had outlived its start time', async () => {
    const stateDirectory = temporaryDirectory();
    const runId = someRunId();
    const worker = await spawned(scripts.obedient, { runId: someRunId(), workerId: 'w:1' });
    putRunFile(stateDirectory, runId, runFile(runId, [activeRecord('w:1', identityNow(worker.pid), true)]));
    const { runs } = await sweepNow(stateDirectory);
    await worker.gone;
    expect(runs[0]).toMatchObject({
      outcome: 'cleared',
      processes: [{ verdict: 'orphan', action: 'ended' }],
    });
  });

  test.each([
    ['another run', { runId: someRunId(), workerId: 'w:1' }],
    ['another worker of a living run', { runId: someRunId(), workerId: 'w:9' }],
  ])('does not claim a process that carries the mark of %s', async (_, mark) => {
    const stateDirectory = temporaryDirectory();
    const runId = someRunId();
    const stranger = await spawned(scripts.obedient, mark);
    putRunFile(stateDirectory, runId, runFile(runId, [activeRecord('w:1', identityNow(stranger.pid))]));
    const { runs } = await sweepNow(stateDirectory);
    expect(runs[0]).toMatchObject({ outcome: 'cleared', processes: [{ verdict: 'reused', action: 'none' }] });
    expect(isAlive(stranger.pid)).toBe(true);
  });

  test('tells what it did of the process that it did it to, not of whoever had its pid before', async () => {
    const stateDirectory = temporaryDirectory();
    const runId = someRunId();
    const worker = await spawned(scripts.obedient, { runId, workerId: 'w:2' });
    const before = { ...identityNow(worker.pid), startTime: 1 };
    putRunFile(stateDirectory, runId, runFile(runId, [activeRecord('w:1', before)]));
    const { runs } = await sweepNow(stateDirectory);
    await worker.gone;
    expect(runs[0]!.processes).toMatchObject([
      { workerId: 'w:1', pid: worker.pid, verdict: 'reused', action: 'none' },
      { workerId: 'w:2', pid: worker.pid, verdict: 'orphan', action: 'ended' },
    ]);
  });

  test('is looked at, and nothing else, by a dry run', async () => {
    const stateDirectory = temporaryDirectory();
    const runId = someRunId();
    const worker = await spawned(scripts.withSetsidGrandchild, { runId, workerId: 'w:1' });
    await until('its family is there', () => processesOfRun(runId).length === 2);
    const family = processesOfRun(runId);
    const path = putRunFile(
      stateDirectory,
      runId,
      runFile(runId, [activeRecord('w:1', identityNow(worker.pid))]),
    );
    const before = readFileSync(path, 'utf8');
    const { runs } = await sweepNow(stateDirectory, true);
    expect(runs[0]).toMatchObject({ outcome: 'would-clear' });
    expect(runs[0]!.processes.map(({ pid }) => pid).sort()).toEqual([...family].sort());
    expect(new Set(runs[0]!.processes.map(({ action }) => action))).toEqual(new Set(['would-end']));
    expect(processesOfRun(runId)).toEqual(family);
    expect(readFileSync(path, 'utf8')).toBe(before);
  });

  test('that cannot be swept does not keep another from it', async () => {
    const stateDirectory = temporaryDirectory();
    const [broken, runId] = [someRunId(), someRunId()];
    const brokenPath = putRunFile(stateDirectory, broken, runFile(broken, []));
    const worker = await spawned(scripts.obedient, { runId, workerId: 'w:1' });
    putRunFile(stateDirectory, runId, runFile(runId, [activeRecord('w:1', identityNow(worker.pid))]));
    const files = {
      ...os.files,
      read: (path: string) => (path === brokenPath ? Promise.reject(new Error('EIO')) : os.files.read(path)),
    };
    const { runs } = await sweep({
      os: { ...os, files },
      stateDirectory,
      ownRunId: undefined,
      dryRun: false,
    });
    const outcomes = Object.fromEntries(runs.map((run) => [run.runId, run.outcome]));
    expect(outcomes).toEqual({ [broken]: 'kept', [runId]: 'cleared' });
    await worker.gone;
  });

  test('whose file cannot be removed is told of all the same', async () => {
    const stateDirectory = temporaryDirectory();
    const runId = someRunId();
    const worker = await spawned(scripts.obedient, { runId, workerId: 'w:1' });
    putRunFile(stateDirectory, runId, runFile(runId, [activeRecord('w:1', identityNow(worker.pid))]));
    const files = { ...os.files, remove: () => Promise.reject(new Error('EROFS: read-only')) };
    const { runs } = await sweep({
      os: { ...os, files },
      stateDirectory,
      ownRunId: undefined,
      dryRun: false,
    });
    expect(runs[0]).toMatchObject({ outcome: 'kept', processes: [{ verdict: 'orphan', action: 'ended' }] });
    expect(runs[0]!.notes.join()).toContain('EROFS');
    await worker.gone;
  });
});

/** Leaves a sleep in its session when it has nothing to read any more, and tells of both. */
const LEADER = 'sleep 1000 >/dev/null & echo $$ $!; read -r line';

async function session(script: string) {
  const child = spawn('/bin/sh', ['-c', script], { detached: true });
  onTestFinished(() => void child.kill('SIGKILL'));
  const told = String((await once(child.stdout, 'data'))[0]);
  const [leader, member] = told.split(' ').map(Number) as [number, number];
  onTestFinished(() => kill(member));
  return { process: child, leader, member };
}

describe('what is left in the session of a worker that is dead', () => {
  test.each([
    ['is waited for while it is amid its end, and has no mark any more', 5, 1, 'cleared', []],
    [
      'is given up when it is amid its end for long, and nobody is blamed for it',
      Number.POSITIVE_INFINITY,
      50,
      'kept',
      [{ id: '', workerId: '', verdict: 'unverified', action: 'none' }],
    ],
  ])('%s', async (_, lastLook, haste, outcome, found) => {
    const stateDirectory = temporaryDirectory();
    const runId = someRunId();
    const { process: parent, leader, member } = await session(LEADER);
    const record = activeRecord('w:1', identityNow(leader));
    parent.stdin.end();
    await once(parent, 'exit');
    putRunFile(stateDirectory, runId, runFile(runId, [record]));
    let looks = 0;
    const census = async (onVanished?: () => void) => {
      looks += 1;
      if (looks === lastLook) process.kill(member, 'SIGKILL');
      const all = await os.processes.census(onVanished);
      return all.map((seen) => (seen.pid === member ? { ...seen, dying: true, cookies: undefined } : seen));
    };
    const setTimeout = (action: () => void, delay: number) => os.clock.setTimeout(action, delay / haste);
    const watched = { ...os, clock: { ...os.clock, setTimeout }, processes: { ...os.processes, census } };
    const report = await sweep({ os: watched, stateDirectory, ownRunId: undefined, dryRun: false });
    expect(report.runs).toMatchObject([
      { outcome, processes: [{ id: 'w', verdict: 'gone', action: 'none' }, ...found] },
    ]);
    expect(countEnds(report)).toEqual({ killed: 0, left: 0 });
    expect(isAlive(member)).toBe(outcome === 'kept');
  });

  test('is ended, marked or not, where nobody has reaped the worker, which had outlived its start time', async () => {
    const stateDirectory = temporaryDirectory();
    const runId = someRunId();
    const script = `exec 3<&0; setsid sh -c '${LEADER}' <&3 & exec sleep 1000 3<&-`;
    const { process: parent, leader, member } = await session(script);
    await until('its parent is a sleep', () => proc(parent.pid!, 'comm')?.trim() === 'sleep');
    parent.stdin.end();
    await until('the leader is dead', async () => (await os.processes.sight(leader))?.zombie === true);
    putRunFile(stateDirectory, runId, runFile(runId, [activeRecord('w:1', identityNow(leader), true)]));
    const report = await sweepNow(stateDirectory);
    expect(report.runs).toMatchObject([
      {
        outcome: 'cleared',
        processes: [
          { id: 'w', pid: leader, verdict: 'gone', action: 'none' },
          { workerId: '', pid: member, verdict: 'orphan', action: 'ended' },
        ],
      },
    ]);
    expect(isAlive(member)).toBe(false);
  });
});

describe('what a dead run left in the directory', () => {
  test('goes with it, a write cut short too', async () => {
    const stateDirectory = temporaryDirectory();
    const runId = someRunId();
    const path = putRunFile(stateDirectory, runId, runFile(runId, [reservedRecord('w:1')]));
    await os.files.write(`${path}.7.tmp`, '{"version":');
    expect((await sweepNow(stateDirectory)).runs[0]).toMatchObject({
      outcome: 'cleared',
      processes: [{ id: 'w:1', pid: null, verdict: 'gone', action: 'none' }],
    });
    expect(namesIn(`${stateDirectory}/runs`)).toEqual([]);
  });

  test('goes without it when it is old; of a run that begins just now it is left alone', async () => {
    const stateDirectory = temporaryDirectory();
    const [old, young] = [someRunId(3_600_000), someRunId()];
    await os.files.makePrivateDirectory(`${stateDirectory}/runs`);
    for (const runId of [old, young])
      await os.files.write(`${stateDirectory}/runs/${runId}.json.1.tmp`, '{"ver');
    await os.files.write(`${stateDirectory}/runs/notes.txt`, 'not ours');
    await sweepNow(stateDirectory, true);
    expect(namesIn(`${stateDirectory}/runs`)).toHaveLength(3);
    await sweepNow(stateDirectory);
    expect(namesIn(`${stateDirectory}/runs`)).toEqual([`${young}.json.1.tmp`, 'notes.txt']);
  });
});
