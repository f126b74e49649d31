/** The host's side of the talk with one worker, without the worker: what is asked, answered, refused and given up. */
import { describe, expect, test } from 'vitest';
import { FrameReader } from '../../src/channel/frame-reader.ts';
import { FrameWriter } from '../../src/channel/frame-writer.ts';
import type { FaultKind } from '../../src/channel/words.ts';
import { KILLED, openChannel } from '../support/fake-channel.ts';
import { bytesOf, listener } from '../support/heard-words.ts';
import { memoryInUse } from '../support/memory.ts';

const MIB = 1_024 * 1_024;

describe('a request', () => {
  test('is numbered, goes out at the end of the turn with all others, and is answered in any order', async () => {
    const { fake, ask, told, flush } = openChannel();
    expect([ask('a', 1), ask('b')]).toEqual([1, 2]);
    expect(fake.written).toEqual([]);
    await flush();
    expect(fake.written).toHaveLength(1);
    expect(fake.lines).toEqual([
      { jsonrpc: '2.0', id: 1, method: 'do', params: 1 },
      { jsonrpc: '2.0', id: 2, method: 'do' },
    ]);
    const error = { code: -32_000, message: 'no' };
    fake.sayLines({ id: 2, error }, { id: 1, result: { sum: 3 } });
    expect(told).toEqual([
      ['b', 'failed', { ...error, data: undefined }],
      ['a', 'answered', { sum: 3 }],
    ]);
  });

  test('that cannot be sent was not asked: it has no number, and nothing of it goes out', async () => {
    const { fake, ask, channel, flush } = openChannel({ longestMessage: 1_024 });
    expect(() => ask('a', 1n)).toThrow('BigInt');
    expect(() => ask('a', 'x'.repeat(1_024))).toThrow('longer than 1024 bytes');
    expect(channel.waiting.size).toBe(0);
    expect(ask('b')).toBe(1);
    await flush();
    expect(fake.lines).toEqual([{ jsonrpc: '2.0', id: 1, method: 'do' }]);
  });

  test("hears of its progress and its items until it is answered, and of nobody else's", () => {
    const { fake, ask, told } = openChannel();
    ask('a');
    ask('b');
    fake.sayLines(
      { method: '$/progress', params: { id: 1, value: 0.5 } },
      { method: '$/stream', params: { id: 2, item: 'first' } },
      { id: 1, result: 1 },
      { method: '$/progress', params: { id: 1, value: 0.9 } },
      { method: '$/stream', params: { id: 77, item: 'whose?' } },
    );
    expect(told).toEqual([
      ['a', 'progressed', 0.5],
      ['b', 'received', 'first'],
      ['a', 'answered', 1],
    ]);
  });

  test('that is cancelled is told to the worker, and its late answer is no fault', async () => {
    const { fake, ask, channel, told, lost, flush } = openChannel();
    channel.cancel(ask('a'));
    await flush();
    expect(fake.lines[1]).toEqual({ jsonrpc: '2.0', method: '$/cancelRequest', params: { id: 1 } });
    fake.sayLines({ id: 1, error: { code: -32_800, message: 'cancelled' } });
    expect(told).toMatchObject([['a', 'failed', { code: -32_800 }]]);
    expect(lost()).toBeUndefined();
  });

  test('in frames carries more than JSON, both ways', async () => {
    const { fake, ask, told, flush } = openChannel({ form: 'frames' });
    ask('a', new Map([[1n, undefined]]));
    await flush();
    const { words, heard } = listener();
    new FrameReader(words, MIB).add(bytesOf(fake.written.map(({ bytes }) => bytes)));
    expect(heard).toStrictEqual([['request', 1, 'do', new Map([[1n, undefined]]), undefined]]);
    const writer = new FrameWriter(MIB);
    writer.item(1, new Date(0));
    writer.result(1, undefined);
    fake.say(bytesOf(writer.take()));
    expect(told).toEqual([
      ['a', 'received', new Date(0)],
      ['a', 'answered', undefined],
    ]);
  });
});

