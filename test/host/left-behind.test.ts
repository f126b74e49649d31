/** A host whose spawner cannot end everything stops all the same, says so, and leaves the run's file for a sweep. */
import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { startHost, type TimedEvent } from '../../src/index.ts';
import { nodeOs } from '../../src/os/node-os.ts';
import type { Spawner } from '../../src/os/os.ts';
import { temporaryDirectory } from '../support/temporary.ts';

type Closing = (closed: readonly number[]) => readonly number[];

async function stopWith(
  closing: Closing,
): Promise<{ events: readonly TimedEvent[]; files: readonly string[] }> {
  const os = nodeOs();
  const stateDirectory = temporaryDirectory();
  const openSpawner: typeof os.processes.openSpawner = async (options): Promise<Spawner> => {
    const spawner = await os.processes.openSpawner({ ...options, runFile: '/no/such/file' });
    return { ...spawner, close: async () => closing(await spawner.close()) };
  };
  const host = await startHost({
    stateDirectory,
    spawner: 'direct',
    signals: false,
    os: { ...os, processes: { ...os.processes, openSpawner } },
  });
  await host.stop();
  return { events: host.events.recent(), files: readdirSync(`${stateDirectory}/runs`) };
}

const ends = (events: readonly TimedEvent[]) => events.slice(-2).map(({ at: _, ...event }) => event);

test('when something does not die', async () => {
  const { events, files } = await stopWith(() => [4_711]);
  expect(ends(events)).toEqual([
    { type: 'host.left-behind', pids: [4_711], message: 'SIGKILL did not end them' },
    { type: 'host.stopped', nothingLeft: false },
  ]);
  expect(files).toHaveLength(1);
});

test('when it cannot be known', async () => {
  const { events, files } = await stopWith(() => {
    throw new Error('ps is gone');
  });
  expect(ends(events)).toEqual([
    { type: 'host.left-behind', pids: [], message: 'ps is gone' },
    { type: 'host.stopped', nothingLeft: false },
  ]);
  expect(files).toHaveLength(1);
});

test('and otherwise nothing is left, not even the file', async () => {
  const { events, files } = await stopWith((closed) => closed);
  expect(ends(events).at(-1)).toEqual({ type: 'host.stopped', nothingLeft: true });
  expect(files).toEqual([]);
});
