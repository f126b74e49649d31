/** When a forker that says nothing is given up. */
import { expect, test } from 'vitest';
import { Heartbeat } from '../../src/os/forker/heartbeat.ts';
import { ManualClock } from '../support/manual-clock.ts';

function setUp() {
  const clock = new ManualClock();
  const told = { asked: 0, silent: 0 };
  let answers = true;
  const heartbeat: Heartbeat = new Heartbeat(
    clock,
    () => {
      told.asked += 1;
      if (answers) heartbeat.heard();
    },
    () => {
      told.silent += 1;
    },
  );
  const fallSilent = () => {
    answers = false;
  };
  return { clock, told, heartbeat, fallSilent };
}

test('one that answers is asked every 5 s, for ever', async () => {
  const { clock, told, heartbeat } = setUp();
  heartbeat.start();
  await clock.advance(4_999);
  expect(told).toEqual({ asked: 0, silent: 0 });
  await clock.advance(95_001);
  expect(told).toEqual({ asked: 20, silent: 0 });
});

test('one that has not answered three questions is given up, once', async () => {
  const { clock, told, heartbeat, fallSilent } = setUp();
  heartbeat.start();
  fallSilent();
  await clock.advance(19_999);
  expect(told).toEqual({ asked: 3, silent: 0 });
  await clock.advance(60_000);
  expect(told).toEqual({ asked: 3, silent: 1 });
  expect(clock.pending).toBe(0);
});

test('any word of it counts as an answer', async () => {
  const { clock, told, heartbeat, fallSilent } = setUp();
  heartbeat.start();
  fallSilent();
  await clock.advance(15_000);
  heartbeat.heard();
  await clock.advance(19_999);
  expect(told.silent).toBe(0);
  await clock.advance(1);
  expect(told.silent).toBe(1);
});

test('while it is stopped nothing is asked; started again it counts anew, and twice started is once', async () => {
  const { clock, told, heartbeat, fallSilent } = setUp();
  heartbeat.start();
  fallSilent();
  await clock.advance(15_000);
  heartbeat.stop();
  await clock.advance(60_000);
  expect(told).toEqual({ asked: 3, silent: 0 });
  heartbeat.start();
  heartbeat.start();
  await clock.advance(19_999);
  expect(told).toEqual({ asked: 6, silent: 0 });
});
