/** A forker that is alive and of no use. */
import { expect, test } from 'vitest';
import { ForkerProcess } from '../../src/os/forker/forker-process.ts';
import { kernelHere } from '../../src/os/kernels.ts';
import type { Clock } from '../../src/os/os.ts';
import { realClock } from '../../src/os/real-clock.ts';
import { isAlive } from '../support/processes.ts';

/** On it the 15 s that a forker may be silent are 150 ms. */
const hurried: Clock = {
  ...realClock,
  setTimeout: (action, ms) => realClock.setTimeout(action, ms / 100),
};

test('that is stopped does not answer, is killed, and counts as lost', async () => {
  let forker: ForkerProcess | undefined;
  const lost = new Promise<[pid: number, cause: string]>((resolve) => {
    forker = new ForkerProcess({
      clock: hurried,
      runId: `${Date.now()}_stopped`,
      outer: [],
      env: {},
      socketPath: '/no/such/socket',
      fifoDirectory: undefined,
      firstFifos: undefined,
      secret: '',
      firstStream: 0,
      leftovers: [],
      orphanGrace: 300,
      kernelName: kernelHere(),
      onReport: () => {},
      onLost: ({ pid }, cause) => resolve([pid, cause]),
    });
  });
  const { pid } = await forker!.ready;
  process.kill(pid, 'SIGSTOP');
  forker!.hold(true);
  expect(await lost).toEqual([pid, 'it did not answer, and was killed']);
  await forker!.gone;
  expect(isAlive(pid)).toBe(false);
});
