/** Workers in Node: calls and their answers, on every channel. */
import { describe, expect, test } from 'vitest';
import { CHANNELS, nodeWorker } from '../support/node-worker.ts';

const MIB = 1_024 * 1_024;

describe.each(CHANNELS)('on %s', (channel) => {
  const start = (env?: NodeJS.ProcessEnv) => nodeWorker('answers.mjs', channel, env);

  test('a ping is answered, and so are calls', async () => {
    const worker = start();
    expect(await worker.call('$/ping')).toEqual({ jsonrpc: '2.0', id: 1, result: { sessions: false } });
    expect(await worker.call('add', { a: 2, b: 3 })).toEqual({ jsonrpc: '2.0', id: 2, result: 5 });
    expect((await worker.call('addSlowly', { a: 2, b: 3 })).result).toBe(5);
    expect((await worker.call('thenable')).result).toBe('then');
  });

  test('any JSON value goes there and back', async () => {
    const worker = start();
    const text = 'жук\u2028\0"\\\n\ud800';
    for (const value of [null, true, 0, -1.5e300, text, [], [1, ['two']], { '': {}, ключ: '🐞' }])
      expect((await worker.call('echo', value)).result).toEqual(value);
  });

  test('a large value goes there and back', async () => {
    const large = 'жук 虫 🐞 '.repeat(500_000);
    const { result } = await start().call('echo', large);
    expect(result === large).toBe(true); // a diff of megabytes helps nobody
  });

  test('10,000 requests at once are answered once each, in order', async () => {
    const worker = start();
    const ids = Array.from({ length: 10_000 }, (_, number) => worker.ask('echo', number));
    await worker.answerTo(ids.at(-1)!);
    await worker.call('$/ping');
    worker.messages.pop();
    expect(worker.messages.map(({ id, result }) => [id, result])).toEqual(ids.map((id) => [id, id - 1]));
  });

  test('a handler is given its params and its context', async () => {
    const worker = start();
    expect((await worker.call('count')).result).toBe(2);
    const known = { method: 'whoami', cancelled: false };
    expect((await worker.call('whoami')).result).toEqual({ ...known, id: 2, session: null });
    const { result } = await worker.call('whoami', null, { session: 'anna' });
    expect(result).toEqual({ ...known, id: 3, session: 'anna' });
  });

  test('progress and log come in order, before the answer', async () => {
    const worker = start();
    await worker.call('tell');
    expect(worker.messages).toEqual([
      { jsonrpc: '2.0', method: '$/progress', params: { id: 1, value: { done: 1 } } },
      { jsonrpc: '2.0', method: '$/log', params: { level: 'info', message: 'half of it' } },
      { jsonrpc: '2.0', method: '$/log', params: { level: 'warn', message: 'almost', data: [1, 'two'] } },
      { jsonrpc: '2.0', method: '$/progress', params: { id: 1, value: null } },
      { jsonrpc: '2.0', id: 1, result: 'told' },
    ]);
  });

  test('nothing is told of a call that is answered, but its log is', async () => {
    const worker = start();
    await worker.call('tellLate');
    await worker.message('the log', ({ method }) => method === '$/log');
    await worker.call('$/ping');
    expect(worker.messages.map(({ id, method }) => method ?? id)).toEqual([1, '$/log', 2]);
  });

  test('what nobody serves is an error that says what there is, and unknown notifications are passed over', async () => {
    const worker = start();
    worker.notify('$/whatever', { id: 5 });
    worker.cancel(77);
    const { error } = await worker.call('subtract');
    expect(error).toMatchObject({
      code: -32_601,
      message: expect.stringMatching(/^no method 'subtract'; there are: add, /),
    });
    expect(error!.message).not.toContain('$/');
    expect((await worker.call('toString')).error!.code).toBe(-32_601);
    expect(worker.messages).toHaveLength(2);
  });

  describe('what is thrown is an error', () => {
    test.each(['throwIt', 'rejectWith'])('with its class, message and stack; by %s', async (method) => {
      const { error } = await start().call(method, 'error');
      expect(error).toMatchObject({ code: -32_000, message: 'too far', data: { name: 'RangeError' } });
      expect(error!.data!.stack).toMatch(/^RangeError: too far\n {4}at .*answers\.mjs/);
      expect(error!.data).not.toHaveProperty('data');
    });

    test('with what it carries', async () => {
      const worker = start();
      for (const [name, message, data] of [
        ['its data', 'with data', { limit: 5 }],
        ['a system error', 'ENOENT', { code: 'ENOENT', errno: -2 }],
        ['a string', 'only a string', 'only a string'],
        ['an object', '[object Object]', { a: 1 }],
        ['null', 'null', null],
      ]) {
        const { error } = await worker.call('throwIt', name);
        expect(error).toMatchObject({ code: -32_000, message, data: { data } });
      }
    });

    test('however odd it is', async () => {
      const worker = start();
      for (const [name, message] of [
        ['its circle', 'round'],
        ['its function', 'with a function'],
        ['undefined', 'undefined'],
        ['a symbol', 'Symbol(odd)'],
        ['without a prototype', 'what cannot be shown'],
        ['evil', 'what cannot be shown'],
        ['an evil error', 'evil'],
        ['an odd error', '[object Object]'],
        ['a proxy', 'what cannot be shown'],
      ]) {
        for (const method of ['throwIt', 'rejectWith'])
          expect((await worker.call(method, name)).error).toMatchObject({ code: -32_000, message });
      }
    });

    test('with its stack, though what it carries cannot be sent', async () => {
      const { error } = await start().call('throwIt', 'its function');
      expect(error!.data).toMatchObject({ name: 'Error', stack: expect.stringContaining('answers.mjs') });
    });

    test('of a result that is no promise after all', async () => {
      expect((await start().call('evilThenable')).error!.message).toBe('no then');
    });
  });

  test('progress that cannot be sent is thrown in the face of its handler', async () => {
    const { error } = await start().call('tellWhatCannotBe');
    expect(error!.message).toMatch(/^the progress cannot be sent: /);
  });

  describe('the longest message', () => {
    const LONGEST = 2_000;
    const limited = () => start({ REEVE_LONGEST_MESSAGE: String(LONGEST) });

    test('passes; a longer result is an error that says so, and the worker goes on', async () => {
      const worker = limited();
      const around = channel === 'frames' ? '[1,1,0,""]' : '{"jsonrpc":"2.0","id":1,"result":""}';
      expect((await worker.call('long', LONGEST - around.length)).result).toHaveLength(
        LONGEST - around.length,
      );
      const { error } = await worker.call('long', LONGEST - around.length + 1);
      expect(error).toEqual({
        code: -32_000,
        message: `the result cannot be sent: a message is longer than ${LONGEST} bytes`,
        data: { name: 'TypeError' },
      });
      expect((await worker.call('add', { a: 1, b: 1 })).result).toBe(2);
    });

    test('cuts an error short that is longer', async () => {
      const { error } = await limited().call('throwIt', 'a long message');
      expect(error).toMatchObject({ code: -32_000, message: expect.stringMatching(/^x{120}…$/) });
    });

    test('has what children of the worker need not know taken away', async () => {
      expect((await limited().call('environment')).result).toEqual([null, String(LONGEST)]);
    });
  });
});

