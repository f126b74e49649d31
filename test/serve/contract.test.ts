/** The workers of docs/guide/workers-other.md, as they are quoted there, keep the contract. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { JsonWorker } from '../support/json-worker.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = readFileSync(join(root, 'docs/guide/workers-other.md'), 'utf8');

interface Example {
  readonly file: string;
  readonly command: string;
  /** A call, what it is answered with, and params with which it fails. */
  readonly call: readonly [method: string, params: unknown, result: unknown, bad: unknown];
}

const license = join(root, 'LICENSE');

const EXAMPLES: readonly Example[] = [
  {
    file: 'size.sh',
    command: 'sh',
    call: ['size', { path: license }, readFileSync(license).length, { path: join(root, 'no-such-file') }],
  },
  { file: 'words.py', command: 'python3', call: ['words', 'eins два 三\u2028"4"', 4, null] },
  { file: 'reverse.mjs', command: process.execPath, call: ['reverse', 'a\u2028"🐞ж', 'ж🐞"\u2028a', null] },
];

test('there are no other examples', () => {
  const files = readdirSync(join(root, 'examples/workers'));
  expect(files.sort()).toEqual(EXAMPLES.map(({ file }) => file).sort());
});

describe.each(EXAMPLES)('$file', ({ file, command, call: [method, params, result, bad] }) => {
  const path = join(root, 'examples/workers', file);
  const start = () => new JsonWorker(command, [path]);

  test('is quoted as it is', () => {
    const quoted = [...page.matchAll(/^```\w[^\n]*\n(.*?)^```$/gms)].map((match) => match[1]);
    expect(quoted).toContain(readFileSync(path, 'utf8'));
  });

  test('answers pings and calls, and only these', async () => {
    const worker = start();
    expect(await worker.call('$/ping')).toEqual({ jsonrpc: '2.0', id: 1, result: null });
    worker.cancel(1);
    worker.notify('$/whatever');
    expect(await worker.call(method, params)).toEqual({ jsonrpc: '2.0', id: 2, result });
    const more = { session: 'anna', stream: true } as const;
    expect(await worker.call(method, params, more)).toEqual({ jsonrpc: '2.0', id: 3, result });
    expect(worker.messages).toHaveLength(3);
  });

  test('answers what fails and what it does not know with an error, and goes on', async () => {
    const worker = start();
    const failed = (await worker.call(method, bad)).error!;
    expect(failed).toEqual({ code: -32000, message: expect.any(String) });
    const unknown = (await worker.call('no-such-method', { id: 7, method: '$/ping' })).error!;
    expect(unknown).toEqual({ code: -32601, message: expect.any(String) });
    expect((await worker.call(method, params)).result).toEqual(result);
  });

  test('answers requests that come all at once, in order', async () => {
    const worker = start();
    const ids = Array.from({ length: 50 }, () => worker.ask(method, params));
    await worker.answerTo(ids.at(-1)!);
    expect(worker.messages).toEqual(ids.map((id) => ({ jsonrpc: '2.0', id, result })));
  });

  test('ends with its input', async () => {
    const worker = start();
    await worker.call('$/ping');
    worker.endInput();
    expect(await worker.ended).toEqual({ code: 0, signal: null });
    expect(worker.stderr).toBe('');
  });
});

test('the one in sh says of a path that it cannot read from JSON that it cannot', async () => {
  const worker = new JsonWorker('sh', [join(root, 'examples/workers/size.sh')]);
  for (const params of [undefined, { path: 'a"b' }, { path: 'a\\b' }, { path: 1 }]) {
    expect((await worker.call('size', params)).error!.code).toBe(-32602);
  }
  const odd = join(temporaryDirectory(), "a $(b) 'c' *");
  writeFileSync(odd, 'four');
  expect((await worker.call('size', { path: odd })).result).toBe(4);
});
