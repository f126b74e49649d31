/** The registry of one run, on a disk that fails and a clock that stands still. */
import { describe, expect, test } from 'vitest';
import { nodeFiles } from '../../src/os/node-files.ts';
import type { Files } from '../../src/os/os.ts';
import { RunRegistry } from '../../src/registry/run-registry.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { someRunId } from '../support/runs.ts';
import { SELF } from '../support/sightings.ts';

const WORKER = { workerId: 's/a:1', id: 'a', path: 's/a', command: 'sleep' };

async function openRegistry() {
  const clock = new ManualClock();
  const disk = { full: false, writes: 0 };
  const nothing = async () => {};
  const files: Files = {
    ...nodeFiles,
    makePrivateDirectory: nothing,
    rename: nothing,
    remove: nothing,
    async write() {
      disk.writes += 1;
      if (disk.full) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
    },
  };
  const warnings: string[] = [];
  const registry = new RunRegistry({
    files,
    clock,
    stateDirectory: '/state',
    runId: someRunId(),
    name: 'test',
    self: SELF,
    orphanGrace: 300,
    onWarning: ({ message }) => warnings.push(message),
  });
  await registry.open();
  return { clock, disk, registry, warnings };
}

describe("a run's file that cannot be written", () => {
  test('is tried again every two seconds while there is a worker, until it is written', async () => {
    const { clock, disk, registry, warnings } = await openRegistry();
    await registry.reserve(WORKER);
    registry.activate(WORKER.workerId, SELF.identity);
    disk.full = true;
    await clock.advance(50);
    expect(warnings).toHaveLength(1);
    const before = disk.writes;
    await clock.advance(6_000);
    expect(disk.writes).toBe(before + 3);
    disk.full = false;
    await clock.advance(2_000);
    expect(disk.writes).toBe(before + 4);
    expect(clock.pending).toBe(0);
    expect(warnings, 'said once').toHaveLength(1);
  });

  test('is left alone when there is none: nothing has to be on disk, and no timer keeps the host from ending', async () => {
    const { clock, disk, registry, warnings } = await openRegistry();
    disk.full = true;
    registry.setForker(SELF.identity);
    await clock.advance(0);
    expect(warnings).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  test('is left alone from the moment on when the last one is gone', async () => {
    const { clock, disk, registry } = await openRegistry();
    await registry.reserve(WORKER);
    disk.full = true;
    registry.activate(WORKER.workerId, SELF.identity);
    await clock.advance(50);
    expect(clock.pending).toBe(1);
    registry.release(WORKER.workerId);
    await clock.advance(50);
    expect(clock.pending).toBe(0);
  });
});
