/** A clearing of worker `w` of run `run`, on a table of processes and a clock that a test moves. */
import { onTestFinished } from 'vitest';
import { type Claim, SharedCensus } from '../../src/os/census.ts';
import { Clearing, type ClearingOptions } from '../../src/os/clearing.ts';
import type { Sighting } from '../../src/os/os.ts';
import { FakeKernel } from './fake-kernel.ts';
import { ManualClock } from './manual-clock.ts';
import { mark, sighting } from './sightings.ts';

export const claim: Claim = { runId: 'run', workerId: 'w', known: [] };
export const worker = (pid: number, rest: Partial<Sighting> = {}) =>
  sighting(pid, { cookies: [mark('run', 'w')], ...rest });

export function setUp(...processes: readonly Sighting[]) {
  const kernel = new FakeKernel(...processes);
  const clock = new ManualClock();
  const tools = { kernel, clock, census: new SharedCensus(kernel, clock) };
  const start = (options: Partial<ClearingOptions> = {}) => {
    const clearing = new Clearing(tools, { claim, emptyLooks: 1, ...options });
    onTestFinished(() => clearing.abandon());
    return clearing;
  };
  return { kernel, clock, tools, start };
}
