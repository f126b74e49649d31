/** Tasks that are real processes: what they read and write, what they leave behind, and a host at its limits. */
import { execFile } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { runAll } from '../../src/index.ts';
import { openHost } from '../support/host.ts';
import { AS_NOBODY, canBeUnprivileged } from '../support/limited-host.ts';
import { isAlive, until } from '../support/processes.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const MIB = 1_024 * 1_024;
const sh = (script: string) => ({ command: 'sh', args: ['-c', script] });

describe('input', () => {
  test('of many megabytes goes in while as much comes out', async () => {
    const { host } = await openHost();
    const text = 'x'.repeat(8 * MIB);
    const pieces = Array.from({ length: 128 }, () => text.slice(0, 64 * 1_024));
    const output = { tail: 8 * MIB };
    const results = await host.runAll([
      { command: 'cat', stdin: text, output },
      { command: 'cat', stdin: Buffer.from(text), output },
      { command: 'cat', stdin: Readable.from(pieces), output },
    ]);
    for (const { status, stdout } of results) expect([status, stdout.length]).toEqual(['ok', 8 * MIB]);
  });

  test('that is not read, or comes after much was written, holds nobody up', async () => {
    const { host } = await openHost();
    const stdin = 'x'.repeat(4 * MIB);
    const results = await host.runAll([
      { ...sh('exit 0'), stdin },
      { ...sh('head -c 4000000 /dev/zero; cat > /dev/null; echo end >&2'), stdin },
      { ...sh('exec <&-; sleep 0.2; echo end'), stdin },
    ]);
    expect(results.map(({ status }) => status)).toEqual(['ok', 'ok', 'ok']);
    expect(results[1]!.stderr).toBe('end\n');
  });

  test('that fails, fails the task; one that never ends is left when the task ends', async () => {
    const { host } = await openHost();
    let isClosed = false;
    async function* endless() {
      try {
        yield 'one\n';
        await new Promise((resolve) => setTimeout(resolve, 600_000).unref());
      } finally {
        isClosed = true;
      }
    }
    async function* broken() {
      yield 'one\n';
      throw new Error('the disk is gone');
    }
    async function* strange() {
      yield 'one\n';
      yield { two: 2 } as never;
    }
    const [refused] = await host.runAll([{ command: 'cat', stdin: strange() }]);
    expect(refused).toMatchObject({
      status: 'failed',
      error: { code: 'ERR_REEVE_TASK_INPUT', message: expect.stringContaining('neither a string nor bytes') },
    });
    const results = await host.runAll([
      { command: 'cat', stdin: broken() },
      { command: 'head', args: ['-n', '1'], stdin: endless() },
    ]);
    expect(results[0]).toMatchObject({
      status: 'failed',
      error: { code: 'ERR_REEVE_TASK_INPUT', cause: { message: 'the disk is gone' } },
    });
    expect(results[1]).toMatchObject({ status: 'ok', stdout: 'one\n' });
    expect(isClosed).toBe(false); // it waits for what never comes, and nobody waits for it
  });
});

test('a time limit ends the whole tree in time, though a grandchild holds the pipe', async () => {
  const { host } = await openHost();
  const [result] = await host.runAll(
    [sh('sleep 600 & setsid sleep 600 & (trap "" TERM; sleep 600) & echo $!; sleep 600')],
    { timeout: 500, shutdown: 200 },
  );
  expect(result).toMatchObject({ status: 'timed-out' });
  expect(result!.durationMs).toBeLessThan(10_000); // and not ten minutes
  expect(isAlive(Number(result!.stdout))).toBe(false);
});

test('one that leaves a child behind is over when that is ended, and is ok', async () => {
  const { host } = await openHost();
  const [result] = await host.runAll([{ ...sh('sleep 600 & echo $!'), shutdown: 100 }]);
  expect(result).toMatchObject({ status: 'ok', exitCode: 0 });
  expect(isAlive(Number(result!.stdout))).toBe(false);
});

