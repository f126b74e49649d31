/** Workers in Python: what they print, what their children get, and how they end. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Channel, JsonWorker, PYTHON_ENV, pythonFixture, pythonWorker } from '../support/json-worker.ts';
import { isAlive, until } from '../support/processes.ts';

const CHANNELS: readonly Channel[] = ['stdio', 'fd3'];

/** Milliseconds within which a worker is gone that has two seconds to finish. */
const SOON = 10_000;

const PRINTED = [
  'printed before serve',
  'written before serve',
  'printed',
  'written to sys.stdout',
  'written to sys.__stdout__',
  'written to descriptor 1',
  'echoed by a shell',
  'echoed by a child',
  'put by C',
];

describe('what is printed', () => {
  test('goes to stderr where stdout is the channel', async () => {
    const worker = pythonWorker('prints-everywhere.py');
    expect((await worker.call('print_everywhere')).result).toBe('printed');
    await worker.until('all is printed', () => worker.stderr.includes('put by C'));
    expect(worker.stderr.trimEnd().split('\n')).toEqual(PRINTED);
    expect(worker.messages).toHaveLength(1);
  });

  test('goes to stdout, at once, where the channel is descriptor 3', async () => {
    const worker = pythonWorker('prints-everywhere.py', 'fd3');
    expect((await worker.call('print_everywhere')).result).toBe('printed');
    worker.process.kill('SIGKILL');
    await worker.ended;
    expect(worker.stdout.trimEnd().split('\n').sort()).toEqual([...PRINTED].sort());
    expect(worker.stderr).toBe('');
  });
});

describe.each(CHANNELS)('the channel, %s,', (channel) => {
  test('is not inherited by children, nor is its name', async () => {
    const worker = pythonWorker('prints-everywhere.py', channel);
    const found = (await worker.call('descriptors')).result as Record<string, string>;
    expect(
      Object.keys(found).filter((number) => number > '2' && found[number]!.startsWith('socket:')),
    ).toEqual([]);
    if (channel === 'stdio') expect(found).toMatchObject({ 0: '/dev/null', 1: found[2] });
    expect((await worker.call('environment')).result).toBeNull();
  });

  test('is closed in a forked child, which can say nothing', async () => {
    const worker = pythonWorker('prints-everywhere.py', channel);
    const { id, result } = await worker.call('fork');
    onTestFinished(() => void (isAlive(Number(result)) && process.kill(Number(result), 'SIGKILL')));
    worker.process.kill('SIGKILL');
    await worker.channelEnded;
    expect(worker.messages.map((message) => message.id)).toEqual([id]);
  });
});

test('stdin holds nothing for a handler where it is the channel', async () => {
  expect((await pythonWorker('prints-everywhere.py').call('read')).result).toBe('nothing to read');
});

test('without a name the channel is stdin and stdout; an unknown one is refused', async () => {
  const args = [pythonFixture('serves-one-function.py')];
  const worker = new JsonWorker('python3', args, { env: { ...PYTHON_ENV, REEVE_CHANNEL: undefined } });
  expect((await worker.call('run', 2)).result).toBe(4);
  const refused = new JsonWorker('python3', args, { env: { ...PYTHON_ENV, REEVE_CHANNEL: 'frames' } });
  expect(await refused.ended).toEqual({ code: 1, signal: null });
  expect(refused.stderr).toMatch("REEVE_CHANNEL is 'frames'; reeve_worker speaks 'stdio' and 'fd3'");
});

test('before serve() signs of life are sent to a host, and by a program without a host nowhere', async () => {
  const worker = pythonWorker('beats-before-serve.py');
  await worker.call('$/ping');
  expect(worker.messages).toEqual([
    { jsonrpc: '2.0', method: '$/heartbeat' },
    { jsonrpc: '2.0', method: 'loaded', params: 0.5 },
    { jsonrpc: '2.0', id: 1, result: null },
  ]);
  const env = { ...process.env, ...PYTHON_ENV, REEVE_CHANNEL: undefined };
  const alone = spawn('python3', [pythonFixture('beats-before-serve.py')], { env, stdio: 'pipe' });
  onTestFinished(() => void alone.kill('SIGKILL'));
  const said = text(alone.stdout);
  alone.stdin.end();
  expect(await said).toBe('loading\n');
});

