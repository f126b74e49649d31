/** Where tasks come from, what they wait for, and what is told of them. On a simulated machine, in its time. */
import { describe, expect, test } from 'vitest';
import type { TaskOptions, TaskOutput, TaskProgress, TaskResult } from '../../src/index.ts';
import { job, openTasks } from '../support/tasks.ts';

const statuses = (results: readonly TaskResult[]) => results.map(({ status }) => status);
const ids = (results: readonly TaskResult[]) => results.map(({ id }) => id);

describe('where tasks come from', () => {
  test('they are pulled as they are needed', async () => {
    const { host, run } = await openTasks();
    let pulled = 0;
    let done = 0;
    let most = 0;
    async function* many() {
      for (let n = 0; n < 200; n += 1) {
        pulled += 1;
        most = Math.max(most, pulled - done);
        yield job({ ms: 3 });
      }
    }
    const onProgress = (progress: TaskProgress) => {
      done = progress.done;
    };
    const results = await run(host.runAll(many(), { concurrency: 4, onProgress }));
    expect(results).toHaveLength(200);
    expect(most).toBeLessThanOrEqual(6);
  });

  test('what cannot be meant is refused at once in an array, and is a result where it is pulled', async () => {
    const { host, run } = await openTasks();
    const bad = { command: 'job', tiemout: 5 } as never;
    await expect(host.runAll([job(), bad])).rejects.toMatchObject({ path: 'tasks[1].tiemout' });
    const results = await run(host.runAll(new Set([job(), bad, job()])));
    expect(statuses(results)).toEqual(['ok', 'failed', 'ok']);
    expect(results[1]!.error).toMatchObject({ code: 'ERR_REEVE_OPTIONS' });
  });

  test('when it throws, those that have begun are waited for', async () => {
    const { host, run, living } = await openTasks();
    function* broken() {
      yield job({ ms: 100 });
      throw new Error('no more');
    }
    await expect(run(host.runAll(broken()))).rejects.toThrow('no more');
    expect(living()).toBe(0);
  });

  test('one that depends on others waits for them, and is skipped when one is not ok', async () => {
    const { host, run } = await openTasks();
    const ended: string[] = [];
    const onProgress = ({ id, result }: TaskProgress) => void (result && ended.push(id));
    const tasks = [
      job({}, { id: 'last', dependsOn: ['left', 'right'] }),
      job({ ms: 50 }, { id: 'left', dependsOn: ['first'] }),
      job({}, { id: 'right', dependsOn: ['first'] }),
      job({}, { id: 'first' }),
      job({ code: 1 }, { id: 'bad' }),
      job({}, { id: 'vain', dependsOn: ['bad', 'first'] }),
      job({}, { id: 'too', dependsOn: ['vain'] }),
    ];
    const results = await run(host.runAll(tasks, { onProgress }));
    expect(ids(results)).toEqual(tasks.map(({ id }) => id));
    expect(statuses(results)).toEqual(['ok', 'ok', 'ok', 'ok', 'failed', 'skipped', 'skipped']);
    expect(ended.filter((id) => ['first', 'right', 'left', 'last'].includes(id))).toEqual([
      'first',
      'right',
      'left',
      'last',
    ]);
    expect(results[6]!.error!.message).toContain("'vain' is skipped");
  });

  test('many that wait for the same one are skipped together', async () => {
    const { host, run } = await openTasks();
    const others = Array.from({ length: 20_000 }, (_, n) => job({}, { id: `t${n}`, dependsOn: ['bad'] }));
    const results = await run(
      host.runAll([...others, job({ code: 1 }, { id: 'bad' })], { concurrency: 100_000 }),
    );
    expect(results.filter(({ status }) => status === 'skipped')).toHaveLength(20_000);
  });

  test.each([
    [[job({}, { id: 'a', dependsOn: ['b'] })], /no task 'b'/],
    [
      [job({}, { id: 'a', dependsOn: ['b'] }), job({}, { id: 'b', dependsOn: ['a'] })],
      /depends on this task itself/,
    ],
    [[job({}, { id: 'a' }), job({}, { id: 'a' })], /two of the id 'a'/],
  ])('dependencies that cannot be: %#', async (tasks, complaint) => {
    const { host } = await openTasks();
    await expect(host.runAll(tasks)).rejects.toThrow(complaint);
  });
});

