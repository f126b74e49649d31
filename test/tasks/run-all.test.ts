/** Many tasks at once: order, limits, times, and what becomes of those that go wrong. On a simulated machine, in its time. */
import { describe, expect, test } from 'vitest';
import {
  OptionsError,
  summarize,
  type TaskOptions,
  type TaskProgress,
  type TaskResult,
} from '../../src/index.ts';
import { job, openTasks } from '../support/tasks.ts';

const statuses = (results: readonly TaskResult[]) => results.map(({ status }) => status);
const ids = (results: readonly TaskResult[]) => results.map(({ id }) => id);

describe('results', () => {
  test('of what is missing in an array there are none: it is refused', async () => {
    const { host } = await openTasks();
    const sparse: TaskOptions[] = [];
    sparse[1] = job();
    await expect(host.runAll(sparse)).rejects.toMatchObject({ path: 'tasks[0]' });
  });

  test('none of none', async () => {
    const { host, run } = await openTasks();
    expect(await run(host.runAll([]))).toEqual([]);
    expect(await run(host.runAll([], { totalTimeout: 'auto' }))).toEqual([]);
  });

  test('one of one, with all that is known of it', async () => {
    const { host, run } = await openTasks();
    const [result] = await run(
      host.runAll([job({ ms: 25, says: 'out', complains: 'err' }, { id: 'a', key: 'k' })]),
    );
    expect(result).toMatchObject({
      id: 'a',
      index: 0,
      status: 'ok',
      exitCode: 0,
      signal: null,
      stdout: 'out',
      stderr: 'err',
      attempts: 1,
      category: undefined,
      error: undefined,
      fallbackOf: undefined,
      adhoc: false,
      key: 'k',
    });
    expect(result!.durationMs).toBeGreaterThanOrEqual(25);
  });

  test('come in the order of the tasks, whichever ends first', async () => {
    const { host, run } = await openTasks();
    const tasks = [50, 10, 40, 20, 30, 5].map((ms, n) => job({ ms }, { id: `t${n}` }));
    expect(ids(await run(host.runAll(tasks)))).toEqual(['t0', 't1', 't2', 't3', 't4', 't5']);
  });

  test('of runEach come as tasks end', async () => {
    const { host, run } = await openTasks();
    const tasks = [50, 10, 40, 20, 30].map((ms, n) => job({ ms }, { id: `t${n}` }));
    const seen: string[] = [];
    await run(
      (async () => {
        for await (const { id } of host.runEach(tasks)) seen.push(id);
      })(),
    );
    expect(seen).toEqual(['t1', 't3', 't4', 't2', 't0']);
  });

  test('a failure is a result, and no exception; the others go on', async () => {
    const { host, run } = await openTasks();
    const results = await run(
      host.runAll([job(), job({ code: 3, complains: 'oops' }), { command: 'nobody' }, job()]),
    );
    expect(statuses(results)).toEqual(['ok', 'failed', 'failed', 'ok']);
    expect(results[1]).toMatchObject({
      exitCode: 3,
      stderr: 'oops',
      error: { code: 'ERR_REEVE_TASK_FAILED' },
    });
    expect(results[2]).toMatchObject({ attempts: 0, category: 'spawn', error: { code: 'ENOENT' } });
  });

  test('of a thousand, each is there once', async () => {
    const { host, run } = await openTasks();
    const tasks = Array.from({ length: 1_000 }, (_, n) =>
      job({ ms: 1 + (n % 7), code: n % 10 === 0 ? 1 : 0 }),
    );
    const results = await run(host.runAll(tasks, { concurrency: 50 }));
    expect(results.map(({ index }) => index)).toEqual(tasks.map((_, n) => n));
    expect(summarize(results)).toMatchObject({ total: 1_000, ok: 900, failed: 100 });
  });
});