describe.each(CHANNELS)('at the end of its input on %s', (channel) => {
  test('a worker with nothing to do returns from serve()', async () => {
    const worker = pythonWorker('takes-its-time.py', channel, '1');
    await worker.call('$/ping');
    worker.endInput();
    expect(await worker.ended).toEqual({ code: 0, signal: null });
    expect(worker.stderr).toBe('cleared up\n');
  });

  test.each(['1', '3'])('its calls are cancelled, and may finish; of %s threads', async (threads) => {
    const worker = pythonWorker('takes-its-time.py', channel, threads);
    const running = ['hold', 'hold_async', 'compute'].slice(0, Number(threads));
    const ids = running.map((method) => worker.ask(method));
    for (const id of ids) await worker.told('$/progress', id);
    const waiting = worker.ask('hold');
    await worker.call('$/ping'); // it has read what came before
    worker.endInput();
    expect(await worker.ended).toEqual({ code: 0, signal: null });
    expect((await worker.answerTo(ids[0]!)).result).toBe(true);
    expect((await worker.answerTo(waiting)).error!.code).toBe(-32800);
    expect(worker.stderr).toBe('cleared up\n');
  });

  test('a worker goes even if a handler hangs', async () => {
    const worker = pythonWorker('takes-its-time.py', channel, '1');
    const id = worker.ask('ignore');
    await worker.told('$/progress', id);
    const before = performance.now();
    worker.endInput();
    expect(await worker.ended).toEqual({ code: 0, signal: null });
    expect(performance.now() - before).toBeLessThan(SOON);
    expect(worker.stderr).toBe('');
  });

  test.each(['1', '2'])('a worker goes whose host was killed; of %s threads', async (threads) => {
    const worker = ['python3', pythonFixture('takes-its-time.py'), threads];
    const args = [pythonFixture('../hosts-a-worker.mjs'), channel, 'ignore', ...worker];
    const host = spawn(process.execPath, args, {
      env: { ...process.env, ...PYTHON_ENV },
      stdio: ['ignore', 'pipe', 'pipe'], // both are the worker's, too: they close when it is gone
    });
    const gone = new Promise((resolve) => host.once('close', resolve));
    onTestFinished(() => void host.kill('SIGKILL'));
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
  const worker = pythonWorker('takes-its-time.py', 'stdio', '1');
  const id = worker.ask('ignore');
  await worker.told('$/progress', id);
  worker.process.stdout!.destroy();
  worker.ask('$/ping');
  expect(await worker.ended).toEqual({ code: 0, signal: null });
  expect(worker.stderr).toBe('');
});

describe.each(['1', '2'])('with %s threads', (threads) => {
  test.each([
    ['exit', { code: 3, signal: null }],
    ['exit_async', { code: 4, signal: null }],
    ['interrupt', { code: null, signal: 'SIGINT' }],
  ])('a handler exits the process as Python would: %s', async (method, end) => {
    const worker = pythonWorker('exits.py', 'stdio', threads);
    if (threads === '2') worker.ask('wait'); // keeps the other thread
    worker.ask(method);
    expect(await worker.ended).toEqual(end);
    expect(worker.stderr).toMatch(/said at exit\n$/);
    expect(worker.messages).toEqual([]);
  });
});

test('SIGTERM ends it as it ends any program', async () => {
  const worker = pythonWorker('exits.py', 'stdio', '1');
  worker.ask('obey');
  expect(await worker.ended).toEqual({ code: null, signal: 'SIGTERM' });
});
