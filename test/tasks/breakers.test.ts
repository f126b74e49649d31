/** Circuit breakers: when they open, whom they let through, and what is known of a key. */
import { describe, expect, test } from 'vitest';
import type { TaskResult } from '../../src/index.ts';
import { Breakers, DEFAULT_BREAKER, type Permit } from '../../src/tasks/breakers.ts';
import type { FailureCategory } from '../../src/tasks/failure-category.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { job, openTasks } from '../support/tasks.ts';

const statuses = (results: readonly TaskResult[]) => results.map(({ status }) => status);

function open(settings = DEFAULT_BREAKER) {
  const clock = new ManualClock();
  const breakers = new Breakers(settings, clock);
  const admit = (key: string, adhoc = false): Permit => {
    const permit = breakers.admit(key, adhoc);
    if (permit === undefined) throw new Error(`'${key}' is blocked`);
    return permit;
  };
  const fail = (key: string, times = 1, category: FailureCategory = 'unknown', adhoc = false): void => {
    for (let n = 0; n < times; n += 1) admit(key, adhoc).failed(category);
  };
  return { clock, breakers, admit, fail };
}

describe('a breaker', () => {
  test('opens after two failures in a row, and a success between them is a new beginning', async () => {
    const { clock, breakers, admit, fail } = open();
    fail('k');
    admit('k').succeeded();
    await clock.advance(20_000); // beyond the window in which two would do, whatever was between them
    fail('k');
    expect(breakers.health('k')).toMatchObject({ state: 'closed', riskLevel: 'high' });
    await clock.advance(20_000);
    fail('k');
    expect(breakers.health('k')).toMatchObject({ state: 'open', riskLevel: 'critical' });
    expect(breakers.admit('k', false)).toBeUndefined();
    expect(breakers.admit('other', false)).toBeDefined();
  });

  test('opens fast: two failures within ten seconds, though one has succeeded between them', async () => {
    const { clock, breakers, admit, fail } = open();
    fail('k');
    admit('k').succeeded();
    await clock.advance(9_000);
    fail('k');
    expect(breakers.health('k').state).toBe('open');
  });

  test('of an ad-hoc key opens after four', async () => {
    const { clock, breakers, fail } = open();
    for (let n = 0; n < 3; n += 1) {
      fail('k', 1, 'unknown', true);
      await clock.advance(31_000);
    }
    expect(breakers.health('k').state).toBe('closed');
    fail('k', 1, 'unknown', true);
    expect(breakers.health('k').state).toBe('open');
  });

  test('of an ad-hoc key opens fast: two within thirty seconds, but for those of inference', async () => {
    const { clock, breakers, fail } = open();
    fail('k', 3, 'inference', true);
    expect(breakers.health('k').state).toBe('closed');
    fail('l', 1, 'crash', true);
    await clock.advance(29_000);
    fail('l', 1, 'crash', true);
    expect(breakers.health('l').state).toBe('open');
    fail('k', 1, 'inference', true); // four in a row are four in a row
    expect(breakers.health('k').state).toBe('open');
  });

  test('lets exactly one probe through when its time has come, and is closed by its success', async () => {
    const { clock, breakers, admit, fail } = open();
    fail('k', 2);
    expect(breakers.health('k').retryInMs).toBe(120_000);
    await clock.advance(119_999);
    expect(breakers.admit('k', false)).toBeUndefined();
    await clock.advance(1);
    expect(breakers.health('k')).toMatchObject({ state: 'half-open', riskLevel: 'high', retryInMs: 0 });
    const probe = admit('k');
    for (let n = 0; n < 10; n += 1) expect(breakers.admit('k', false)).toBeUndefined();
    probe.succeeded();
    expect(breakers.health('k')).toMatchObject({ state: 'closed' });
    fail('k'); // what was before is forgotten
    expect(breakers.health('k').state).toBe('closed');
  });

  test('is open again when the probe fails, and waits as long again', async () => {
    const { clock, breakers, admit, fail } = open();
    fail('k', 2);
    await clock.advance(120_000);
    admit('k').failed('crash');
    await clock.advance(119_999);
    expect(breakers.health('k').state).toBe('open');
    await clock.advance(1);
    expect(breakers.admit('k', false)).toBeDefined();
  });

  test('lets another probe through for one that has shown nothing', async () => {
    const { clock, breakers, admit, fail } = open();
    fail('k', 2);
    await clock.advance(120_000);
    admit('k').void();
    const probe = breakers.admit('k', false);
    expect(probe).toBeDefined();
    expect(breakers.admit('k', false)).toBeUndefined();
  });

  test('does not listen to those that were let through before it opened', async () => {
    const { clock, breakers, admit, fail } = open();
    const late = [admit('k'), admit('k'), admit('k')];
    fail('k', 2);
    late[0]!.succeeded();
    expect(breakers.health('k').state).toBe('open');
    await clock.advance(120_000);
    const probe = admit('k');
    late[1]!.failed('crash');
    expect(breakers.health('k').state).toBe('half-open');
    late[2]!.succeeded();
    expect(breakers.admit('k', false)).toBeUndefined(); // it is the probe that decides
    probe.failed('crash');
    expect(breakers.health('k').state).toBe('open');
  });

  test('is told once by each', () => {
    const { breakers, admit } = open();
    const permit = admit('k');
    for (let n = 0; n < 5; n += 1) permit.failed('crash');
    expect(breakers.health('k')).toMatchObject({ state: 'closed', recentFailures: 1 });
  });

  test('counts many at once, each by itself', () => {
    const { breakers, admit } = open({
      ...DEFAULT_BREAKER,
      regular: { failures: 10, fastFail: undefined, resetAfter: 1_000 },
    });
    const permits = Array.from({ length: 9 }, () => admit('k'));
    for (const permit of permits) permit.failed('crash');
    expect(breakers.health('k')).toMatchObject({ state: 'closed', recentFailures: 9, riskLevel: 'high' });
    admit('k').failed('crash');
    expect(breakers.health('k').state).toBe('open');
  });
});