describe('one task by its handle', () => {
  test('says what it writes, line by line', async () => {
    const { host } = await openHost();
    const task = await host.run({
      id: 'a',
      ...sh('read go; echo one; echo two >&2; echo three'),
      stdin: 'go\n',
    });
    const lines: string[] = [];
    for await (const { stream, line } of task.lines()) lines.push(`${stream} ${line}`);
    expect(lines.sort()).toEqual(['stderr two', 'stdout one', 'stdout three']);
    expect(await task.result).toMatchObject({ id: 'a', status: 'ok' });
    expect([task.id, task.status(), task.output().stderr]).toEqual(['a', 'ok', 'two\n']);
  });

  test('waits for whoever takes its lines slowly, and loses none', async () => {
    const { host } = await openHost();
    const task = await host.run({ ...sh('seq 1 200000; echo end >&2') });
    let count = 0;
    for await (const { stream } of task.lines()) {
      if (stream === 'stdout') count += 1;
      if (count % 1_000 === 0) await new Promise(setImmediate);
    }
    expect(count).toBe(200_000);
  });

  test('loses nothing of one that has ended while its output was taken slowly', async () => {
    const { host } = await openHost();
    const isTaken = `${temporaryDirectory()}/taken`;
    const script = `echo first; until [ -e ${isTaken} ]; do sleep 0.02; done; seq 1 10000`;
    let count = 0;
    const results = await host.runAll([sh(script)], {
      onOutput: ({ bytes }) => {
        count += bytes.length;
        writeFileSync(isTaken, ''); // nothing more is read, and a pipe holds what is still to come
        return new Promise(() => {});
      },
    });
    expect(results[0]!.stdout.length).toBe('first\n'.length + 48_894);
    expect(count).toBe(results[0]!.stdout.length);
  });

  test('can be stopped, with all that it has started', async () => {
    const { host } = await openHost();
    const task = await host.run(sh('sleep 600 & echo $!; wait'));
    await until('it has started another', () => task.output().stdout !== '');
    const pids = [task.pid!, Number(task.output().stdout)];
    expect(task.status()).toBe('running');
    expect(pids.every(isAlive)).toBe(true);
    expect(await task.stop('not needed')).toMatchObject({
      status: 'cancelled',
      error: { cause: { message: 'not needed' } },
    });
    expect(pids.filter(isAlive)).toEqual([]);
    expect(await task.stop()).toMatchObject({ status: 'cancelled' });
  });
});

test('a hundred and more at once', async () => {
  const { host } = await openHost({ tasks: { maxProcesses: 200 } });
  const tasks = Array.from({ length: 150 }, (_, n) => sh(`echo ${n}; exit ${n % 2}`));
  const results = await host.runAll(tasks, { concurrency: 150 });
  expect(results.map(({ exitCode, stdout }) => [exitCode, stdout])).toEqual(
    tasks.map((_, n) => [n % 2, `${n}\n`]),
  );
});

test('without a host of its own', async () => {
  expect(await runAll([{ command: 'echo', args: ['hi'] }])).toMatchObject([{ status: 'ok', stdout: 'hi\n' }]);
});

describe('a host at its limits', () => {
  const run = promisify(execFile);
  const fixture = fileURLToPath(new URL('../fixtures/runs-tasks.mjs', import.meta.url));

  async function limited(what: 'nofile' | 'nproc', limit: number) {
    const directory = temporaryDirectory();
    chmodSync(directory, 0o777); // it may be another user's
    const wrapper = what === 'nproc' && process.getuid!() === 0 ? AS_NOBODY : [];
    const [command, ...args] = [
      ...wrapper,
      process.execPath,
      fixture,
      `${directory}/state`,
      '200',
      what,
      `${limit}`,
    ];
    const { stdout } = await run(command!, args, { timeout: 120_000, cwd: '/' });
    const { sum, ...rest } = JSON.parse(stdout);
    const { ok, ...failures } = sum;
    expect(ok).toBeGreaterThan(0);
    expect(Object.keys(failures).filter((code) => !['EMFILE', 'EAGAIN'].includes(code))).toEqual([]);
    expect(rest.after).toBeLessThanOrEqual(rest.before + 4);
    expect(rest.again).toEqual(Array(10).fill('ok'));
  }

  test('of descriptors runs two hundred all the same, or says why not, and nothing leaks', async () => {
    await limited('nofile', 64);
  });

  test.runIf(canBeUnprivileged())('of processes does so, too', async () => {
    await limited('nproc', 6); // for 64 at a time
  });
});