describe('how many at a time', () => {
  test('five, unless it is said', async () => {
    const { host, greatest } = await openTasks();
    expect(await greatest(host.runAll(Array.from({ length: 20 }, () => job())))).toBe(5);
  });

  test.each([1, 3, 12])('%i', async (concurrency) => {
    const { host, greatest } = await openTasks();
    const work = host.runAll(
      Array.from({ length: 30 }, (_, n) => job({ ms: 5 + (n % 5) })),
      { concurrency },
    );
    expect(await greatest(work)).toBe(concurrency);
  });

  test('one after the other at 1, in their order', async () => {
    const { host, run } = await openTasks();
    const begun: string[] = [];
    const onProgress = ({ id, status }: TaskProgress) => void (status === 'running' && begun.push(id));
    const tasks = [9, 5, 7].map((ms, n) => job({ ms }, { id: `t${n}` }));
    const results = await run(host.runAll(tasks, { concurrency: 1, onProgress }));
    expect(begun).toEqual(['t0', 't1', 't2']);
    expect(summarize(results).speedup).toBeLessThanOrEqual(1);
  });

  test('as many as the host allows, of all runs together', async () => {
    const { host, greatest } = await openTasks({ maxProcesses: 7 });
    const tasks = () => Array.from({ length: 20 }, () => job());
    const work = Promise.all([
      host.runAll(tasks(), { concurrency: Number.POSITIVE_INFINITY }),
      host.runAll(tasks(), { concurrency: 5 }),
      host.runAll(tasks(), { concurrency: 5 }),
    ]);
    expect(await greatest(work)).toBe(7);
    expect((await work).flat().every(({ status }) => status === 'ok')).toBe(true);
  });

  test.each([0, -1])('%i is a RangeError', async (concurrency) => {
    const { host } = await openTasks();
    await expect(host.runAll([job()], { concurrency })).rejects.toThrow(RangeError);
  });

  test('a task that leaves a child keeps its place until that is ended', async () => {
    const { host, greatest, living } = await openTasks();
    const work = host.runAll([job({ leavesChild: true }), job(), job()], { concurrency: 1 });
    expect(await greatest(work)).toBe(2); // it, and its child
    expect(living()).toBe(0);
  });

  test('starts are staggered, if that is wanted', async () => {
    const { host, run, now } = await openTasks();
    const at: number[] = [];
    const onProgress = ({ status }: TaskProgress) => void (status === 'running' && at.push(now()));
    await run(
      host.runAll(
        Array.from({ length: 4 }, () => job()),
        { stagger: 100, onProgress },
      ),
    );
    for (const [n, time] of at.entries()) expect(time - at[0]!).toBeGreaterThanOrEqual(n * 100 - 1);
  });

  test('in parallel they take less than half of what they take one by one', async () => {
    const { host, run, now } = await openTasks();
    const tasks = Array.from({ length: 8 }, () => job({ ms: 100 }));
    const begun = now();
    const results = await run(host.runAll(tasks, { concurrency: 8 }));
    expect((now() - begun) * 2).toBeLessThan(8 * 100);
    expect(summarize(results).speedup).toBeGreaterThan(2);
  });
});

describe('time', () => {
  test('a task that takes too long is ended, with its whole tree, and says so', async () => {
    const { host, run, living, now } = await openTasks();
    const begun = now();
    const tasks = [job({ ms: 60_000, leavesChild: true, says: 'so far' }), job()];
    const results = await run(host.runAll(tasks, { timeout: 200 }));
    expect(statuses(results)).toEqual(['timed-out', 'ok']);
    expect(results[0]).toMatchObject({
      stdout: 'so far',
      category: 'timeout',
      error: { code: 'ERR_REEVE_TASK_TIMEOUT' },
    });
    expect(now() - begun).toBeLessThan(1_000);
    expect(living()).toBe(0);
  });

  test('one that ignores SIGTERM is killed', async () => {
    const { host, run, now } = await openTasks();
    const begun = now();
    const [result] = await run(
      host.runAll([job({ ms: 60_000, ignoresTerm: true })], { timeout: 100, shutdown: 300 }),
    );
    expect(result).toMatchObject({ status: 'timed-out', signal: 'SIGKILL' });
    expect(now() - begun).toBeLessThan(1_000);
  });

  test('one that is at work has more time, up to a limit', async () => {
    const { host, run } = await openTasks();
    const timeout = { idle: 100, max: 1_000 };
    const results = await run(
      host.runAll([job({ ms: 500, chats: 50 }), job({ ms: 500 }), job({ ms: 60_000, chats: 50 })], {
        timeout,
      }),
    );
    expect(statuses(results)).toEqual(['ok', 'timed-out', 'timed-out']);
    expect(results[1]!.durationMs).toBeLessThan(400);
    expect(results[2]!.durationMs).toBeGreaterThanOrEqual(1_000);
  });

  test('when the time for all is over, there are the results that there are', async () => {
    const { host, run } = await openTasks();
    const tasks = [job(), job({ ms: 60_000 }), job(), job()];
    const results = await run(host.runAll(tasks, { concurrency: 1, totalTimeout: 300 }));
    expect(statuses(results)).toEqual(['ok', 'timed-out', 'skipped', 'skipped']);
    expect(results[2]!.error).toMatchObject({ code: 'ERR_REEVE_TASK_SKIPPED' });
  });

  test("'auto' is one and a half times the time limits of all waves", async () => {
    const { host, run, now } = await openTasks();
    const tasks = Array.from({ length: 6 }, () =>
      job({ ms: 60_000 }, { retries: { retries: 9, initial: 1 } }),
    );
    const begun = now();
    await run(host.runAll(tasks, { concurrency: 2, timeout: 100, totalTimeout: 'auto' }));
    expect(now() - begun).toBeGreaterThanOrEqual(1.5 * 100 * 3);
    expect(now() - begun).toBeLessThan(1.5 * 100 * 3 + 300);
    await expect(host.runAll([job()], { totalTimeout: 'auto' })).rejects.toThrow(OptionsError);
    await expect(host.runAll(new Set([job()]), { totalTimeout: 'auto' })).rejects.toThrow(OptionsError);
  });
});
