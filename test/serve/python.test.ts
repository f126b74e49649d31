/** Workers in Python: calls and their answers, on both channels. */
import { describe, expect, test } from 'vitest';
import { type Channel, type JsonWorker, pythonWorker } from '../support/json-worker.ts';

const CHANNELS: readonly Channel[] = ['stdio', 'fd3'];

const LARGE = 'жук 虫 🐞 '.repeat(5_000_000 / 'жук 虫 🐞 '.length);

/** The error that a call is answered with. */
async function errorOf(worker: JsonWorker, method: string, params?: unknown) {
  const { error } = await worker.call(method, params);
  return error!;
}

describe.each(CHANNELS)('on %s', (channel) => {
  test('a ping is answered, and so are calls', async () => {
    const worker = pythonWorker('answers.py', channel);
    expect(await worker.call('$/ping')).toEqual({ jsonrpc: '2.0', id: 1, result: null });
    expect(await worker.call('add', { a: 2, b: 3 })).toEqual({ jsonrpc: '2.0', id: 2, result: 5 });
  });

  test.each([null, true, 0, -1.5e300, 'жук\u2028\0"\\\n\ud800', [], [1, ['two']], { '': {}, ключ: '🐞' }])(
    'any JSON value goes there and back: %j',
    async (value) => {
      const worker = pythonWorker('answers.py', channel);
      expect((await worker.call('echo', value)).result).toEqual(value);
    },
  );

  test('a large value goes there and back', async () => {
    const worker = pythonWorker('answers.py', channel);
    const { result } = await worker.call('echo', LARGE);
    expect(result === LARGE).toBe(true); // a diff of 5 MB helps nobody
  });

  test('10,000 requests at once are answered once each, in order', async () => {
    const worker = pythonWorker('answers.py', channel);
    const ids = Array.from({ length: 10_000 }, (_, number) => worker.ask('echo', number));
    await worker.answerTo(ids.at(-1)!);
    await worker.call('$/ping');
    worker.messages.pop();
    expect(worker.messages.map(({ id, result }) => [id, result])).toEqual(ids.map((id) => [id, id - 1]));
  });

  test('progress, log, heartbeats and other notifications come in order, before the answer', async () => {
    const worker = pythonWorker('answers.py', channel);
    await worker.call('tell');
    expect(worker.messages).toEqual([
      { jsonrpc: '2.0', method: '$/progress', params: { id: 1, value: { done: 1 } } },
      { jsonrpc: '2.0', method: '$/log', params: { level: 'info', message: 'half of it' } },
      { jsonrpc: '2.0', method: '$/log', params: { level: 'warn', message: 'almost', data: [1, 'two'] } },
      { jsonrpc: '2.0', method: '$/heartbeat' },
      { jsonrpc: '2.0', method: 'weather', params: { sun: true } },
      { jsonrpc: '2.0', method: '$/progress', params: { id: 1, value: null } },
      { jsonrpc: '2.0', id: 1, result: 'told' },
    ]);
  });
});

describe('handlers', () => {
  test('are given as much of their params and their context as they take', async () => {
    const worker = pythonWorker('answers.py');
    expect((await worker.call('nothing', 'unasked')).result).toBeNull();
    expect((await worker.call('anything')).result).toBe(2);
    expect((await worker.call('len', 'four')).result).toBe(4);
    expect((await worker.call('echo')).result).toBeNull(); // no params are None
  });

  test('know their id, their method and their session', async () => {
    const worker = pythonWorker('answers.py');
    const known = { method: 'whoami', cancelled: false };
    expect((await worker.call('whoami')).result).toEqual({ ...known, id: 1, session: null });
    const { result } = await worker.call('whoami', null, { session: 'anna' });
    expect(result).toEqual({ ...known, id: 2, session: 'anna' });
  });

  test('may be coroutines', async () => {
    const worker = pythonWorker('answers.py');
    expect((await worker.call('add_slowly', { a: 2, b: 3 })).result).toBe(5);
    expect(await errorOf(worker, 'fail_slowly')).toMatchObject({
      message: "'drawer'",
      data: { name: 'KeyError' },
    });
  });

  test('may be one, whose method is `run`', async () => {
    const worker = pythonWorker('serves-one-function.py');
    expect((await worker.call('run', 'ha')).result).toBe('haha');
    expect((await errorOf(worker, '__call__')).code).toBe(-32601);
  });

  test('that cannot be served are refused at once', async () => {
    const worker = pythonWorker('refuses-to-serve.py');
    expect(await worker.ended).toEqual({ code: 0, signal: null });
    expect(worker.stderr.split('\n')).toEqual([
      expect.stringMatching(
        /^TypeError the method '\$\/ping' cannot be served with <built-in function print>/,
      ),
      "TypeError the method 'add' cannot be served with 3",
      expect.stringMatching(/^TypeError the method 1 cannot be served/),
      'ValueError threads is a whole number above 0, not 0',
      'ValueError threads is a whole number above 0, not 1.5',
      '',
    ]);
  });
});