describe('health', () => {
  test('of a key that nothing is known of', () => {
    const { breakers } = open();
    expect(breakers.health('k')).toEqual({
      state: 'closed',
      recentFailures: 0,
      failuresPerMinute: 0,
      riskLevel: 'low',
      failureTypes: {},
      retryInMs: 0,
    });
  });

  test('counts what failed lately, by kind, and forgets it', async () => {
    const { clock, breakers, fail } = open();
    fail('k', 1, 'timeout', true);
    await clock.advance(61_000);
    fail('k', 1, 'inference', true);
    fail('k', 1, 'inference', true);
    expect(breakers.health('k')).toMatchObject({
      recentFailures: 3,
      failuresPerMinute: 2,
      failureTypes: { timeout: 1, inference: 2 },
    });
    await clock.advance(300_000);
    expect(breakers.health('k')).toMatchObject({ recentFailures: 0, failureTypes: {} });
  });

  test('is as new after resetAll(), and what runs then does not count any more', () => {
    const { breakers, admit, fail } = open();
    const running = admit('k');
    fail('k', 2);
    breakers.resetAll();
    running.failed('crash');
    expect(breakers.health('k')).toMatchObject({ state: 'closed', recentFailures: 0, riskLevel: 'low' });
    expect(breakers.admit('k', false)).toBeDefined();
  });

  test('what is learnt of a key changes no promise: one that has opened lets a probe through when it has said', () => {
    const limits = { failures: 1, fastFail: undefined };
    const { breakers, fail } = open({
      regular: { ...limits, resetAfter: 1_000 },
      adhoc: { ...limits, resetAfter: 60_000 },
    });
    fail('k');
    expect(breakers.health('k')).toMatchObject({ state: 'open', retryInMs: 1_000 });
    breakers.markAdhoc('k');
    expect(breakers.health('k')).toMatchObject({ state: 'open', retryInMs: 1_000 });
  });

  test('a key is ad hoc by its tasks, by its name, or because it was marked', async () => {
    const { host, run } = await openTasks({ breaker: { adhoc: { fastFail: false } } });
    host.tasks.markAdhoc('marked');
    const three = (key: string, adhoc?: boolean) =>
      Array.from({ length: 3 }, () => job({ code: 1 }, { key, ...(adhoc === undefined ? {} : { adhoc }) }));
    for (const tasks of [three('said', true), three('adhoc-x'), three('marked')]) {
      expect(statuses(await run(host.runAll(tasks, { concurrency: 1 })))).toEqual([
        'failed',
        'failed',
        'failed',
      ]);
    }
    expect(statuses(await run(host.runAll(three('regular'), { concurrency: 1 })))).toEqual([
      'failed',
      'failed',
      'blocked',
    ]);
  });
});

