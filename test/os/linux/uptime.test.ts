/** The clock of start times, where the uptime shown is not the machine's. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { linuxKernel, uptimeLag } from '../../../src/os/linux/linux-kernel.ts';
import { readStat } from '../../../src/os/linux/proc.ts';

test.each<[string, number, number, number, number]>([
  ["the machine's uptime is taken as it is", 5_000, 4_990, 9, 0],
  ['also in the tick of our own start', 5_000, 5_000, 0, 0],
  ["a container's is behind our own start, and is moved to our own age after it", 300, 5_000, 20, 4_720],
])('%s', (_, uptime, ownStart, ownAge, lag) => {
  expect(uptimeLag(uptime, ownStart, ownAge)).toBe(lag);
});

test('a process born now starts between two looks at that clock', () => {
  const kernel = linuxKernel();
  const before = kernel.startTimeNow();
  const { stdout } = spawnSync('sh', ['-c', 'cat /proc/$$/stat'], { encoding: 'utf8' });
  const startTime = Number(stdout.slice(stdout.lastIndexOf(')') + 2).split(' ')[19]);
  expect(startTime).toBeGreaterThanOrEqual(before);
  expect(startTime).toBeLessThanOrEqual(kernel.startTimeNow());
  expect(kernel.self.identity.startTime).toBe(readStat(process.pid)!.startTime);
});
