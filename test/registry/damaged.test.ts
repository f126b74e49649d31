/** A run file that cannot be understood: no wrong kill, and the evidence is kept. */
import { existsSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { nodeOs } from '../../src/os/node-os.ts';
import type { Os } from '../../src/os/os.ts';
import { sweep } from '../../src/registry/sweep.ts';
import { startHostProcess } from '../support/host-process.ts';
import { isAlive, processesOfRun, until } from '../support/processes.ts';
import {
  activeRecord,
  identityNow,
  killTogether,
  namesIn,
  putRunFile,
  runFile,
  scripts,
  someRunId,
  spawned,
} from '../support/runs.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const real = nodeOs();
const sweepNow = (stateDirectory: string, os: Os = real) =>
  sweep({ os, stateDirectory, ownRunId: undefined, dryRun: false });

describe('a damaged file of a dead run', () => {
  const BYTES = JSON.stringify(runFile(someRunId(), [activeRecord('w:1', identityNow(process.pid))])).length;

  test.each([0, 1, 40, Math.floor(BYTES / 2), BYTES - 20, BYTES - 1])(
    'of %i bytes: its orphans are found by their mark, strangers spared, the file kept',
    async (length) => {
      const stateDirectory = temporaryDirectory();
      const runId = someRunId();
      const orphan = await spawned(scripts.withSetsidGrandchild, { runId, workerId: 'w:1' });
      const stranger = await spawned(scripts.obedient, { runId: someRunId(), workerId: 'w:1' });
      const unmarked = await spawned(scripts.obedient, undefined);
      await until('its family is there', () => processesOfRun(runId).length === 2);
      const records = [orphan, stranger, unmarked].map(({ pid }, index) =>
        activeRecord(`w:${index}`, identityNow(pid), true),
      );
      const text = JSON.stringify(runFile(runId, records)).slice(0, length);
      const path = putRunFile(stateDirectory, runId, text);
      const { runs } = await sweepNow(stateDirectory);
      expect(processesOfRun(runId)).toEqual([]);
      expect([isAlive(stranger.pid), isAlive(unmarked.pid)]).toEqual([true, true]);
      const kept = `${stateDirectory}/damaged/${runId}.json`;
      expect(runs).toMatchObject([{ runId, outcome: 'cleared', host: { pid: null, alive: false } }]);
      expect(runs[0]!.processes.map(({ action }) => action)).toEqual(['ended', 'ended']);
      expect(runs[0]!.notes.join('\n')).toContain(kept);
      expect(existsSync(path)).toBe(false);
      expect(readFileSync(kept, 'utf8')).toBe(text);
      expect(statSync(`${stateDirectory}/damaged`).mode & 0o777).toBe(0o700);
      expect(statSync(kept).mode & 0o777).toBe(0o600);
      expect((await sweepNow(stateDirectory)).runs).toEqual([]); // and it is not judged again
    },
  );

  test('names a run by its own name, whatever else it says', async () => {
    const stateDirectory = temporaryDirectory();
    const [runId, other] = [someRunId(), someRunId()];
    const stranger = await spawned(scripts.obedient, { runId: other, workerId: 'w:1' });
    const record = activeRecord('w:1', identityNow(stranger.pid), true);
    putRunFile(stateDirectory, runId, JSON.stringify(runFile(other, [record])));
    const { runs } = await sweepNow(stateDirectory);
    expect(runs).toMatchObject([{ runId, outcome: 'cleared', processes: [] }]);
    expect(isAlive(stranger.pid)).toBe(true);
  });

  test('stays where it is when it cannot be put aside, and the report says why', async () => {
    const stateDirectory = temporaryDirectory();
    const runId = someRunId();
    const orphan = await spawned(scripts.obedient, { runId, workerId: 'w:1' });
    const path = putRunFile(stateDirectory, runId, '{');
    const makePrivateDirectory = () => Promise.reject(new Error('ENOSPC: no space left'));
    const { runs } = await sweepNow(stateDirectory, {
      ...real,
      files: { ...real.files, makePrivateDirectory },
    });
    expect(runs).toMatchObject([{ outcome: 'kept', processes: [{ verdict: 'orphan', action: 'ended' }] }]);
    expect(runs[0]!.notes.join('\n')).toContain('ENOSPC');
    expect(readFileSync(path, 'utf8')).toBe('{');
    await orphan.gone;
  });

  test('stays where it is while something of its run is left', async () => {
    const stateDirectory = temporaryDirectory();
    const runId = someRunId();
    const orphan = await spawned(scripts.obedient, { runId, workerId: 'w:1' });
    const path = putRunFile(stateDirectory, runId, '{');
    let time = 0; // every look at the clock is long after the one before: patience runs out at once
    const clock = {
      ...real.clock,
      monotonic: () => (time += 1_000),
      setTimeout: (action: () => void, ms: number) => real.clock.setTimeout(action, Math.min(ms, 20)),
    };
    const processes = { ...real.processes, signal: () => 'denied' as const };
    const { runs } = await sweepNow(stateDirectory, { ...real, clock, processes });
    expect(runs).toMatchObject([{ outcome: 'kept', processes: [{ verdict: 'orphan', action: 'denied' }] }]);
    expect(existsSync(path)).toBe(true);
    expect(isAlive(orphan.pid)).toBe(true);
    expect((await sweepNow(stateDirectory)).runs).toMatchObject([{ outcome: 'cleared' }]);
    await orphan.gone;
  });

  test('of a run whose socket gives no clear answer is left alone', async () => {
    const stateDirectory = temporaryDirectory();
    const runId = someRunId();
    const maybe = await spawned(scripts.obedient, { runId, workerId: 'w:1' });
    const path = putRunFile(stateDirectory, runId, '{');
    const network = { ...real.network, knock: async () => 'unclear' as const };
    const { runs } = await sweepNow(stateDirectory, { ...real, network });
    expect(runs).toMatchObject([{ outcome: 'kept', processes: [] }]);
    expect([isAlive(maybe.pid), existsSync(path)]).toEqual([true, true]);
  });

  test('of a run whose socket refuses, and may be busy, is left alone while its forker is there', async () => {
    const stateDirectory = temporaryDirectory();
    const runId = someRunId();
    const forker = await spawned(scripts.obedient, { runId, workerId: '' });
    const path = putRunFile(stateDirectory, runId, '{');
    const refuses = { ...real.network, knock: async () => 'refused' as const };
    const busyToo = { ...refuses, refusalProvesDeath: false };
    expect((await sweepNow(stateDirectory, { ...real, network: busyToo })).runs).toMatchObject([
      { outcome: 'alive', processes: [] },
    ]);
    expect([isAlive(forker.pid), existsSync(path)]).toEqual([true, true]);
    expect((await sweepNow(stateDirectory, { ...real, network: refuses })).runs).toMatchObject([
      { outcome: 'cleared' },
    ]);
    await forker.gone;
  });

  test('of a real host is cleared by the next start', async () => {
    const stateDirectory = temporaryDirectory();
    const child = { id: 'a', command: 'sh', args: ['-c', scripts.ignoresTerm], ready: { log: 'up' } };
    const first = await startHostProcess({ stateDirectory }, [{ id: 'services', children: [child] }]);
    await killTogether(first.pid, first.forkerPid());
    const path = `${stateDirectory}/runs/${first.runId}.json`;
    writeFileSync(path, readFileSync(path, 'utf8').slice(0, -30));
    const second = await startHostProcess({ stateDirectory });
    expect(processesOfRun(first.runId)).toEqual([]);
    expect(second.sweepReport.runs).toMatchObject([{ runId: first.runId, outcome: 'cleared' }]);
    expect(namesIn(`${stateDirectory}/damaged`)).toEqual([`${first.runId}.json`]);
    expect(namesIn(`${stateDirectory}/runs`).filter((name) => name.startsWith(first.runId))).toEqual([]);
    second.send('stop');
    await second.exited;
  });
});

describe('a damaged file of a living run', () => {
  test.each(['forker', 'direct'] as const)('means hands off (%s)', async (spawner) => {
    const stateDirectory = temporaryDirectory();
    const children = [{ id: 'a', command: 'sleep', args: ['1110'] }];
    const host = await startHostProcess({ stateDirectory, spawner }, [{ id: 'services', children }]);
    const path = `${stateDirectory}/runs/${host.runId}.json`;
    // Its worker settles soon after its birth, and that writes the file anew; once more if a write was under way.
    await until('the worker has settled', () => readFileSync(path, 'utf8').includes('"settled":true'));
    for (const text of ['', '{"version":1,"runId":']) {
      await until('it is left as it is', async () => {
        writeFileSync(path, text);
        expect((await sweepNow(stateDirectory)).runs).toMatchObject([
          { runId: host.runId, outcome: 'alive', host: { alive: true }, processes: [] },
        ]);
        return readFileSync(path, 'utf8') === text;
      });
      expect(isAlive(host.children[0]!.pid!)).toBe(true);
    }
    host.send('stop');
    await host.exited;
    expect(processesOfRun(host.runId)).toEqual([]);
    expect(namesIn(`${stateDirectory}/runs`)).toEqual([]);
  });

  test('whose socket somebody removed means hands off too: its forker is there', async () => {
    const stateDirectory = temporaryDirectory();
    const children = [{ id: 'a', command: 'sleep', args: ['1111'] }];
    const host = await startHostProcess({ stateDirectory }, [{ id: 'services', children }]);
    const path = `${stateDirectory}/runs/${host.runId}.json`;
    await until('the worker has settled', () => readFileSync(path, 'utf8').includes('"settled":true'));
    unlinkSync(`${stateDirectory}/runs/${host.runId}.sock`);
    writeFileSync(path, '{');
    expect((await sweepNow(stateDirectory)).runs).toMatchObject([{ outcome: 'alive', processes: [] }]);
    expect(isAlive(host.children[0]!.pid!)).toBe(true);
    host.send('stop');
    await host.exited;
    expect(processesOfRun(host.runId)).toEqual([]);
  });
});

describe('a file of another version', () => {
  test('is not touched, nor is anything of its run', async () => {
    const stateDirectory = temporaryDirectory();
    const runId = someRunId();
    const theirs = await spawned(scripts.obedient, { runId, workerId: 'w:1' });
    const text = JSON.stringify({ ...runFile(runId, []), version: 2 });
    const path = putRunFile(stateDirectory, runId, text);
    const { runs } = await sweepNow(stateDirectory);
    expect(runs).toMatchObject([{ runId, outcome: 'other-version', processes: [] }]);
    expect(runs[0]!.notes.join('\n')).toContain('version 2');
    expect(readFileSync(path, 'utf8')).toBe(text);
    expect(isAlive(theirs.pid)).toBe(true);
  });
});
