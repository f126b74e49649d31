/** What is done about tasks that fail: another attempt, something instead, and a sum of it all. */
import { describe, expect, test } from 'vitest';
import { summarize, type TaskOptions, type TaskResult } from '../../src/index.ts';
import { job, openTasks } from '../support/tasks.ts';

const statuses = (results: readonly TaskResult[]) => results.map(({ status }) => status);

describe('retries', () => {
  test('there are none unless they are wanted, and no more than are', async () => {
    const { host, run, births } = await openTasks();
    const results = await run(
      host.runAll([
        job({ code: 1, name: 'none' }),
        job({ code: 1, name: 'three' }, { retries: 3 }),
        job({ code: 1, name: 'second', wellFrom: 2 }, { retries: 3 }),
      ]),
    );
    expect(statuses(results)).toEqual(['failed', 'failed', 'ok']);
    expect(results.map(({ attempts }) => attempts)).toEqual([1, 4, 2]);
    expect([births.get('none'), births.get('three'), births.get('second')]).toEqual([1, 4, 2]);
  });

  test('each waits longer than the one before, up to a limit', async () => {
    const { host, run, now } = await openTasks();
    const at: number[] = [];
    const retries = { retries: 5, initial: 100, max: 800, factor: 2, jitter: 0 };
    await run(
      host.runAll([job({ code: 1, ms: 0 }, { retries })], {
        onProgress: ({ status }) => void (status === 'running' && at.push(now())),
      }),
    );
    const waits = at.slice(1).map((time, n) => time - at[n]!);
    for (const [n, least] of [100, 200, 400, 800, 800].entries()) {
      expect(waits[n]).toBeGreaterThanOrEqual(least);
      expect(waits[n]).toBeLessThan(least + 90);
    }
  });

  test('what cannot heal is not tried again', async () => {
    const { host, run } = await openTasks();
    const results = await run(
      host.runAll(
        [
          job({ code: 1, complains: 'Error: Invalid API key' }),
          job({ code: 1, complains: 'HTTP 429 Too Many Requests' }),
          { command: 'nobody' },
          job({ code: 127 }),
        ],
        { retries: { retries: 2, initial: 1 } },
      ),
    );
    expect(results.map(({ category, attempts }) => [category, attempts])).toEqual([
      ['auth', 1],
      ['rate-limit', 3],
      ['spawn', 0],
      ['permanent', 1],
    ]);
  });

  test('which kinds are tried again can be said', async () => {
    const { host, run } = await openTasks();
    const retries = { retries: 1, initial: 1, on: ['auth'] as const };
    const results = await run(
      host.runAll([job({ code: 1, complains: 'Invalid API key' }), job({ code: 1 })], { retries }),
    );
    expect(results.map(({ attempts }) => attempts)).toEqual([2, 1]);
  });

  test('a stream is read once, so there is no second attempt', async () => {
    const { host, run } = await openTasks();
    async function* words() {
      yield 'once';
    }
    const results = await run(
      host.runAll([job({ code: 1 }, { stdin: words() }), job({ code: 1 }, { stdin: 'again and again' })], {
        retries: { retries: 1, initial: 1 },
      }),
    );
    expect(results.map(({ attempts }) => attempts)).toEqual([1, 2]);
  });

  test('one that waits for its place among the processes, and gets none, is what it was before', async () => {
    const { host, run, simulation } = await openTasks({ maxProcesses: 1 });
    const failing = host.runAll([job({ code: 1, ms: 30 })], {
      retries: { retries: 1, initial: 5 },
      totalTimeout: 200,
    });
    await simulation.pass(0);
    const other = host.runAll([job({ ms: 1_000 })]);
    expect((await run(failing))[0]).toMatchObject({ status: 'failed', exitCode: 1, attempts: 1 });
    await run(other);
  });

  test('a process that the host could not have is asked for again, whatever the retries', async () => {
    const { host, run, simulation } = await openTasks();
    for (let n = 0; n < 3; n += 1) simulation.machine.forkFailures.push('EAGAIN');
    const results = await run(host.runAll([job(), job(), job(), job()]));
    expect(statuses(results)).toEqual(['ok', 'ok', 'ok', 'ok']);
    for (let n = 0; n < 100; n += 1) simulation.machine.forkFailures.push('EAGAIN');
    const [lacking] = await run(host.runAll([job()]));
    expect(lacking).toMatchObject({ status: 'failed', category: 'resource', error: { code: 'EAGAIN' } });
  });
});

