/** Modules as workers: what of them is served, and what becomes of those that cannot be. */
import { describe, expect, test } from 'vitest';
import { openHost } from '../support/host.ts';
import { moduleWorker, nodeFixture } from '../support/node-worker.ts';

describe('of a module is served', () => {
  test('its default function as run, and the others by their names', async () => {
    const worker = moduleWorker('default-function.mjs');
    expect((await worker.call('run', 2)).result).toBe(4);
    expect((await worker.call('half', 2)).result).toBe(1);
    expect((await worker.call('default', 2)).error!.message).toBe(
      "no method 'default'; there are: run, half",
    );
  });

  test('each function by its name, generators as streams', async () => {
    const worker = moduleWorker('named.mjs');
    expect((await worker.call('double', 2)).result).toBe(4);
    expect((await worker.call('upTo', 3)).result).toEqual([1, 2, 3]);
  });

  test('each function of its default object', async () => {
    const worker = moduleWorker('default-object.mjs');
    expect((await worker.call('double', 2)).result).toBe(4);
    expect((await worker.call('version')).error!.message).toBe("no method 'version'; there are: double");
  });

  test('what a CommonJS module exports, once', async () => {
    const worker = moduleWorker('common.cjs');
    expect((await worker.call('run', 2)).result).toBe(4);
    expect((await worker.call('other')).error!.message).toMatch(/there are: run$/);
  });

  test('what it serves itself, and nothing else', async () => {
    const worker = moduleWorker('serves-itself.mjs');
    expect((await worker.call('served')).result).toBe('served');
    expect((await worker.call('exported')).error!.code).toBe(-32_601);
  });
});

test.each([
  ['nothing.mjs', 1, /nothing\.mjs neither calls serve\(\) nor exports a function/],
  ['fails.mjs', 1, /Cannot find module .*no-such-file\.mjs/],
  ['throws.mjs', 1, /RangeError: the model is missing/],
  [
    'never-loaded.mjs',
    13,
    /never-loaded\.mjs was not loaded: it threw, exited, or waits for what never comes/,
  ],
])(
  'a module that cannot be served ends its process, with the reason on stderr: %s',
  async (name, code, why) => {
    const worker = moduleWorker(name);
    expect(await worker.ended).toEqual({ code, signal: null });
    expect(worker.stderr).toMatch(why);
    expect(worker.messages).toEqual([]);
  },
);

describe('a module in TypeScript', () => {
  const isRun =
    (process.features as { typescript?: unknown }).typescript ||
    process.allowedNodeEnvironmentFlags.has('--experimental-strip-types');
  const open = async () => {
    const { host } = await openHost();
    return host.pool<{ double(value: number): number }>({
      name: 'typed',
      worker: { module: nodeFixture('modules/typed.ts') },
    });
  };

  test.runIf(isRun)('is served where Node runs TypeScript', async () => {
    const pool = await open();
    expect(await pool.call('double', 2)).toBe(4);
  });

  test.skipIf(isRun)('is refused where Node runs none, with what to do', async () => {
    await expect(open()).rejects.toMatchObject({
      code: 'ERR_REEVE_OPTIONS',
      path: 'worker.module',
      message: expect.stringMatching(
        /does not run TypeScript: take Node 22\.18 or later, install tsx, or say in execArgv/,
      ),
    });
  });
});
