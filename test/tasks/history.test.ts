/** What is written down of tasks, and found again: on a simulated machine, whose disk and hosts fail as the test says. */
import { describe, expect, test } from 'vitest';
import type { TaskRecord } from '../../src/index.ts';
import { job, openTasks } from '../support/tasks.ts';

const KEPT = { history: true } as const;
const ids = (records: readonly TaskRecord[]) => records.map(({ id }) => id);
const stored = (paths: readonly string[]) => [
  ...new Set(paths.filter((path) => path.startsWith('/state/tasks/')).map((path) => path.split('/')[3])),
];

describe('the history', () => {
  test('is kept when it is asked for, and not otherwise', async () => {
    const { host, run, simulation } = await openTasks();
    const [result] = await run(host.runAll([job({ says: 'hello' })]));
    expect(result).toMatchObject({ recordId: undefined, directory: undefined });
    expect(stored(simulation.machine.disk.paths())).toEqual([]);
    expect(await run(host.tasks.history.list())).toEqual([]);
  });

  test('has what became of each, and what it was', async () => {
    const { host, run } = await openTasks(KEPT);
    const tasks = [
      job({ ms: 25, says: 'hello' }, { id: 'a', key: 'agent', cwd: '/' }),
      job({ code: 3, complains: '429 too many requests' }, { id: 'b', retries: { retries: 1, initial: 10 } }),
      job({ code: 1 }, { id: 'c', fallback: job({ says: 'instead' }) }),
    ];
    const results = await run(host.runAll(tasks, { concurrency: 1 }));
    const records = await run(host.tasks.history.list());
    expect(records).toMatchObject(
      [
        { id: 'a', index: 0, command: 'job', cwd: '/', key: 'agent', status: 'ok', exitCode: 0, attempts: 1 },
        {
          id: 'b',
          status: 'failed',
          exitCode: 3,
          attempts: 2,
          category: 'rate-limit',
          error: /exited with code 3/,
        },
        { id: 'c', status: 'ok', isFallback: true },
      ].map((record) =>
        'error' in record ? { ...record, error: expect.stringMatching(record.error!) } : record,
      ),
    );
    expect(records.map(({ recordId }) => recordId)).toEqual(results.map(({ recordId }) => recordId));
    expect(records[0]!.runId).toBe(host.runId);
    expect(records[0]!.durationMs).toBe(results[0]!.durationMs);
    expect(records[0]!.written).toEqual({ stdout: 5, stderr: 0 });
    // All attempts, one after the other; and the fallback's.
    const output = async (at: number, stream: 'stdout' | 'stderr') =>
      (await run(host.tasks.history.output(records[at]!.recordId, { stream })))!.text;
    expect(await output(0, 'stdout')).toBe('hello');
    expect(await output(1, 'stderr')).toBe('429 too many requests'.repeat(2));
    expect(await output(2, 'stdout')).toBe('instead');
  });

  test('shows one that runs, with what it has written so far', async () => {
    const { host, run, simulation } = await openTasks(KEPT);
    const handle = await run(host.run(job({ ms: 10_000, chats: 1_000 })));
    await simulation.pass(2_500);
    const { history } = host.tasks;
    const recordId = handle.recordId!;
    expect(await run(history.get(recordId))).toMatchObject({ status: 'running', endedAt: undefined });
    const first = await run(history.output(recordId));
    expect(first).toEqual({ text: '.\n.\n', next: 4, isOver: false });
    await simulation.pass(2_000);
    const second = await run(history.output(recordId, { since: first!.next }));
    expect(second).toEqual({ text: '.\n.\n', next: 8, isOver: false });
    await run(handle.result);
    const last = await run(history.output(recordId, { since: second!.next }));
    expect(last).toMatchObject({ isOver: true });
  });

  test('is read in pages that cut no character in half', async () => {
    const { host, run } = await openTasks(KEPT);
    const text = 'aé€😀'.repeat(40);
    const [result] = await run(host.runAll([job({ says: text })]));
    for (const limit of [4, 5, 6, 7, 64]) {
      let read = '';
      for (let since = 0, isOver = false; !isOver; ) {
        const page = (await run(host.tasks.history.output(result!.recordId!, { since, limit })))!;
        expect(page.next > since || page.isOver).toBe(true);
        ({ next: since, isOver } = page);
        read += page.text;
      }
      expect(read, `in pages of ${limit}`).toBe(text);
    }
  });

  test('knows no record that is not there, and asks for options that can be', async () => {
    const { host, run } = await openTasks(KEPT);
    const { history } = host.tasks;
    for (const recordId of ['', '../runs', `${host.runId}-1`, `${host.runId}-1/../..`]) {
      expect(await run(history.get(recordId))).toBeUndefined();
      expect(await run(history.output(recordId))).toBeUndefined();
    }
    await expect(history.output('x', { limit: 3 })).rejects.toThrow('limit');
    await expect(history.output('x', { since: -1 })).rejects.toThrow('since');
    await expect(history.output('x', { stream: 'both' as never })).rejects.toThrow('stream');
  });
});