describe('a fallback', () => {
  test('stands in for what failed, and says for what', async () => {
    const { host, run } = await openTasks();
    const fallback = job({ says: 'instead' });
    const [result] = await run(host.runAll([job({ code: 2 }, { id: 'a', fallback })]));
    expect(result).toMatchObject({
      id: 'a',
      status: 'ok',
      stdout: 'instead',
      fallbackOf: { status: 'failed', exitCode: 2 },
    });
  });

  test('stands in for what is blocked, times out, or is ended early', async () => {
    const { host, run } = await openTasks();
    await run(host.runAll([job({ code: 1 }), job({ code: 1 })].map((task) => ({ ...task, key: 'k' }))));
    const fallback = job();
    const results = await run(
      host.runAll([
        job({}, { key: 'k', fallback }),
        job({ ms: 60_000 }, { timeout: 50, fallback }),
        job({ ms: 60_000, says: 'not logged in\n' }, { detect: true, fallback }),
      ]),
    );
    expect(results.map(({ status, fallbackOf }) => [status, fallbackOf!.status])).toEqual([
      ['ok', 'blocked'],
      ['ok', 'timed-out'],
      ['ok', 'terminated-early'],
    ]);
  });

  test('counts in the time of its task', async () => {
    const { host, run } = await openTasks();
    const [result] = await run(host.runAll([job({ ms: 400, code: 1 }, { fallback: job({ ms: 50 }) })]));
    expect(result!.durationMs).toBeGreaterThanOrEqual(450);
    expect(result!.startedAt).toBe(result!.fallbackOf!.startedAt);
    expect(summarize([result!]).speedup).toBeCloseTo(1);
  });

  test('that is not begun any more leaves what the task has come to', async () => {
    const { host, run, simulation } = await openTasks({ maxProcesses: 1 });
    const end = new AbortController();
    const tasks = [job({ ms: 10, code: 3 }, { fallback: job() }), job({ ms: 5_000 })];
    const work = host.runAll(tasks, { concurrency: 2, signal: end.signal });
    await simulation.pass(500); // the second has the only place
    end.abort();
    expect((await run(work)).map(({ status, exitCode }) => [status, exitCode])).toEqual([
      ['failed', 3],
      ['cancelled', null],
    ]);
  });

  test('may be a function: of a task, of a text, or of nothing', async () => {
    const { host, run } = await openTasks();
    const failed: (number | null)[] = [];
    const seen = (instead: TaskOptions | string) => async (result: TaskResult) => {
      failed.push(result.exitCode);
      return instead;
    };
    const results = await run(
      host.runAll([
        job({ code: 4 }, { fallback: seen(job({ says: 'task' })) }),
        job({ code: 5 }, { fallback: seen('text') }),
        job({ code: 6 }, { fallback: () => undefined }),
      ]),
    );
    expect(results.map(({ status, stdout }) => [status, stdout])).toEqual([
      ['ok', 'task'],
      ['ok', 'text'],
      ['failed', ''],
    ]);
    expect(failed.sort()).toEqual([4, 5]);
  });

  test('that throws, cannot be meant, or fails itself is a failure like any other', async () => {
    const { host, run } = await openTasks();
    const results = await run(
      host.runAll([
        job(
          { code: 1 },
          {
            fallback: () => {
              throw new Error('no idea');
            },
          },
        ),
        job({ code: 1 }, { fallback: { comand: 'job' } as never }),
        job({ code: 1 }, { fallback: job({ code: 9, says: 'sorry' }) }),
      ]),
    );
    expect(statuses(results)).toEqual(['failed', 'failed', 'failed']);
    expect(results[0]!.error).toMatchObject({
      code: 'ERR_REEVE_TASK_FALLBACK',
      cause: { message: 'no idea' },
    });
    expect(results[1]!.error).toMatchObject({
      code: 'ERR_REEVE_TASK_FALLBACK',
      cause: { path: 'fallback.comand' },
    });
    expect(results[2]).toMatchObject({ exitCode: 9, stdout: 'sorry', fallbackOf: { exitCode: 1 } });
  });
});

test('the sum of many adds up', async () => {
  const { host, run } = await openTasks();
  const results = await run(
    host.runAll(
      [
        job({}, { id: 'ok', key: 'adhoc-a' }),
        job({ code: 1, wellFrom: 2, name: 'twice' }, { id: 'retried', retries: 1 }),
        job({ code: 1 }, { id: 'failed' }),
        job({ ms: 60_000 }, { id: 'late', timeout: 50 }),
        job({ code: 1 }, { id: 'helped', fallback: () => 'text' }),
        job({}, { id: 'skipped', dependsOn: ['failed'] }),
        job({ ms: 60_000, says: 'not logged in\n' }, { id: 'hopeless', detect: true }),
        job({ code: 1 }, { id: 'k1', key: 'k' }),
        job({ code: 1 }, { id: 'k2', key: 'k' }),
        job({ code: 1 }, { id: 'k3', key: 'k' }),
      ],
      { concurrency: 1 },
    ),
  );
  const summary = summarize(results);
  expect(summary).toMatchObject({
    total: 10,
    ok: 3,
    failed: 4,
    cancelled: 0,
    skipped: 1,
    retried: 1,
    fallbacks: 1,
    adhoc: ['ok'],
    blocked: [{ id: 'k3', index: 9 }],
    terminatedEarly: [{ id: 'hopeless', reason: 'it said: not logged in' }],
  });
  const { total, ok, failed, cancelled, skipped, blocked, terminatedEarly } = summary;
  expect(ok + failed + cancelled + skipped + blocked.length + terminatedEarly.length).toBe(total);
});
