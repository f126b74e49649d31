/** Workers in Python: what is longer than the pool takes is an error, and no end of the worker. */
import { describe, expect, test } from 'vitest';
import { type Channel, JsonWorker, PYTHON_ENV, pythonFixture } from '../support/json-worker.ts';

const LONGEST = 2_000;

describe.each<Channel>(['stdio', 'fd3'])('on %s', (channel) => {
  const start = (longest: number) =>
    new JsonWorker('python3', [pythonFixture('answers.py')], {
      channel,
      env: { ...PYTHON_ENV, REEVE_LONGEST_MESSAGE: String(longest) },
    });

  test('a result of just the limit passes; one that is longer is an error that says so', async () => {
    const worker = start(LONGEST);
    const fits = LONGEST - '{"jsonrpc":"2.0","id":1,"result":""}'.length;
    expect((await worker.call('be_long', fits)).result).toHaveLength(fits);
    expect((await worker.call('be_long', fits + 1)).error).toMatchObject({
      code: -32_000,
      message: `cannot be sent: a message of ${LONGEST + 1} bytes is longer than ${LONGEST} bytes`,
      data: { name: 'ValueError' },
    });
    expect((await worker.call('add', { a: 2, b: 3 })).result).toBe(5);
  });

  test('a result is measured as it is written, in bytes', async () => {
    const { error } = await start(LONGEST).call('echo', 'ж'.repeat(400)); // each is six: \u0436
    expect(error!.message).toMatch(/^cannot be sent: a message of 24\d\d bytes/);
  });

  test('an error that is longer is told in short', async () => {
    const worker = start(1_024);
    expect((await worker.call('fail_at_length', 5_000)).error).toEqual({
      code: -32_000,
      message: '🐞'.repeat(60),
    });
    expect((await worker.call('m'.repeat(900))).error!.message).toBe(`no such method: ${'m'.repeat(60)}`);
    expect((await worker.call('add', { a: 2, b: 3 })).result).toBe(5);
  });

  test('progress that is longer is an exception of the handler', async () => {
    const worker = start(LONGEST);
    expect((await worker.call('tell_at_length', LONGEST)).error!.message).toMatch(/^cannot be sent: /);
    expect(worker.messages).toHaveLength(1);
  });
});
