/** Workers in Node: how calls are cancelled, what is printed, and how the process ends. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { describe, expect, onTestFinished, test } from 'vitest';
import { JsonWorker } from '../support/json-worker.ts';
import { CHANNELS, nodeFixture, nodeWorker } from '../support/node-worker.ts';
import { isAlive, until } from '../support/processes.ts';

/** Milliseconds within which a worker is gone that has two seconds to finish. */
const SOON = 10_000;

describe.each(CHANNELS)('on %s', (channel) => {
  const start = () => nodeWorker('takes-its-time.mjs', channel);

  test.each([
    ['hold', { result: 'held until the end' }],
    ['giveIn', { error: expect.objectContaining({ code: -32_800, message: 'The operation was aborted' }) }],
    ['throwReason', { error: expect.objectContaining({ code: -32_800 }) }],
    ['poll', { result: [true, 'ERR_REEVE_CANCELLED', true] }],
  ])(
    'a call that is cancelled is told by its signal, and answers as it likes: %s',
    async (method, outcome) => {
      const worker = start();
      const id = worker.ask(method);
      const other = worker.ask('hold');
      await worker.told('$/progress', id);
      worker.cancel(id);
      expect(await worker.answerTo(id)).toEqual({ jsonrpc: '2.0', id, ...outcome });
      worker.cancel(id); // too late, and no harm
      await worker.call('$/ping');
      expect(worker.messages.filter((message) => message.id === other)).toEqual([]);
    },
  );

  test('a worker with nothing to do ends with its input', async () => {
    const worker = start();
    await worker.call('$/ping');
    worker.endInput();
    expect(await worker.ended).toEqual({ code: 0, signal: null });
    expect(worker.stderr).toBe('exits with 0\n');
  });

  test('at the end of its input its calls are cancelled, and may finish and answer', async () => {
    const worker = start();
    const ids = ['hold', 'finish', 'giveIn'].map((method) => worker.ask(method));
    for (const id of ids) await worker.told('$/progress', id);
    worker.endInput();
    expect(await worker.ended).toEqual({ code: 0, signal: null });
    const answers = ids.map((id) => worker.messages.find((message) => message.id === id));
    expect(answers.map((answer) => answer?.result ?? answer?.error?.code)).toEqual([
      'held until the end',
      'finished',
      -32_800,
    ]);
  });

  test('a worker goes even if a handler hangs', async () => {
    const worker = start();
    const id = worker.ask('hang');
    await worker.told('$/progress', id);
    const before = performance.now();
    worker.endInput();
    expect(await worker.ended).toEqual({ code: 0, signal: null });
    expect(performance.now() - before).toBeLessThan(SOON);
  });

  test('what is printed is no answer', async () => {
    const worker = nodeWorker('prints.mjs', channel);
    expect((await worker.call('print')).result).toBe('printed');
    expect(worker.messages).toHaveLength(1);
    worker.endInput();
    await worker.ended;
    const printed = ['by console.log', 'by console.info', 'by node:console', 'by process.stdout', ''].join(
      '\n',
    );
    expect([worker.stdout, worker.stderr]).toEqual(
      channel === 'stdio' ? ['', `before serve\n${printed}`] : [printed, 'before serve\n'],
    );
  });
});

test.each(['fd3', 'frames'] as const)('descriptor 3 is not inherited by children; %s', async (channel) => {
  const worker = nodeWorker('prints.mjs', channel);
  expect((await worker.call('descriptors')).result).toBe('');
  const own = (await worker.call('own')).result as string[];
  expect(own.some((target) => target?.startsWith('socket:'))).toBe(true);
});

describe.each(['stdio', 'fd3'])('a worker goes whose host was killed; on %s', (channel) => {
  test('though a handler hangs', async () => {
    const worker = [process.execPath, nodeFixture('takes-its-time.mjs')];
    const args = [nodeFixture('../hosts-a-worker.mjs'), channel, 'hang', ...worker];
    const host = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'pipe'], // both are the worker's, too: they close when it is gone
    });
    const gone = new Promise((resolve) => host.once('close', resolve));
    onTestFinished(() => void host.kill('SIGKILL'));
    host.stderr.resume();
    const pid = await new Promise((resolve) => createInterface({ input: host.stdout }).once('line', resolve));
    onTestFinished(() => void (isAlive(Number(pid)) && process.kill(Number(pid), 'SIGKILL')));
    const before = performance.now();
    host.kill('SIGKILL');
    await gone;
    await until('it is gone', () => !isAlive(Number(pid))); // its files close a moment before
    expect(performance.now() - before).toBeLessThan(SOON);
  });
});

test('a worker goes when nobody reads its answers, as at the end of its input', async () => {
  const worker = nodeWorker('takes-its-time.mjs');
  const id = worker.ask('hang');
  await worker.told('$/progress', id);
  worker.process.stdout!.destroy();
  worker.ask('$/ping');
  expect(await worker.ended).toEqual({ code: 0, signal: null });
});

test('without a name the channel is stdin and stdout; an unknown one is refused, and so is an odd limit', async () => {
  const worker = nodeWorker('answers.mjs', 'stdio', { REEVE_CHANNEL: undefined });
  expect((await worker.call('add', { a: 1, b: 1 })).result).toBe(2);
  const odd = nodeWorker('answers.mjs', 'stdio', { REEVE_CHANNEL: 'smoke' });
  expect((await odd.ended).code).toBe(1);
  expect(odd.stderr).toContain("REEVE_CHANNEL is 'smoke'; reeve/worker speaks stdio, fd3, frames");
  const small = nodeWorker('answers.mjs', 'stdio', { REEVE_LONGEST_MESSAGE: '64MB' });
  expect((await small.ended).code).toBe(1);
  expect(small.stderr).toContain("REEVE_LONGEST_MESSAGE is '64MB'; expected a whole number from 1024 on");
});

test('a host that speaks nonsense ends it, with a word on stderr', async () => {
  const worker = nodeWorker('answers.mjs');
  worker.write('hello');
  expect((await worker.ended).code).toBe(1);
  expect(worker.stderr).toBe('reeve: the host cannot be understood: expected a line of JSON, got: hello\n');
});

test('serve() is called once, with functions', async () => {
  const worker = nodeWorker('refuses.mjs');
  expect((await worker.call('run')).result).toEqual([
    "the method 'a' cannot be served: expected a function, got number",
    "the method '$/ping' cannot be served: names with $/ are Reeve's own",
  ]);
  expect((await worker.call('run', 'again')).error!.message).toBe(
    'serve() was called before: a worker has one set of handlers',
  );
  expect((await worker.call('run')).result).toHaveLength(2);
});

test('a worker that is tried by hand answers what is typed, and ends with it', async () => {
  const worker = new JsonWorker(process.execPath, [nodeFixture('answers.mjs')], {
    env: { REEVE_CHANNEL: undefined },
  });
  worker.write('{"id":1,"method":"add","params":{"a":1,"b":2}}');
  worker.endInput();
  expect(await worker.ended).toEqual({ code: 0, signal: null });
  expect(worker.messages).toEqual([{ jsonrpc: '2.0', id: 1, result: 3 }]);
});