describe('before a task is started', () => {
  test('its key is asked, and one that is blocked has no process', async () => {
    const { host, run, births } = await openTasks();
    const tasks = Array.from({ length: 5 }, (_, n) => job({ code: 1, name: 'k' }, { id: `t${n}`, key: 'k' }));
    const results = await run(host.runAll(tasks, { concurrency: 1 }));
    expect(statuses(results)).toEqual(['failed', 'failed', 'blocked', 'blocked', 'blocked']);
    expect(births.get('k')).toBe(2);
    expect(results[2]).toMatchObject({
      attempts: 0,
      startedAt: undefined,
      error: { code: 'ERR_REEVE_TASK_BLOCKED', key: 'k' },
    });
    expect(statuses(await run(host.runAll([job({}, { key: 'k' }), job({}, { key: 'l' }), job()])))).toEqual([
      'blocked',
      'ok',
      'ok',
    ]);
  });

  test('retries ask, too: one that is not let through leaves the result of the last attempt', async () => {
    const { host, run, births } = await openTasks();
    const complains = 'it is my fault';
    const [result] = await run(
      host.runAll([job({ code: 1, name: 'k', complains }, { key: 'k', retries: 9 })]),
    );
    expect(result).toMatchObject({ status: 'failed', attempts: 2, exitCode: 1, stderr: complains });
    expect(host.tasks.health('k').state).toBe('open');
    expect(births.get('k')).toBe(2);
  });

  test('many that recover at once are let in by one probe', async () => {
    const { host, run, simulation, greatest } = await openTasks();
    await run(host.runAll([job({ code: 1 }), job({ code: 1 })].map((task) => ({ ...task, key: 'k' }))));
    await simulation.pass(120_000);
    const tasks = Array.from({ length: 8 }, () => job({ ms: 50 }, { key: 'k' }));
    const work = host.runAll(tasks, { concurrency: 8 });
    expect(await greatest(work)).toBe(1);
    expect(statuses(await work).filter((status) => status === 'ok')).toHaveLength(1);
    expect(statuses(await run(host.runAll(tasks, { concurrency: 8 })))).toEqual(Array(8).fill('ok'));
  });

  test('one that was cancelled, or for which the host lacked something, is no failure of its key', async () => {
    const { host, run, simulation } = await openTasks();
    const controller = new AbortController();
    const work = host.runAll(
      Array.from({ length: 4 }, () => job({ ms: 60_000 }, { key: 'k' })),
      { signal: controller.signal },
    );
    await simulation.pass(200);
    controller.abort();
    await run(work);
    for (let n = 0; n < 4; n += 1) simulation.machine.forkFailures.push('EAGAIN');
    expect(statuses(await run(host.runAll([job({}, { key: 'k' })])))).toEqual(['ok']);
    expect(host.tasks.health('k')).toMatchObject({ state: 'closed', recentFailures: 0 });
  });

  test('nobody is asked where that is not wanted', async () => {
    const { host, run } = await openTasks();
    const tasks = Array.from({ length: 5 }, () => job({ code: 1 }, { key: 'k' }));
    expect(statuses(await run(host.runAll(tasks, { concurrency: 1, breaker: false })))).toEqual(
      Array(5).fill('failed'),
    );
  });
});
