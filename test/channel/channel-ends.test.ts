/** How a talk with a worker slows down, and how it ends. */
import { describe, expect, test } from 'vitest';
import { KILLED, openChannel, UNFINISHED_AFTER } from '../support/fake-channel.ts';

const MIB = 1_024 * 1_024;

describe('a worker that reads more slowly than it is given', () => {
  const large = 'x'.repeat(MIB - 100);

  test('makes the channel congested above 4 MiB, until there is 1 MiB left', async () => {
    const { fake, channel, ask, told, flush } = openChannel();
    for (let count = 0; count < 4; count += 1) ask('a', large);
    await flush();
    expect(channel.congested).toBe(false);
    ask('a', large);
    await flush();
    expect(channel.congested).toBe(true);
    fake.written[1]!.taken();
    await flush();
    expect(channel.congested).toBe(true); // the 4 MiB before are there still
    expect(told).toEqual([]);
    fake.written[0]!.taken();
    await flush();
    expect(channel.congested).toBe(false);
    expect(told).toEqual([['drain']]);
  });

  test('is told of as drained once, and not at all if it never was congested', async () => {
    const { fake, ask, told, flush } = openChannel();
    for (let round = 0; round < 3; round += 1) {
      ask('a', large);
      await flush();
    }
    for (const { taken } of fake.written) taken();
    await flush();
    expect(told).toEqual([]);
  });

  test("may die meanwhile: what was not taken is nobody's fault", async () => {
    const { fake, clock, channel, ask, told, flush } = openChannel();
    ask('a', large);
    await flush();
    fake.written[0]!.fail();
    await flush();
    channel.ended(KILLED);
    expect(told.map(([what]) => what)).toEqual(['end', 'lost', 'a']);
    expect(clock.pending).toBe(0);
  });

  test('may read no more, and live on: who waits is not left waiting', async () => {
    const { fake, clock, ask, told, lost, flush } = openChannel();
    ask('a');
    ask('b', large);
    await flush();
    for (const write of fake.written) write.fail();
    await flush();
    expect(told).toEqual([['end']]);
    await clock.advance(1_000);
    expect(lost()).toEqual({ by: 'closed' });
    expect(told.slice(-2)).toEqual([
      ['a', 'abandoned'],
      ['b', 'abandoned'],
    ]);
  });
});

describe('half a message', () => {
  test('that does not go on is a fault, when its time is over', async () => {
    const { fake, clock, fault } = openChannel();
    fake.say('{"id":1');
    await clock.advance(UNFINISHED_AFTER - 1);
    expect(fault()).toBeUndefined();
    await clock.advance(1);
    expect(fault()).toBe('unfinished');
    expect(clock.pending).toBe(0);
  });

  test.each([
    ['json-lines', Uint8Array.of(0xe2)],
    ['frames', Uint8Array.of(0)],
  ] as const)('begins with its first byte; %s', async (form, byte) => {
    const { fake, clock, fault } = openChannel({ form });
    fake.say(byte);
    await clock.advance(UNFINISHED_AFTER);
    expect(fault()).toBe('unfinished');
  });

  test('may take as long as it likes, if it goes on, whoever looks at when that was', async () => {
    const { fake, channel, clock, lost, ask, told } = openChannel();
    ask('a');
    const line = '{"id":1,"result":"slowly"}\n';
    for (const byte of line) {
      fake.say(byte);
      await clock.advance(UNFINISHED_AFTER - 1);
      expect(channel.heardAt).toBeGreaterThan(clock.monotonic() - UNFINISHED_AFTER);
    }
    await clock.advance(10 * UNFINISHED_AFTER);
    expect(lost()).toBeUndefined();
    expect(told).toEqual([['a', 'answered', 'slowly']]);
    expect(clock.pending).toBe(0);
  });

  test('stops the time when it is whole; the next one has its own', async () => {
    const { fake, clock, fault } = openChannel();
    fake.say('{"method":"a"');
    await clock.advance(UNFINISHED_AFTER - 1);
    fake.say('}\n{"method":"b"');
    await clock.advance(UNFINISHED_AFTER - 1);
    expect(fault()).toBeUndefined();
    await clock.advance(UNFINISHED_AFTER);
    expect(fault()).toBe('unfinished');
  });

  test('whose rest has come while we were busy is no fault', async () => {
    const { fake, clock, lost, told } = openChannel();
    fake.say('{"method":');
    clock.turn = async () => fake.say('"a"}\n'); // it was in the system's buffer all the time
    await clock.advance(UNFINISHED_AFTER);
    expect(lost()).toBeUndefined();
    expect(told).toEqual([['notification', 'a', undefined]]);
  });

  test('that we do not read on is no fault, for as long as we do not', async () => {
    const { fake, channel, clock, fault } = openChannel();
    fake.say('{"method":');
    channel.pause();
    await clock.advance(10 * UNFINISHED_AFTER);
    expect(clock.pending).toBe(0);
    channel.resume();
    await clock.advance(UNFINISHED_AFTER - 1);
    expect(fault()).toBeUndefined();
    await clock.advance(1);
    expect(fault()).toBe('unfinished');
  });
});

test('who pauses a channel is heard until he resumes it, whoever else has done so', () => {
  const { fake, channel } = openChannel();
  channel.pause();
  channel.pause();
  channel.resume();
  expect(fake.paused).toBe(true);
  channel.resume();
  expect(fake.paused).toBe(false);
});

describe('a worker that closes its end', () => {
  test('is given nothing more, and lost when it lives on for a second', async () => {
    const { fake, clock, ask, told } = openChannel();
    ask('a');
    fake.end();
    expect(told).toEqual([['end']]);
    await clock.advance(999);
    expect(told).toEqual([['end']]);
    await clock.advance(1);
    expect(told).toEqual([['end'], ['lost', { by: 'closed' }, [1]], ['a', 'abandoned']]);
  });

  test('and ends is lost by its end: that is what its callers are told', async () => {
    const { fake, channel, clock, ask, told } = openChannel();
    ask('a');
    fake.end();
    await clock.advance(999);
    channel.ended(KILLED);
    await clock.advance(10_000);
    expect(told).toEqual([['end'], ['lost', { by: 'exit', reason: KILLED }, [1]], ['a', 'abandoned']]);
  });

  test('and ends much later was lost before, once', async () => {
    const { fake, channel, clock, told } = openChannel();
    fake.end();
    await clock.advance(1_000);
    channel.ended(KILLED);
    expect(told.map(([what]) => what)).toEqual(['end', 'lost']);
  });
});

test.each(['json-lines', 'frames'] as const)(
  'nothing waits once the worker is gone: no timer is left; %s',
  async (form) => {
    const { fake, channel, clock, told } = openChannel({ form });
    fake.say('{');
    fake.end();
    expect(clock.pending).toBe(2);
    channel.ended(KILLED);
    fake.say('{');
    await clock.advance(60_000);
    expect(clock.pending).toBe(0);
    expect(told.map(([what]) => what)).toEqual(['end', 'lost']);
  },
);
