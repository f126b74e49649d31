/** Many tasks of different kinds in one run: each comes to its own end, whatever becomes of the others. */
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { summarize, type TaskResult } from '../../src/index.ts';
import { openHost } from '../support/host.ts';
import { job, openTasks } from '../support/tasks.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const statuses = (results: readonly TaskResult[]) => results.map(({ status }) => status);

describe('experiments', () => {
  test('run side by side, and the summary says which', async () => {
    const { host, run, greatest } = await openTasks();
    const tasks = [1, 2, 3].map((n) => job({ ms: 50 }, { id: `try ${n}`, key: `adhoc-${n}` }));
    const work = host.runAll(tasks);
    expect(await greatest(work)).toBe(3);
    const results = await run(work);
    expect(statuses(results)).toEqual(['ok', 'ok', 'ok']);
    expect(summarize(results).adhoc).toEqual(['try 1', 'try 2', 'try 3']);
  });

  test('beside others may fail more often than those', async () => {
    const { host, run } = await openTasks({ breaker: { adhoc: { fastFail: false } } });
    const tasks = Array.from({ length: 12 }, (_, n) =>
      job({ code: 1 }, { id: `t${n}`, key: n % 2 === 0 ? 'adhoc-x' : 'regular' }),
    );
    const results = await run(host.runAll(tasks, { concurrency: 1 }));
    const of = (key: string) => statuses(results.filter((result) => result.key === key));
    expect(of('regular')).toEqual(['failed', 'failed', ...Array(4).fill('blocked')]);
    expect(of('adhoc-x')).toEqual([...Array(4).fill('failed'), 'blocked', 'blocked']);
    const { blocked, failed, total } = summarize(results);
    expect([failed, blocked.length, total]).toEqual([6, 6, 12]);
    expect(blocked[0]).toMatchObject({ id: 't5', index: 5, reason: expect.stringContaining("'regular'") });
  });
});

test('without a limit all run at once', async () => {
  const { host, run, greatest } = await openTasks();
  const tasks = Array.from({ length: 40 }, () => job({ ms: 50 }));
  const work = host.runAll(tasks, { concurrency: Number.POSITIVE_INFINITY });
  expect(await greatest(work)).toBe(40);
  expect(new Set(statuses(await run(work)))).toEqual(new Set(['ok']));
});

test('every kind of end beside the others, and what succeeded is there', async () => {
  const { host, run, living } = await openTasks();
  const tasks = [
    job({ says: 'fine' }),
    job({ code: 2 }),
    job({ ms: 60_000 }, { timeout: 100 }),
    job({ ms: 60_000, says: 'invalid api key' }, { detect: true }),
    job({ code: 1 }, { fallback: job({ says: 'instead' }) }),
    job({ code: 1, wellFrom: 2, name: 'heals' }, { retries: { retries: 2, initial: 10 } }),
    job({ code: 1 }, { id: 'bad' }),
    job({}, { dependsOn: ['bad'] }),
    { command: 'no-such-program' },
    job({ says: 'also fine' }),
  ];
  const results = await run(host.runAll(tasks, { concurrency: 4 }));
  expect(statuses(results)).toEqual([
    'ok',
    'failed',
    'timed-out',
    'terminated-early',
    'ok',
    'ok',
    'failed',
    'skipped',
    'failed',
    'ok',
  ]);
  expect(results.map(({ category }) => category)).toEqual([
    undefined,
    'unknown',
    'timeout',
    'auth',
    undefined,
    undefined,
    'unknown',
    undefined,
    'spawn',
    undefined,
  ]);
  expect([0, 4, 9].map((index) => results[index]!.stdout)).toEqual(['fine', 'instead', 'also fine']);
  expect(summarize(results)).toMatchObject({
    total: 10,
    ok: 4,
    failed: 4,
    skipped: 1,
    cancelled: 0,
    retried: 1,
    fallbacks: 1,
    terminatedEarly: [{ id: '3' }],
  });
  expect(living()).toBe(0);
});

test('what a task is told reaches its process', async () => {
  const { host } = await openHost();
  const cwd = temporaryDirectory();
  vi.stubEnv('REEVE_TEST_TAKEN', 'taken');
  onTestFinished(() => void vi.unstubAllEnvs());
  const [result] = await host.runAll([
    {
      command: 'sh',
      args: [
        '-c',
        'pwd; echo "$1 $GIVEN $(printenv REEVE_TEST_TAKEN || echo gone) $PATH"; cat',
        'sh',
        'an "argument" $x',
      ],
      cwd,
      env: { GIVEN: 'given', REEVE_TEST_TAKEN: undefined },
      stdin: 'input',
    },
  ]);
  expect(result!.stdout).toBe(`${cwd}\nan "argument" $x given gone ${process.env['PATH']}\ninput`);
});
