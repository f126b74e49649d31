/** Several hosts on one state directory: they sweep what is dead, once, and spare each other. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { nodeOs } from '../../src/os/node-os.ts';
import { socketPath } from '../../src/registry/run-paths.ts';
import { sweep } from '../../src/registry/sweep.ts';
import { startHostProcess } from '../support/host-process.ts';
import { isAlive, isWithoutFirstThread, processesOfRun, until } from '../support/processes.ts';
import {
  activeRecord,
  deadIdentity,
  identityNow,
  killTogether,
  namesIn,
  putRunFile,
  runFile,
  scripts,
  someRunId,
  spawned,
  untilRecorded,
} from '../support/runs.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const os = nodeOs();
const sweepNow = (stateDirectory: string, dryRun = false) =>
  sweep({ os, stateDirectory, ownRunId: undefined, dryRun });

describe('a real host', () => {
  test('that was killed with its forker is cleared by the next start, whose report says so', async () => {
    const stateDirectory = temporaryDirectory();
    const children = (['obedient', 'ignoresTerm', 'withDaemon', 'withSetsidGrandchild'] as const).map(
      (id) => ({
        id,
        command: 'sh',
        args: ['-c', scripts[id]],
        ready: { log: 'up' },
      }),
    );
    const first = await startHostProcess({ stateDirectory, orphanGrace: 300 }, [
      { id: 'services', children },
    ]);
    const before = 1 + 4 + 2; // the forker, the workers, and what two of them started
    await until('all are there', () => processesOfRun(first.runId).length === before);
    await untilRecorded(stateDirectory, first.runId, 4);
    await killTogether(first.pid, first.forkerPid());
    expect(processesOfRun(first.runId)).toHaveLength(before - 1);
    const second = await startHostProcess({ stateDirectory, orphanGrace: 300 });
    expect(processesOfRun(first.runId)).toEqual([]);
    const swept = second.sweepReport.runs.find((run) => run.runId === first.runId);
    expect(swept).toMatchObject({ outcome: 'cleared', host: { pid: first.pid, alive: false } });
    expect(swept!.processes.map(({ id, action }) => `${id} ${action}`).sort()).toEqual(
      expect.arrayContaining(['obedient ended', 'ignoresTerm killed']),
    );
    expect(swept!.processes.filter(({ verdict }) => verdict === 'orphan')).toHaveLength(before - 1);
    second.send('stop');
    await second.exited;
    expect(namesIn(`${stateDirectory}/runs`)).toEqual([]);
  });

  test('whose socket stands elsewhere, its path being too long, leaves nothing there either', async () => {
    const stateDirectory = `${temporaryDirectory()}/${'x'.repeat(100)}`;
    const host = await startHostProcess({ stateDirectory });
    const [socket] = namesIn(`${stateDirectory}/runs`).filter((name) => name.endsWith('.sock'));
    const directory = dirname(readlinkSync(`${stateDirectory}/runs/${socket}`));
    expect(existsSync(directory)).toBe(true);
    await killTogether(host.pid, host.forkerPid());
    expect((await sweepNow(stateDirectory)).runs).toMatchObject([{ outcome: 'cleared' }]);
    expect(existsSync(directory)).toBe(false);
    expect(namesIn(`${stateDirectory}/runs`)).toEqual([]);
  });

  test('that is dying is waited for: its socket answers until the last of its threads has ended', async () => {
    const stateDirectory = temporaryDirectory();
    const runId = someRunId();
    mkdirSync(`${stateDirectory}/runs`);
    const firstThreadLeaves = [
      'import ctypes, socket, sys, threading, time',
      'listener = socket.socket(socket.AF_UNIX)',
      'listener.bind(sys.argv[1])',
      'listener.listen()',
      'threading.Thread(target=lambda: time.sleep(1000)).start()',
      'print("up", flush=True)',
      'ctypes.CDLL(None).pthread_exit(None)',
    ].join('\n');
    const args = ['-c', firstThreadLeaves, socketPath(stateDirectory, runId)];
    const dying = spawn('python3', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void dying.kill('SIGKILL'));
    const { pid } = dying as { pid: number };
    await once(dying.stdout, 'data');
    await until('its first thread has ended', () => isWithoutFirstThread(pid));
    const host = { ...identityNow(pid), userId: process.geteuid!(), machine: hostname() };
    putRunFile(stateDirectory, runId, runFile(runId, [], { host }));
    let looks = 0;
    const sight = (which: number) => {
      if (which === pid && ++looks === 3) dying.kill('SIGKILL');
      return os.processes.sight(which);
    };
    const watched = { ...os, processes: { ...os.processes, sight } };
    const { runs } = await sweep({ os: watched, stateDirectory, ownRunId: undefined, dryRun: false });
    expect(runs).toMatchObject([{ runId, outcome: 'cleared', host: { pid, alive: false } }]);
    expect(looks).toBeGreaterThanOrEqual(3);
  });

  test.each([
    ['counts as dead where that proves it', true, 'cleared'],
    ['is not touched where a busy socket refuses too', false, 'alive'],
  ] as const)('that is there and whose socket refuses %s', async (_, refusalProvesDeath, outcome) => {
    const stateDirectory = temporaryDirectory();
    const runId = someRunId();
    mkdirSync(`${stateDirectory}/runs`);
    const dies = `require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
    await once(spawn(process.execPath, ['-e', dies, socketPath(stateDirectory, runId)]), 'exit');
    const worker = await spawned(scripts.obedient, { runId, workerId: 'w:1' });
    const host = { ...identityNow(process.pid), userId: process.geteuid!(), machine: hostname() };
    const record = activeRecord('w:1', identityNow(worker.pid));
    putRunFile(stateDirectory, runId, runFile(runId, [record], { host }));
    const there = { ...os, network: { ...os.network, refusalProvesDeath } };
    const { runs } = await sweep({ os: there, stateDirectory, ownRunId: undefined, dryRun: false });
    expect(runs).toMatchObject([{ runId, outcome }]);
    expect(isAlive(worker.pid)).toBe(outcome === 'alive');
  });

  test('that is alive is not touched, though its forker is not', async () => {
    const stateDirectory = temporaryDirectory();
    const host = await startHostProcess({ stateDirectory }, [
      { id: 'services', children: [{ id: 'a', command: 'sleep', args: ['1108'] }] },
    ]);
    const pid = host.children[0]!.pid!;
    process.kill(host.pid, 'SIGSTOP'); // it cannot help its forker's death now
    process.kill(host.forkerPid(), 'SIGSTOP');
    const { runs } = await sweepNow(stateDirectory);
    expect(runs).toMatchObject([
      { runId: host.runId, outcome: 'alive', host: { alive: true }, processes: [] },
    ]);
    await killTogether(host.forkerPid());
    expect((await sweepNow(stateDirectory)).runs).toMatchObject([{ outcome: 'alive', processes: [] }]);
    expect(isAlive(pid)).toBe(true);
    process.kill(host.pid, 'SIGCONT');
    await host.event('forker.started');
    host.send('stop');
    await host.exited;
    expect(processesOfRun(host.runId)).toEqual([]);
  });

  test('whose forker is still clearing up is left to it', async () => {
    const stateDirectory = temporaryDirectory();
    const host = await startHostProcess({ stateDirectory, orphanGrace: 500 }, [
      {
        id: 'services',
        children: [{ id: 'a', command: 'sh', args: ['-c', scripts.ignoresTerm], ready: { log: 'up' } }],
      },
    ]);
    await untilRecorded(stateDirectory, host.runId, 1);
    const forker = host.forkerPid();
    process.kill(forker, 'SIGSTOP');
    process.kill(host.pid, 'SIGKILL');
    await host.exited;
    const report = sweepNow(stateDirectory);
    process.kill(forker, 'SIGCONT');
    const { runs } = await report;
    expect(runs).toMatchObject([{ outcome: 'cleared', processes: [{ action: 'ended-by-forker' }] }]);
    await until('the forker is gone', () => processesOfRun(host.runId).length === 0);
  });

  test('in another pid namespace, or on another machine, is none of our business', async () => {
    const stateDirectory = temporaryDirectory();
    const runs = [someRunId(), someRunId()] as const;
    const strangers = await Promise.all(
      runs.map((runId) => spawned(scripts.obedient, { runId, workerId: 'w:1' })),
    );
    const host = { ...deadIdentity(), userId: 0, machine: 'somewhere.else' };
    putRunFile(stateDirectory, runs[0], runFile(runs[0], [], { host: { ...host, pidNamespace: 'pid:[1]' } }));
    putRunFile(stateDirectory, runs[1], runFile(runs[1], [], { host: { ...host, bootId: 'another' } }));
    const report = await sweepNow(stateDirectory);
    expect(report.runs.map(({ outcome }) => outcome)).toEqual(['elsewhere', 'elsewhere']);
    expect(strangers.map(({ pid }) => isAlive(pid))).toEqual([true, true]);
    expect(namesIn(`${stateDirectory}/runs`)).toHaveLength(2);
  });
});

describe('several hosts that start at the same moment', () => {
  test('clear a dead run together, and leave each other alone', { timeout: 120_000 }, async () => {
    const stateDirectory = temporaryDirectory();
    for (let round = 0; round < 3; round += 1) {
      const dead = someRunId();
      const orphan = await spawned(scripts.ignoresTerm, { runId: dead, workerId: 'w:1' });
      putRunFile(stateDirectory, dead, runFile(dead, [activeRecord('w:1', identityNow(orphan.pid))]));
      const torn = someRunId();
      const lost = await spawned(scripts.obedient, { runId: torn, workerId: 'w:1' });
      putRunFile(stateDirectory, torn, '{"version":1,');
      const children = [{ id: 'a', command: 'sleep', args: ['1109'] }];
      const hosts = await Promise.all(
        Array.from({ length: 6 }, () => startHostProcess({ stateDirectory }, [{ id: 'services', children }])),
      );
      await Promise.all([orphan.gone, lost.gone]);
      for (const host of hosts) {
        expect(isAlive(host.pid)).toBe(true);
        expect(processesOfRun(host.runId).sort()).toEqual([host.forkerPid(), host.children[0]!.pid!].sort());
        expect(host.children[0]).toMatchObject({ state: 'running', starts: 1 });
        expect(host.events.filter(({ type }) => type === 'worker.exited' || type === 'forker.lost')).toEqual(
          [],
        );
        const others = host.sweepReport.runs.filter(({ runId }) => runId !== dead && runId !== torn);
        expect(others.filter(({ outcome }) => outcome !== 'alive')).toEqual([]);
      }
      for (const host of hosts) host.send('stop');
      await Promise.all(hosts.map(({ exited }) => exited));
      expect(hosts.flatMap(({ runId }) => processesOfRun(runId))).toEqual([]);
      expect(namesIn(`${stateDirectory}/runs`)).toEqual([]);
      expect(namesIn(`${stateDirectory}/damaged`)).toContain(`${torn}.json`);
    }
  });
});