describe('a later run', () => {
  test('finds what an earlier one has left', async () => {
    const { host, run, sim, start } = await openTasks(KEPT);
    const [result] = await run(host.runAll([job({ says: 'hello' }, { id: 'old' })]));
    await run(sim.stop());
    const { history } = (await start()).host!.tasks;
    expect(await run(history.list())).toMatchObject([{ id: 'old', status: 'ok' }]);
    expect(await run(history.output(result!.recordId!))).toEqual({ text: 'hello', next: 5, isOver: true });
  });

  test('calls lost what a dead one was running, and never says that it runs', async () => {
    const { host, run, sim, start, simulation } = await openTasks(KEPT);
    const handle = await run(host.run(job({ ms: 60_000, says: 'begun' }, { id: 'lost' })));
    await simulation.pass(500);
    sim.kill();
    const { history } = (await start()).host!.tasks;
    expect(await run(history.list())).toMatchObject([{ id: 'lost', status: 'lost', endedAt: undefined }]);
    expect(await run(history.output(handle.recordId!))).toEqual({ text: 'begun', next: 5, isOver: true });
  });

  test('says that it runs while its host, another one, lives', async () => {
    const { host, run, start, simulation } = await openTasks(KEPT);
    await run(host.run(job({ ms: 60_000 }, { id: 'elsewhere' })));
    await simulation.pass(500);
    const { history } = (await start()).host!.tasks;
    expect(await run(history.list())).toMatchObject([{ id: 'elsewhere', status: 'running' }]);
  });

  test('never meets a record that is half written, wherever the one before it died', async () => {
    const seen = new Set<string>();
    for (let at = 1; at < 60; at += 1) {
      const { run, sim, host, start, simulation } = await openTasks(KEPT);
      let passed = 0;
      const onlooker = {
        onBoundary: (process: unknown) => {
          if (process !== sim.process) return;
          passed += 1;
          if (passed === at) sim.kill();
        },
      };
      simulation.machine.onlookers.push(onlooker);
      void host.runAll([job({ says: 'one' }, { id: 'a' }), job({ says: 'two' }, { id: 'b' })], {
        concurrency: 1,
      });
      await simulation.pass(2_000);
      if (sim.alive) break; // it has ended well before
      const next = (await start()).host!;
      const records = await run(next.tasks.history.list());
      for (const { id, status, recordId } of records) {
        seen.add(status);
        const { text } = (await run(next.tasks.history.output(recordId)))!;
        const whole = id === 'a' ? 'one' : 'two';
        if (status === 'ok') expect(text).toBe(whole);
        else expect([status, whole.startsWith(text)]).toEqual(['lost', true]);
      }
      // What was about to be written goes with the first task that ends.
      await run(next.runAll([job({}, { id: 'c' })]));
      await run(next.stop());
      const left = stored(simulation.machine.disk.paths());
      expect(left).toHaveLength(records.length + 1);
    }
    expect([...seen].sort()).toEqual(['lost', 'ok']);
  });
});

