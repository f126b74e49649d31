/** A forker that is alive and of no use. */
import { expect, onTestFinished, test } from 'vitest';
import { type ForkerChild, ForkerProcess, type LaunchForker } from '../../src/os/forker/forker-process.ts';
import { forkerLauncher } from '../../src/os/forker/launch-forker.ts';
import type { ProcessIdentity } from '../../src/os/identity.ts';
import { kernelHere } from '../../src/os/kernels.ts';
import type { Clock, Timer } from '../../src/os/os.ts';
import { realClock } from '../../src/os/real-clock.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { isAlive } from '../support/processes.ts';

/** Once it hurries, the 15 s that a forker may be silent are 150 ms; until then it has its time to start. */
class HurriedClock implements Clock {
  #pace = 1;
  now = realClock.now;
  monotonic = realClock.monotonic;
  clearTimeout = realClock.clearTimeout;
  soon = realClock.soon;
  turn = realClock.turn;

  hurry(): void {
    this.#pace = 100;
  }

  setTimeout(action: () => void, ms: number): Timer {
    return realClock.setTimeout(action, ms / this.#pace);
  }
}

function newForker(clock: Clock, launch: LaunchForker) {
  let onLost: (pid: number, cause: string) => void = () => {};
  const lost = new Promise<[pid: number, cause: string]>((resolve) => {
    onLost = (...what) => resolve(what);
  });
  const options = {
    clock,
    runId: `${Date.now()}_stopped`,
    host: { bootId: '', pidNamespace: '', pid: 1, startTime: 0 }, // dead
    outer: [],
    env: {},
    socketPath: '/no/such/socket',
    fifoDirectory: undefined,
    firstFifos: undefined,
    secret: '',
    firstStream: 0,
    leftovers: [],
    orphanGrace: 300,
    onReport: () => {},
    onLost: ({ pid }: ProcessIdentity, cause: string) => onLost(pid, cause),
  };
  return { forker: new ForkerProcess(options, launch), lost };
}

function startForker(clock: Clock) {
  const { forker, lost } = newForker(clock, forkerLauncher(kernelHere()));
  onTestFinished(async () => {
    const { pid } = await forker.ready;
    if (isAlive(pid)) process.kill(pid, 'SIGKILL'); // our own child, which only we can reap
    await forker.gone;
  });
  return { forker, lost };
}

test('that is stopped does not answer, is killed, and counts as lost', async () => {
  const clock = new HurriedClock();
  const { forker, lost } = startForker(clock);
  const { pid } = await forker.ready;
  clock.hurry();
  process.kill(pid, 'SIGSTOP');
  forker.hold(true);
  expect(await lost).toEqual([pid, 'it did not answer, and was killed']);
  expect(await forker.gone).toBe(false);
  expect(isAlive(pid)).toBe(false);
});

test('that is stopped when it may go is killed too', async () => {
  const clock = new HurriedClock();
  const { forker } = startForker(clock);
  const { pid } = await forker.ready;
  clock.hurry();
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

test('that does not say a first word within 10 s is killed', async () => {
  const clock = new ManualClock();
  const killed: number[] = [];
  const mute: LaunchForker = () => {
    let end: (how: Awaited<ForkerChild['ended']>) => void = () => {};
    const ended: ForkerChild['ended'] = new Promise((resolve) => {
      end = resolve;
    });
    const kill = () => {
      killed.push(clock.now());
      end({ code: null, signal: 'SIGKILL' });
    };
    return { send() {}, hold() {}, letGo() {}, kill, ended };
  };
  const { forker } = newForker(clock, mute);
  await clock.advance(20_000);
  await expect(forker.ready).rejects.toThrow('the forker said nothing for 10000 ms');
  expect(await forker.gone).toBe(false);
  expect(killed).toEqual([10_000]);
  expect(clock.pending).toBe(0);
});

test('that never was is told of by its error', async () => {
  const error = new Error('spawn EAGAIN');
  const never: LaunchForker = () => ({
    send() {},
    hold() {},
    kill() {},
    letGo() {},
    ended: Promise.resolve({ error }),
  });
  const clock = new ManualClock();
  const { forker } = newForker(clock, never);
  forker.hold(true);
  await expect(forker.ready).rejects.toBe(error);
  expect(await forker.gone).toBe(false);
  expect(clock.pending).toBe(0);
});
