/** Tasks that write to files: all that they wrote, byte for byte, and what became of them. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Logs } from '../../src/os/os.ts';
import { TaskFiles } from '../../src/tasks/history/task-files.ts';
import { openHost } from '../support/host.ts';
import { until } from '../support/processes.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const sh = (script: string) => ({ command: 'sh', args: ['-c', script] });
const MIB = 1_024 * 1_024;

describe('output.directory', () => {
  test('has a directory for each task, with both streams and what became of it', async () => {
    const { host } = await openHost();
    const directory = `${temporaryDirectory()}/results`;
    const results = await host.runAll(
      [
        { id: 'fine', ...sh('echo out; echo err >&2') },
        { id: 'sub/dir ü', ...sh('exit 3'), output: { tail: 0 } },
        { id: '..', ...sh('echo parent'), output: { tail: 1 } },
      ],
      { output: { directory } },
    );
    const names = ['fine', 'sub%2Fdir%20%C3%BC', '%2E%2E'];
    expect(results.map((result) => result.directory)).toEqual(names.map((name) => `${directory}/${name}`));
    expect(results[2]!.stdout).toBe('\n'); // the run's directory, and a tail of its own
    for (const name of names) {
      expect(readdirSync(`${directory}/${name}`).sort()).toEqual(['meta.json', 'stderr.log', 'stdout.log']);
    }
    expect(statSync(`${directory}/fine`).mode & 0o777).toBe(0o700);
    expect(statSync(`${directory}/fine/stdout.log`).mode & 0o777).toBe(0o600);
    const read = (path: string) => readFileSync(`${directory}/${path}`, 'utf8');
    expect([read('fine/stdout.log'), read('fine/stderr.log')]).toEqual(['out\n', 'err\n']);
    expect(JSON.parse(read('fine/meta.json'))).toMatchObject({ id: 'fine', status: 'ok', exitCode: 0 });
    expect(JSON.parse(read(`${names[1]}/meta.json`))).toMatchObject({ status: 'failed', exitCode: 3 });
    expect(await host.tasks.history.list()).toEqual([]); // that is another matter
  });

  test('has every byte of a flood, whatever it is', async () => {
    const { host } = await openHost();
    const directory = temporaryDirectory();
    const flood = 'import os, sys; sys.stdout.buffer.write(bytes(range(256)) * (160 * 1024))';
    const [result] = await host.runAll([{ id: 'flood', command: 'python3', args: ['-c', flood] }], {
      output: { directory },
    });
    expect(result!.status).toBe('ok');
    const bytes = readFileSync(`${result!.directory}/stdout.log`);
    expect(bytes.length).toBe(40 * MIB);
    const all = Buffer.alloc(
      40 * MIB,
      Uint8Array.from({ length: 256 }, (_, byte) => byte),
    );
    expect(digest(bytes)).toBe(digest(all));
  });

  test('of a second run takes the place of the first, and is no part of the history', async () => {
    const { host } = await openHost({ tasks: { history: { count: 1 } } });
    const directory = temporaryDirectory();
    const once = (says: string) =>
      host.runAll([{ id: 'a', ...sh(`echo ${says}`) }], { output: { directory } });
    await once('one');
    const [result] = await once('two');
    expect(readFileSync(`${directory}/a/stdout.log`, 'utf8')).toBe('two\n');
    // The history knows it too, by its own name, and has a copy.
    const { history } = host.tasks;
    expect(await history.output(result!.recordId!)).toEqual({ text: 'two\n', next: 4, isOver: true });
    await host.stop();
    expect((await history.list()).map(({ recordId }) => recordId)).toEqual([result!.recordId]);
    expect(readdirSync(`${directory}/a`)).toHaveLength(3); // what is the user's nobody removes
  });

  test('in which many begin at once is made once, and each has its own', async () => {
    const { host, all } = await openHost();
    const directory = `${temporaryDirectory()}/a/b/c`;
    const tasks = Array.from({ length: 8 }, (_, n) => ({ id: `t${n}`, ...sh(`echo ${n}`) }));
    const results = await host.runAll(tasks, { concurrency: 8, output: { directory } });
    const texts = results.map((result) => readFileSync(`${result.directory}/stdout.log`, 'utf8'));
    expect(texts).toEqual(tasks.map((_, n) => `${n}\n`));
    expect(all('tasks.warning')).toEqual([]);
  });

  test('is not shared by two of one id that run at once', async () => {
    const { host } = await openHost();
    const directory = temporaryDirectory();
    const goOn = `${directory}/go-on`;
    const says = (what: string) =>
      sh(`echo ${what}; until [ -e ${goOn} ]; do sleep 0.02; done; echo ${what}`);
    const [a, b] = await Promise.all(
      ['a', 'b'].map((what) => host.run({ ...says(what), output: { directory } })),
    );
    await until('both have begun', () => [a, b].every((task) => task!.output().stdout !== ''));
    writeFileSync(goOn, '');
    const results = await Promise.all([a!.result, b!.result]);
    expect(results.map((result) => result.directory)).toEqual([`${directory}/0`, `${directory}/0~2`]);
    const texts = results.map((result) => readFileSync(`${result.directory}/stdout.log`, 'utf8'));
    expect(texts).toEqual(['a\na\n', 'b\nb\n']);
  });

  test('that cannot be does not keep a task out of the history', async () => {
    const { host } = await openHost({ tasks: { history: true } });
    const [result] = await host.runAll([{ id: 'a', ...sh('echo fine') }], {
      output: { directory: '/proc/no-such-place' },
    });
    const { history } = host.tasks;
    expect(await history.get(result!.recordId!)).toMatchObject({ id: 'a', status: 'ok' });
    expect(await history.output(result!.recordId!)).toMatchObject({ text: 'fine\n', isOver: true });
  });

  test('takes nothing away that is no file of a task', async () => {
    const { host, all } = await openHost();
    const directory = temporaryDirectory();
    mkdirSync(`${directory}/a/stdout.log`, { recursive: true });
    writeFileSync(`${directory}/a/stdout.log/keep`, 'mine');
    const [result] = await host.runAll([{ id: 'a', ...sh('echo fine') }], { output: { directory } });
    expect(result).toMatchObject({ status: 'ok', stdout: 'fine\n' });
    expect(readFileSync(`${directory}/a/stdout.log/keep`, 'utf8')).toBe('mine');
    expect(all('tasks.warning')).toMatchObject([
      { message: expect.stringMatching(/^'a' is not written down: E/) },
    ]);
  });

  test('that cannot be is told of, and the task runs', async () => {
    const { host, all } = await openHost();
    const [result] = await host.runAll([{ id: 'a', ...sh('echo fine') }], {
      output: { directory: '/proc/no-such-place' },
    });
    expect(result).toMatchObject({ status: 'ok', stdout: 'fine\n' });
    expect(all('tasks.warning')).toMatchObject([
      { message: expect.stringMatching(/^'a' is not written down: ENOENT/) },
    ]);
  });

  test.each([
    [{ directory: '' }, 'tasks[0].output.directory'],
    [{ directory: 7 }, 'tasks[0].output.directory'],
    [{ tail: -1 }, 'tasks[0].output.tail'],
    [{ file: 'x' }, 'tasks[0].output.file'],
    ['x', 'tasks[0].output'],
  ])('%j is refused', async (output, path) => {
    const { host } = await openHost();
    await expect(host.runAll([{ command: 'true', output: output as never }])).rejects.toMatchObject({ path });
  });
});

test('what is no record of ours does not spoil the history', async () => {
  const { host, stateDirectory, all } = await openHost({ tasks: { history: { count: 1 } } });
  const strange = `${stateDirectory}/tasks/1767225600000000_aaaaaaaaaa`;
  mkdirSync(`${strange}-1/meta.json`, { recursive: true });
  writeFileSync(`${strange}-2`, 'a file');
  await host.runAll([sh('true'), sh('true')], { concurrency: 1 });
  await host.stop();
  expect(await host.tasks.history.list()).toMatchObject([{ id: '1', status: 'ok' }]);
  expect(readdirSync(`${stateDirectory}/tasks`).filter((name) => name.includes('aaaa'))).toHaveLength(2);
  expect(all('tasks.warning')).toEqual([]);
});

test('a disk that is slow slows the task: no more than a little waits in memory', async () => {
  const appended: number[] = [];
  let release = (): void => {};
  const logs: Logs = {
    append: (_path, bytes) => {
      appended.push(bytes.length);
      return new Promise((resolve) => (release = resolve));
    },
    read: async () => undefined,
  };
  const nothing = async (): Promise<void> => {};
  const files = { write: nothing, rename: nothing, remove: nothing, makePrivateDirectory: nothing } as never;
  const beginning = { directory: '/d' } as never;
  const options = { files, logs, beginning, mostBytes: 1e12, warn: expect.unreachable };
  const taskFiles = new TaskFiles(options);
  const piece = new Uint8Array(MIB / 4);
  let waits: Promise<void> | undefined;
  let taken = 0;
  while (waits === undefined) {
    waits = taskFiles.wrote('stdout', piece);
    taken += 1;
  }
  expect(taken).toBe(5); // 1 MiB may wait
  await expect.poll(() => appended.length).toBe(1); // what has come goes as one
  expect(taskFiles.wrote('stderr', piece)).toBeUndefined(); // the other stream has room of its own
  release();
  await waits;
  expect(appended).toEqual([5 * piece.length, piece.length]);
});

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