describe('what is kept', () => {
  test('is bounded: those that ended first go first, and none that runs', async () => {
    const { host, run } = await openTasks({ history: { count: 3 } });
    const long = await run(host.run(job({ ms: 5_000 }, { id: 'long' })));
    const tasks = [40, 10, 30, 20, 50].map((ms, n) => job({ ms }, { id: `t${n}` }));
    await run(host.runAll(tasks));
    await run(host.runAll([job({}, { id: 'last' })])); // by then the removals before it are done
    const kept = async () => ids(await run(host.tasks.history.list())).sort();
    await expect.poll(kept).toEqual(['last', 'long', 't0', 't4']);
    await run(long.result);
    await run(host.stop());
    expect(await kept()).toEqual(['last', 'long', 't4']);
  });

  test('is bounded over many runs, those that are lost among them', async () => {
    const { host, run, sim, start, simulation } = await openTasks({ history: { count: 4 } });
    await run(
      host.runAll(
        [1, 2, 3].map((n) => job({}, { id: `first ${n}` })),
        { concurrency: 1 },
      ),
    );
    await run(host.run(job({ ms: 60_000 }, { id: 'lost' })));
    await simulation.pass(100);
    sim.kill();
    const second = await start();
    await run(second.host!.runAll([job({}, { id: 'second' })]));
    await run(second.stop());
    const third = (await start()).host!;
    expect(ids(await run(third.tasks.history.list()))).toEqual(['first 2', 'first 3', 'lost', 'second']);
  });

  test('goes by its age, too', async () => {
    const { host, run, simulation } = await openTasks({ history: { age: 60_000 } });
    await run(host.runAll([job({}, { id: 'old' })]));
    await simulation.pass(61_000);
    await run(host.runAll([job({}, { id: 'new' })]));
    await run(host.stop());
    expect(ids(await run(host.tasks.history.list()))).toEqual(['new']);
  });

  test('does not touch what is no record', async () => {
    const { host, run, simulation } = await openTasks({ history: { count: 0 } });
    const { disk } = simulation.machine;
    disk.write('/state/tasks/README', 'mine');
    disk.write('/state/tasks/1-1/meta.json', 'mine too');
    const ofAnother = `${host.runId.replace(/^./, '0')}-1`;
    disk.write(`/state/tasks/${ofAnother}/meta.json`, '{ "version": 2, "secret": "of a later Reeve" }');
    await run(host.runAll([job(), job()]));
    await run(host.stop());
    expect(stored(disk.paths()).sort()).toEqual([ofAnother, '1-1', 'README'].sort());
    expect(host.events.recent().filter(({ type }) => type === 'tasks.warning')).toEqual([]);
    expect(await run(host.tasks.history.list())).toEqual([]);
  });

  test('has so many bytes of each stream, and says that there were more', async () => {
    const { host, run } = await openTasks({ history: { logBytes: 4 } });
    const [result] = await run(host.runAll([job({ says: 'abcdef', complains: 'xyz' })]));
    const { history } = host.tasks;
    expect(result).toMatchObject({ status: 'ok', stdout: 'abcdef' });
    expect(await run(history.output(result!.recordId!))).toMatchObject({ text: 'abcd', isOver: true });
    expect(await run(history.get(result!.recordId!))).toMatchObject({
      written: { stdout: 6, stderr: 3 },
      cut: 'it wrote more than 4 bytes',
    });
  });

  test('is not worth a task: a disk that is full is told of, and the task goes on', async () => {
    const { host, run, simulation } = await openTasks(KEPT);
    const handle = await run(host.run(job({ ms: 300, chats: 100, says: 'begun' })));
    await simulation.pass(50);
    simulation.machine.disk.fault = 'ENOSPC';
    expect(await run(handle.result)).toMatchObject({ status: 'ok', stdout: 'begun.\n.\n' });
    const warnings = host.events.recent().filter(({ type }) => type === 'tasks.warning');
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatchObject({ message: expect.stringMatching(/^'0' is not written down: ENOSPC/) });
    simulation.machine.disk.fault = undefined;
    await run(host.stop());
    // Its host is gone, and nobody has written what became of it.
    expect(await run(host.tasks.history.list())).toMatchObject([{ status: 'lost' }]);
  });

  test.each([
    [{ count: -1 }, 'tasks.history.count'],
    [{ age: 1.5 }, 'tasks.history.age'],
    [{ logBytes: 'all' }, 'tasks.history.logBytes'],
    [{ days: 3 }, 'tasks.history.days'],
    ['yes', 'tasks.history'],
  ])('%j is refused', async (history, path) => {
    await expect(openTasks({ history: history as never })).rejects.toMatchObject({ path });
  });
});