describe('a worker', () => {
  test('is ready when it has answered, whatever it answers', async () => {
    for (const answer of [{ result: null }, { error: { code: -32_601, message: 'no $/ping' } }]) {
      const { fake, channel, told, flush } = openChannel();
      channel.whenReady(() => told.push(['ready']));
      await flush();
      expect(fake.lines).toEqual([{ jsonrpc: '2.0', id: 1, method: '$/ping' }]);
      expect(told).toEqual([]);
      fake.sayLines({ id: 1, ...answer });
      expect(told).toEqual([['ready']]);
      expect(channel.answer).toBeUndefined();
    }
  });

  test('may say in its first answer what it can', () => {
    const { fake, channel } = openChannel();
    channel.whenReady(() => {});
    fake.sayLines({ id: 1, result: { sessions: true } });
    expect(channel.answer).toEqual({ sessions: true });
  });

  test('may tell what it likes: the host passes on what it does not know', () => {
    const { fake, told } = openChannel();
    fake.sayLines({ method: 'weather', params: { sun: true } }, { method: '$/heartbeat' });
    expect(told).toEqual([
      ['notification', 'weather', { sun: true }],
      ['notification', '$/heartbeat', undefined],
    ]);
  });

  test('that asks is answered that nobody does', async () => {
    const { fake, lost, flush } = openChannel();
    fake.sayLines({ id: 'q1', method: 'roots/list' }, { id: 1, method: 'm'.repeat(5_000) });
    await flush();
    const [first, second] = fake.lines as { error: { message: string } }[];
    expect(first).toEqual({
      jsonrpc: '2.0',
      id: 'q1',
      error: { code: -32_601, message: "the host has no 'roots/list'" },
    });
    expect(second!.error.message.length).toBeLessThan(200);
    expect(lost()).toBeUndefined();
  });

  test('that asks and asks and never reads is answered no more', async () => {
    const { fake, flush } = openChannel();
    const question = `${JSON.stringify({ id: 'x'.repeat(MIB / 2), method: 'a' })}\n`;
    for (let count = 0; count < 40; count += 1) {
      fake.say(question);
      await flush();
    }
    const answered = fake.written.length;
    expect(answered).toBeLessThan(12);
    fake.say(question);
    await flush();
    expect(fake.written).toHaveLength(answered);
  });

  test('was heard when it last said something, be it half a message', async () => {
    const { fake, channel, clock } = openChannel();
    await clock.advance(100);
    expect(channel.heardAt).toBe(0);
    fake.say('{"method"');
    expect(channel.heardAt).toBe(100);
    await clock.advance(100);
    expect(channel.heardAt).toBe(100);
  });
});

describe('a fault', () => {
  test.each<[FaultKind, object[]]>([
    ['unknown-id', [{ id: 3, result: 1 }]],
    ['unknown-id', [{ id: 0, result: 1 }]],
    ['unknown-id', [{ id: -1, result: 1 }]],
    ['unknown-id', [{ id: 1.5, error: {} }]],
    [
      'answered-twice',
      [
        { id: 1, result: 1 },
        { id: 1, result: 1 },
      ],
    ],
    [
      'answered-twice',
      [
        { id: 1, result: 1 },
        { id: 1, error: { code: 1, message: '' } },
      ],
    ],
    ['garbage', [[]]],
    ['garbage', [{ id: 'one', result: 1 }]],
    ['too-long', [{ id: 1, result: 'x'.repeat(MIB) }]],
  ])('is %s: %j', (kind, messages) => {
    const { fake, ask, fault } = openChannel();
    ask('a');
    ask('b');
    fake.sayLines(...messages);
    expect(fault()).toBe(kind);
  });

  test('is told once, with those who wait, who are told then; what was answered before it stands', () => {
    const { fake, ask, told, channel } = openChannel();
    ask('a');
    ask('b');
    ask('c');
    fake.say('{"id":2,"result":"done"}\nwhat?\n{"id":1,"result":"too late"}\n');
    fake.say('what?\n');
    fake.end();
    channel.ended(KILLED);
    expect(told.map(([what, more]) => [what, typeof more === 'string' ? more : 0])).toEqual([
      ['b', 'answered'],
      ['lost', 0],
      ['a', 'abandoned'],
      ['c', 'abandoned'],
    ]);
    expect(told[1]![2]).toEqual([1, 3]);
    expect(channel.waiting.size).toBe(0);
  });

  test('leaves nothing to be asked: whoever tries is told at once', () => {
    const { fake, ask, channel, told } = openChannel();
    fake.say('what?\n');
    expect(() => ask('a')).toThrow('the worker is gone');
    channel.ping(() => told.push(['pong']));
    expect(told.map(([what]) => what)).toEqual(['lost']);
  });

  test('is a line that never ends: 2 GB of it take no more memory than the longest message', () => {
    const { fake, fault, channel } = openChannel({ longestMessage: 16 * MIB });
    const piece = Buffer.alloc(MIB, 'x');
    const before = memoryInUse();
    for (let count = 0; count < 2_048; count += 1) fake.say(piece);
    expect(memoryInUse() - before).toBeLessThan(48 * MIB);
    expect(fault()).toBe('too-long');
    expect(channel.waiting.size).toBe(0);
  });

  test("an error that is none of the worker's is not taken for one", () => {
    const { fake, channel, asker } = openChannel();
    const answered = () => {
      throw new RangeError('ours');
    };
    channel.ask('do', undefined, undefined, { ...asker('a'), answered });
    expect(() => fake.sayLines({ id: 1, result: 1 })).toThrow(RangeError);
  });
});
