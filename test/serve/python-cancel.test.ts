/** Workers in Python: cancellation, pings of the busy, and threads. */
import { expect, test } from 'vitest';
import { type Message, pythonWorker } from '../support/json-worker.ts';

const CANCELLED: Message = {
  jsonrpc: '2.0',
  id: 1,
  error: {
    code: -32800,
    message: 'the call was cancelled',
    data: { name: 'Cancelled', stack: expect.any(String) },
  },
};

test.each(['1', '3'])('a call that runs is told that it is cancelled; of %s threads', async (threads) => {
  const worker = pythonWorker('takes-its-time.py', 'stdio', threads);
  const id = worker.ask('hold');
  await worker.told('$/progress', id);
  worker.cancel(id);
  expect((await worker.answerTo(id)).result).toBe(true);
});

test('a call that lets Cancelled pass is answered as cancelled', async () => {
  const worker = pythonWorker('takes-its-time.py', 'stdio', '1');
  const id = worker.ask('give_in');
  await worker.told('$/progress', id);
  worker.cancel(id);
  worker.cancel(id);
  expect(await worker.answerTo(id)).toEqual(CANCELLED);
  await worker.call('$/ping');
  expect(worker.messages.filter((message) => message.id === id)).toHaveLength(1);
});

test('a coroutine is cancelled where it awaits', async () => {
  const worker = pythonWorker('takes-its-time.py', 'stdio', '1');
  const first = worker.ask('hold_async');
  await worker.told('$/progress', first);
  worker.cancel(first);
  expect((await worker.answerTo(first)).error!.code).toBe(-32800);
  expect(worker.messages).toContainEqual(
    expect.objectContaining({ method: '$/log', params: { level: 'info', message: 'cleared up' } }),
  );
  const second = worker.ask('clear_up_async');
  await worker.told('$/progress', second);
  worker.cancel(second);
  expect((await worker.answerTo(second)).result).toBe('cleared up');
});

test('a call that waits for another is answered at once, and not run', async () => {
  const worker = pythonWorker('takes-its-time.py', 'stdio', '1');
  const running = worker.ask('hold', 'running');
  await worker.told('$/progress', running);
  const waiting = worker.ask('hold', 'waiting');
  worker.cancel(waiting);
  expect(await worker.answerTo(waiting)).toEqual({ ...CANCELLED, id: waiting });
  expect(worker.messages.some(({ id }) => id === running)).toBe(false);
  worker.cancel(running);
  expect((await worker.call('ran')).result).toEqual(['running']);
});

test('a ping is answered while a handler is busy', async () => {
  const worker = pythonWorker('takes-its-time.py', 'stdio', '1');
  const busy = worker.ask('compute');
  await worker.told('$/progress', busy);
  expect((await worker.call('$/ping')).result).toBeNull();
  expect((await worker.call('subtract')).error!.code).toBe(-32601);
  worker.cancel(busy);
  expect((await worker.answerTo(busy)).result).toBe('computed');
});

test('one thread is the main one; several run as many calls at a time, on others', async () => {
  const alone = pythonWorker('takes-its-time.py', 'stdio', '1');
  expect((await alone.call('tell_late')).result).toBe(true);
  const three = pythonWorker('takes-its-time.py', 'stdio', '3');
  const ids = Array.from({ length: 9 }, () => three.ask('meet'));
  const answers = await Promise.all(ids.map((id) => three.answerTo(id)));
  expect(answers.map(({ result }) => result)).toEqual(ids.map(() => true));
  expect((await three.call('tell_late')).result).toBe(false);
});

test('no more calls run at a time than there are threads', async () => {
  const worker = pythonWorker('takes-its-time.py', 'stdio', '2');
  const held = [worker.ask('hold', 1), worker.ask('hold', 2)];
  for (const id of held) await worker.told('$/progress', id);
  const waiting = worker.ask('hold', 3);
  worker.cancel(waiting);
  expect((await worker.answerTo(waiting)).error!.code).toBe(-32800);
  for (const id of held) worker.cancel(id);
  expect((await worker.call('ran')).result).toHaveLength(2);
});

test('of a call that is answered no progress is told any more', async () => {
  const worker = pythonWorker('takes-its-time.py', 'stdio', '1');
  const id = worker.ask('tell_late');
  await worker.answerTo(id);
  worker.endInput(); // cancels what still waits, were it for its thread alone
  expect(await worker.ended).toEqual({ code: 0, signal: null });
  expect(worker.allTold('$/progress', id)).toEqual([{ id, value: 'held' }]);
});
