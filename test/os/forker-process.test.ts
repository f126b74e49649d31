/** A forker that is alive and of no use. */
import { expect, onTestFinished, test } from 'vitest';
import { ForkerProcess } from '../../src/os/forker/forker-process.ts';
import { kernelHere } from '../../src/os/kernels.ts';
import type { Clock } from '../../src/os/os.ts';
import { realClock } from '../../src/os/real-clock.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { isAlive } from '../support/processes.ts';

/** On it the 15 s that a forker may be silent are 150 ms. */
const hurried: Clock = {
  ...realClock,
  setTimeout: (action, ms) => realClock.setTimeout(action, ms / 100),
};

function startForker(clock: Clock) {
  let onLost: (pid: number, cause: string) => void = () => {};
  const lost = new Promise<[pid: number, cause: string]>((resolve) => {
    onLost = (...what) => resolve(what);
  });
  const forker = new ForkerProcess({
    clock,
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
    onLost: ({ pid }, cause) => onLost(pid, cause),
  });
  onTestFinished(async () => {
    const { pid } = await forker.ready;
    if (isAlive(pid)) process.kill(pid, 'SIGKILL'); // our own child, which only we can reap
    await forker.gone;
  });
  return { forker, lost };
}

test('that is stopped does not answer, is killed, and counts as lost', async () => {
  const { forker, lost } = startForker(hurried);
  const { pid } = await forker.ready;
  process.kill(pid, 'SIGSTOP');
  forker.hold(true);
  expect(await lost).toEqual([pid, 'it did not answer, and was killed']);
  expect(await forker.gone).toBe(false);
  expect(isAlive(pid)).toBe(false);
});

test('that is stopped when it may go is killed too', async () => {
  const { forker } = startForker(hurried);
  const { pid } = await forker.ready;
  process.kill(pid, 'SIGSTOP');
  forker.dismiss();
  expect(await forker.gone).toBe(false);
  expect(isAlive(pid)).toBe(false);
});

test('goes by itself when it may, and no heartbeat outlives it', async () => {
  const clock = new ManualClock();
  const { forker } = startForker(clock);
  await forker.ready;
  forker.dismiss();
  expect(await forker.gone).toBe(true);
  forker.hold(true);
  expect(clock.pending).toBe(0);
});