describe('a source that has no end', () => {
  const never = new Promise<never>(() => {});
  async function* waiting() {
    yield job({ ms: 10 }, { id: 'first' });
    await never;
  }
  function* endless() {
    for (;;) yield job({ ms: 10 });
  }

  test('is left when its loop is, and holds nobody up', async () => {
    const { host, run } = await openTasks();
    for (const source of [waiting(), endless()]) {
      await run(
        (async () => {
          for await (const _ of host.runEach(source)) break;
        })(),
      );
    }
    await run(host.runEach(endless()).return!().then(() => undefined)); // before anything was begun
    await run(host.stop());
  });

  test('is left when the time for all is over: the results are those of the tasks that came', async () => {
    const { host, run, now } = await openTasks();
    const begun = now();
    expect(statuses(await run(host.runAll(waiting(), { totalTimeout: 300 })))).toEqual(['ok']);
    expect(now() - begun).toBeLessThan(400);
    const many = statuses(await run(host.runAll(endless(), { totalTimeout: 300 })));
    expect(many.length).toBeGreaterThan(10);
    expect(many.length).toBeLessThan(200);
  });

  test('is told that no more is wanted, though it waits', async () => {
    const { host, run } = await openTasks();
    let isTold = false;
    let pulled = 0;
    const source: AsyncIterableIterator<TaskOptions> = {
      next() {
        pulled += 1;
        return pulled === 1 ? Promise.resolve({ done: false, value: job() }) : never;
      },
      async return() {
        isTold = true;
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]: () => source,
    };
    await run(host.runAll(source, { totalTimeout: 300 }));
    expect(isTold).toBe(true);
  });

  test('is left when it is cancelled, or the host stops', async () => {
    const { host, run, simulation } = await openTasks();
    const end = new AbortController();
    const cancelled = host.runAll(waiting(), { signal: end.signal });
    const stopped = host.runAll(endless());
    await simulation.pass(100);
    end.abort();
    expect(statuses(await run(cancelled))).toEqual(['ok']);
    await run(host.stop());
    expect((await stopped).length).toBeLessThan(100);
  });

  test('that throws when nobody waits for it any more is told of', async () => {
    const { host, run, simulation } = await openTasks();
    let fail = (_: Error): void => {};
    async function* failing() {
      yield job();
      await new Promise((_, reject) => {
        fail = reject;
      });
    }
    await run(host.runAll(failing(), { totalTimeout: 300 }));
    fail(new Error('too late'));
    await simulation.pass(1);
    const told = host.events.recent().filter(({ type }) => type === 'tasks.warning');
    expect(told).toMatchObject([{ message: 'tasks threw: too late' }]);
  });
});

test('a second one of an id fails, and those that wait for the first do not mind', async () => {
  const { host, run } = await openTasks();
  function* tasks() {
    yield job({ ms: 100 }, { id: 'a' });
    yield job({}, { id: 'b', dependsOn: ['a'] });
    yield job({}, { id: 'a' });
    yield { id: 'a' } as never;
  }
  expect(statuses(await run(host.runAll(tasks())))).toEqual(['ok', 'ok', 'failed', 'failed']);
});

describe('progress', () => {
  test('is told of each start, retry, fallback and end', async () => {
    const { host, run } = await openTasks();
    const told: string[] = [];
    const onProgress = ({ id, status, done, total }: TaskProgress) =>
      void told.push(`${id} ${status} ${done}/${total}`);
    const tasks = [
      job({}, { id: 'a' }),
      job({ code: 1 }, { id: 'b', retries: 1, fallback: job({ says: 'instead' }) }),
    ];
    await run(host.runAll(tasks, { concurrency: 1, onProgress }));
    expect(told).toEqual([
      'a running 0/2',
      'a ok 1/2',
      'b running 1/2',
      'b retrying 1/2',
      'b running 1/2',
      'b fallback 1/2',
      'b running 1/2',
      'b ok 2/2',
    ]);
  });

  test('whoever throws there harms nobody, and is told of', async () => {
    const { host, run } = await openTasks();
    const throwers = [
      () => {
        throw new Error('not my day');
      },
      async () => {
        throw new Error('not my night');
      },
    ];
    for (const onProgress of throwers)
      expect(statuses(await run(host.runAll([job(), job()], { onProgress })))).toEqual(['ok', 'ok']);
    const warnings = host.events.recent().filter(({ type }) => type === 'tasks.warning');
    expect(warnings[0]).toMatchObject({ message: 'onProgress threw: not my day' });
    expect(warnings.at(-1)).toMatchObject({ message: 'onProgress threw: not my night' });
  });

  test('onOutput is told of every byte, of all attempts', async () => {
    const { host, run } = await openTasks();
    const told: string[] = [];
    const onOutput = ({ id, stream, bytes }: TaskOutput) =>
      void told.push(`${id} ${stream} ${Buffer.from(bytes).toString()}`);
    const tasks = [job({ says: 'one', complains: 'two', code: 1 }, { id: 'a', retries: 1 })];
    await run(host.runAll(tasks, { onOutput }));
    expect(told.sort()).toEqual(['a stderr two', 'a stderr two', 'a stdout one', 'a stdout one']);
  });

  test('what it throws or rejects with is told, and harms nobody; what it returns beside is nothing', async () => {
    const { host, run } = await openTasks();
    const answers = [
      () => Promise.reject(new Error('later')),
      () => {
        throw new Error('at once');
      },
      () => 7 as never, // as `push` returns it
    ];
    const onOutput = ({ index }: TaskOutput) => answers[index]!();
    const tasks = answers.map(() => job({ says: 'x' }));
    expect(statuses(await run(host.runAll(tasks, { onOutput })))).toEqual(['ok', 'ok', 'ok']);
    const warnings = host.events.recent().filter(({ type }) => type === 'tasks.warning');
    expect(warnings.map((warning) => 'message' in warning && warning.message).sort()).toEqual([
      'onOutput threw: at once',
      'onOutput threw: later',
    ]);
  });
});
