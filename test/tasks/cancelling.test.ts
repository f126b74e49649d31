/** Tasks that nobody wants any more: they are ended, no more are begun, and nothing is left. On a simulated machine. */
import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import type { TaskProgress, TaskResult } from '../../src/index.ts';
import { job, openTasks } from '../support/tasks.ts';

const statuses = (results: readonly TaskResult[]) => results.map(({ status }) => status);

describe('cancelling', () => {
  test('ends those that run, and begins no more', async () => {
    const { host, run, living, simulation } = await openTasks();
    const controller = new AbortController();
    const tasks = Array.from({ length: 6 }, () => job({ ms: 60_000 }));
    const work = host.runAll(tasks, { concurrency: 2, signal: controller.signal });
    await simulation.pass(200);
    expect(living()).toBe(2);
    controller.abort(new Error('enough'));
    const results = await run(work);
    expect(new Set(statuses(results))).toEqual(new Set(['cancelled']));
    expect(results.map(({ attempts }) => attempts)).toEqual([1, 1, 0, 0, 0, 0]);
    expect(results[0]!.error).toMatchObject({
      code: 'ERR_REEVE_TASK_CANCELLED',
      cause: { message: 'enough' },
    });
    expect(living()).toBe(0);
  });

  test('leaves nothing on a signal that others share, nor makes Node warn of many listeners', async () => {
    const { host, run } = await openTasks();
    const { signal } = new AbortController();
    const warnings: Error[] = [];
    const warned = (warning: Error): void => void warnings.push(warning);
    process.on('warning', warned);
    const tasks = Array.from({ length: 60 }, () =>
      job({ code: 1 }, { retries: { retries: 1, initial: 50 } }),
    );
    await run(host.runAll(tasks, { concurrency: 30, signal }));
    await new Promise(setImmediate); // a warning is told a tick later
    process.off('warning', warned);
    expect(warnings).toEqual([]);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  test('is over when nothing is left, also of a process that was on its way', async () => {
    const { host, run, simulation, living } = await openTasks();
    const left: number[] = [];
    for (let after = 0; after < 20; after += 1) {
      const controller = new AbortController();
      const onProgress = ({ result }: TaskProgress) => void (result && left.push(living()));
      const work = host.runAll([job({ ms: 1_000 })], { signal: controller.signal, onProgress });
      simulation.machine.timeline.add(after, () => controller.abort());
      const [result] = await run(work);
      expect(result!.status).toBe('cancelled');
      const births = simulation.machine.births;
      await simulation.pass(50);
      expect(simulation.machine.births).toBe(births);
    }
    expect(left).toEqual(Array(20).fill(0));
  });

  test('leaving the loop of runEach does the same', async () => {
    const { host, run, living, simulation } = await openTasks();
    let pulled = 0;
    function* endless() {
      for (;;) {
        pulled += 1;
        yield job({ ms: pulled === 1 ? 10 : 60_000 });
      }
    }
    await run(
      (async () => {
        for await (const _ of host.runEach(endless(), { concurrency: 3 })) break;
      })(),
    );
    await simulation.pass(3_000);
    expect(living()).toBe(0);
    expect(pulled).toBeLessThanOrEqual(5);
  });

  test('the stop of the host does not wait for whoever takes the results', async () => {
    const { host, run } = await openTasks();
    const each = host.runEach(Array.from({ length: 200 }, () => job()));
    await run(each.next());
    await run(host.stop());
    let count = 1;
    for await (const _ of each) count += 1;
    expect(count).toBe(200);
  });

  test('leaves a fallback that never comes', async () => {
    const { host, run, simulation } = await openTasks();
    const fallback = () => new Promise<undefined>(() => {});
    const work = host.runAll([job({ code: 3 }, { fallback })]);
    await simulation.pass(500);
    await run(host.stop());
    expect(await work).toMatchObject([{ status: 'failed', exitCode: 3, fallbackOf: undefined }]);
  });

  test('so does the stop of the host', async () => {
    const { host, run, living, simulation } = await openTasks();
    const work = host.runAll([job({ ms: 60_000 }), job({ ms: 60_000 })], { concurrency: 1 });
    await simulation.pass(200);
    await run(host.stop());
    expect(statuses(await work)).toEqual(['cancelled', 'cancelled']);
    expect(living()).toBe(0);
    await expect(host.runAll([job()])).rejects.toMatchObject({ code: 'ERR_REEVE_STOPPED' });
  });
});