describe('a result that cannot be sent is an error', () => {
  test.each([
    ['circle', 'circular'],
    ['bigint', 'BigInt'],
  ])('in JSON lines: %s', async (what, why) => {
    const worker = nodeWorker('answers.mjs', 'fd3');
    const { error } = await worker.call('give', what);
    expect(error!.message).toMatch(/^the result cannot be sent: /);
    expect(error!.message).toContain(why);
    expect((await worker.call('add', { a: 1, b: 1 })).result).toBe(2);
  });

  test.each(['function', 'symbol', 'promise'])('in frames: %s', async (what) => {
    const worker = nodeWorker('answers.mjs', 'frames');
    const { error } = await worker.call('give', what);
    expect(error!.message).toMatch(/^the result cannot be sent: .*could not be cloned/);
    expect((await worker.call('add', { a: 1, b: 1 })).result).toBe(2);
  });
});

test('frames carry there and back what JSON does not', async () => {
  const worker = nodeWorker('answers.mjs', 'frames');
  const values = [
    Buffer.alloc(3 * MIB, 7),
    new Map([['a', new Set([1n])]]),
    new Date(0),
    Float32Array.of(0.5),
    Uint8Array.of(1, 2).buffer,
    undefined,
    [Number.NaN, -0],
  ];
  for (const value of values) {
    const { result } = await worker.call('echo', value);
    if (Buffer.isBuffer(value)) expect(value.equals(result as Buffer)).toBe(true);
    else expect(result).toStrictEqual(value);
  }
  const { result } = await worker.call('give', 'circle');
  expect((result as { self: unknown }).self).toBe(result);
});

test('sessions are known by their keys, and handed on', async () => {
  const worker = nodeWorker('sessions.mjs');
  const heir = nodeWorker('sessions.mjs');
  expect((await worker.call('$/ping')).result).toEqual({ sessions: true });
  await worker.call('add', 1, { session: 'anna' });
  await worker.call('add', 5, { session: 'otto' });
  expect((await worker.call('add', 2, { session: 'anna' })).result).toBe(3);
  const { result: saved } = await worker.call('$/session.save', { session: 'anna' });
  expect(saved).toEqual({ sum: 3 });
  expect((await worker.call('known')).result).toEqual(['otto']);
  expect((await heir.call('$/session.load', { session: 'anna', saved })).result).toBeNull();
  expect((await heir.call('add', 4, { session: 'anna' })).result).toBe(7);
});
