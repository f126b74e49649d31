/** Calls as Node's diagnostics channels tell of them. */
import { tracingChannel } from 'node:diagnostics_channel';
import { expect, onTestFinished, test } from 'vitest';
import { openPool, rejection } from '../support/pool.ts';

type Told = readonly [what: string, trace: Record<string, unknown>];

/** All that is told until the test is over. */
function listen(): Told[] {
  const told: Told[] = [];
  const note = (what: string) => (trace: unknown) => void told.push([what, { ...(trace as object) }]);
  const handlers = {
    start: note('start'),
    end: note('end'),
    asyncStart: note('asyncStart'),
    asyncEnd: note('asyncEnd'),
    error: note('error'),
  };
  const channel = tracingChannel('reeve:call');
  channel.subscribe(handlers);
  onTestFinished(() => void channel.unsubscribe(handlers));
  return told;
}

test('a call that is answered: from its start to its result', async () => {
  const { pool } = await openPool({ min: 1, max: 1 });
  const told = listen();
  expect(await pool.call('echo', { a: 1 })).toEqual({ a: 1 });
  expect(told.map(([what]) => what)).toEqual(['start', 'end', 'asyncStart', 'asyncEnd']);
  expect(told[0]![1]).toEqual({ pool: 'p', method: 'echo', params: { a: 1 } });
  expect(told.at(-1)![1]).toEqual({ pool: 'p', method: 'echo', params: { a: 1 }, result: { a: 1 } });
});

test('a call that fails, be it in its worker or before: with its error', async () => {
  const { pool } = await openPool({ min: 1, max: 1 });
  const told = listen();
  for (const call of [
    () => pool.call('throws', 'no'),
    () => pool.call('echo', () => {}),
    () => pool.call('echo', 1, { signal: AbortSignal.abort(new Error('never')) }),
    () => pool.call('echo', 1, { priority: 1_000 }),
  ]) {
    told.length = 0;
    const error = await rejection(call());
    expect(told.map(([what]) => what)).toEqual(['start', 'end', 'error', 'asyncStart', 'asyncEnd']);
    expect(told.at(-1)![1]['error']).toBe(error);
    expect(told.at(-1)![1]).not.toHaveProperty('result');
  }
});

test('all kinds of calls, each once; a call that is tried again is one', async () => {
  const { pool } = await openPool({ min: 2, max: 2, attempts: 2 });
  const told = listen();
  for await (const _ of pool.stream('numbers', 3));
  for await (const _ of pool.map([1, 2], { method: 'echo' }));
  await pool.proxy()['pid']!();
  await pool.session('s').call('recall');
  {
    await using lease = await pool.acquire();
    await lease.call('pid');
  }
  expect(await rejection(pool.call('exit', 3, { idempotent: true }))).toMatchObject({
    code: 'ERR_REEVE_POISON',
  });
  const methods = ['numbers', 'echo', 'echo', 'pid', 'recall', 'pid', 'exit'];
  for (const what of ['start', 'end', 'asyncStart', 'asyncEnd'])
    expect(told.filter(([one]) => one === what).map(([, { method }]) => method)).toEqual(methods);
  expect(told.filter(([what]) => what === 'error').map(([, { method }]) => method)).toEqual(['exit']);
});
