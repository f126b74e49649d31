/** A host that has no descriptor left when its forker dies can look for nobody: what it says then, and what it does later. */
import { expect, test } from 'vitest';
import { startHostProcess } from '../support/host-process.ts';
import { limit } from '../support/limited-host.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const ORPHAN_GRACE = 100;

test('told to stop as it clears up in vain, it stops, and does not crash', async () => {
  const host = await startHostProcess({ stateDirectory: temporaryDirectory(), orphanGrace: ORPHAN_GRACE });
  limit(host.pid, 'nofile', 0);
  process.kill(host.forkerPid(), 'SIGKILL');
  await host.event('forker.lost');
  host.send('stop');
  expect(await host.exited, host.stderr()).toEqual({ code: 0, signal: null });
  expect(host.events.at(-1)?.type).toBe('host.stopped');
});