describe('an exception', () => {
  test('is the answer, with its name, its traceback from the handler on, and its data', async () => {
    const { code, message, data } = await errorOf(pythonWorker('answers.py'), 'refuse', { limit: 3 });
    expect({ code, message }).toEqual({ code: -32000, message: 'ценa is too high' });
    expect(data).toEqual({ name: 'Refused', stack: expect.any(String), data: { limit: 3 } });
    const stack = data!.stack.split('\n');
    expect(stack[0]).toBe('Traceback (most recent call last):');
    expect(stack[1]).toMatch(/answers\.py", line \d+, in refuse$/);
    expect(data!.stack).toMatch(/Refused: ценa is too high\n$/);
  });

  test('whose data or words cannot be told is told without', async () => {
    const worker = pythonWorker('answers.py');
    expect((await errorOf(worker, 'refuse_oddly')).data).toEqual({
      name: 'Refused',
      stack: expect.any(String),
    });
    expect((await errorOf(worker, 'be_unspeakable')).message).toBe('Unspeakable');
  });

  test.each([
    ['nan', /^cannot be written as JSON: .*not JSON compliant/],
    ['infinity', /^cannot be written as JSON: .*not JSON compliant/],
    ['a_set', 'cannot be written as JSON: Object of type set is not JSON serializable'],
    ['circle', 'cannot be written as JSON: Circular reference detected'],
    ['bad_progress', /^cannot be written as JSON: .*not JSON compliant/],
    ['bad_level', "no such level: 'loud'"],
  ])('says of what is not JSON, or no level: %s', async (method, message) => {
    const worker = pythonWorker('answers.py');
    const error = await errorOf(worker, method);
    expect(error).toMatchObject({ code: -32000, message: expect.stringMatching(message) });
    expect((await worker.call('echo', 1)).result).toBe(1);
  });
});

describe('what is no request', () => {
  test('of an unknown method is answered so', async () => {
    expect(await errorOf(pythonWorker('answers.py'), 'subtract')).toEqual({
      code: -32601,
      message: 'no such method: subtract',
    });
  });

  test.each([
    '',
    'nonsense',
    '[]',
    'null',
    '{"jsonrpc":"2.0","id":1}',
    '{"jsonrpc":"2.0","id":1,"method":1}',
    '{"jsonrpc":"2.0","id":[],"method":"echo"}',
    '{"jsonrpc":"2.0","method":"$/cancelRequest"}',
    '{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":{}}}',
    '['.repeat(100_000),
  ])('is ignored, and told on stderr: %.60s', async (line) => {
    const worker = pythonWorker('answers.py');
    worker.write(line);
    await worker.call('$/ping');
    await worker.until('it complains', () =>
      worker.stderr.includes(`ignored, for it is no request: b'${line.slice(0, 100)}`),
    );
    expect(worker.messages).toHaveLength(1);
  });

  test.each([
    '{"jsonrpc":"2.0","id":7,"method":"echo"',
    `{"jsonrpc":"2.0","id":7,"method":"echo","params":${'['.repeat(5_000)}${']'.repeat(5_000)}}`, // too deep for Python
  ])('but who asked what cannot be read does not wait for ever: %.60s', async (line) => {
    const worker = pythonWorker('answers.py');
    worker.write(line);
    expect((await worker.answerTo(7)).error).toMatchObject({ code: -32_700 });
    expect((await worker.call('add', { a: 2, b: 3 })).result).toBe(5);
  });

  test('but a notification is passed over in silence', async () => {
    const worker = pythonWorker('answers.py');
    worker.notify('$/whatever', { anything: 1 });
    worker.notify('echo', 1);
    worker.cancel(1_000); // never asked, or answered
    await worker.call('$/ping');
    expect(worker.messages).toHaveLength(1);
    expect(worker.stderr).toBe('');
  });
});

describe('what is yielded', () => {
  test.each(['count', 'count_async'])('is streamed to a caller who wants a stream: %s', async (method) => {
    const worker = pythonWorker('yields.py');
    const { id, result } = await worker.call(method, 3, { stream: true });
    expect(worker.allTold('$/stream', id!)).toEqual([0, 1, 2].map((item) => ({ id, item })));
    expect(result).toBe(method === 'count' ? 'counted' : null); // an async generator returns nothing
  });

  test.each(['count', 'count_async'])('is collected for others: %s', async (method) => {
    const worker = pythonWorker('yields.py');
    expect((await worker.call(method, 3)).result).toEqual([0, 1, 2]);
    expect((await worker.call(method, 0)).result).toEqual([]);
    expect(worker.messages).toHaveLength(2);
  });

  test('ends with the exception that ends it', async () => {
    const worker = pythonWorker('yields.py');
    const { id, error } = await worker.call('stumble', null, { stream: true });
    expect(worker.allTold('$/stream', id!)).toEqual([{ id, item: 'one' }]);
    expect(error).toMatchObject({ code: -32000, message: 'two', data: { name: 'ValueError' } });
    const { error: unsaid } = await worker.call('yield_a_set', null, { stream: true });
    expect(unsaid!.message).toMatch(/^cannot be written as JSON/);
  });

  test('is nothing when the handler does not yield: a list is a result', async () => {
    const worker = pythonWorker('yields.py');
    expect((await worker.call('list', null, { stream: true })).result).toEqual([1, 2]);
    expect(worker.messages).toHaveLength(1);
  });

  test.each(['forever', 'forever_async'])('ends when it is cancelled: %s', async (method) => {
    const worker = pythonWorker('yields.py');
    const id = worker.ask(method, null, { stream: true });
    await worker.told('$/stream', id);
    worker.cancel(id);
    expect((await worker.answerTo(id)).error!.code).toBe(-32800);
    await worker.message('it is closed', ({ params }) => params?.message === 'closed');
  });
});
