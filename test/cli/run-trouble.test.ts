/** `reeve run` when something goes wrong beside its tasks: what was written is shown all the same, and it comes to an end. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CLI, openShell, type Shell } from '../support/cli.ts';
import { processesOfRun, until } from '../support/processes.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const REEVE = `'${process.execPath}' '${CLI}'`;
const NUMBERS = Array.from({ length: 300 }, (_, index) => index + 1).join(' ');

/** The end of `reeve run --tasks` over these. */
async function runTasks(shell: Shell, tasks: readonly object[], ...flags: readonly string[]) {
  shell.put('tasks.jsonl', tasks.map((task) => JSON.stringify(task)).join('\n'));
  return shell.run('run', ...flags, '--tasks', 'tasks.jsonl');
}

const logged = (shell: Shell) =>
  readFileSync(`${shell.directory}/log`, 'utf8')
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t')[0]);

test('a joblog that breaks while many wait for their turn ends it', async () => {
  const shell = openShell();
  const script = '[ $0 = 1 ] && read line <go || echo >>begun';
  const run = shell.exec('sh', [
    '-c',
    // Whoever reads the joblog goes after its first line: EPIPE comes with the next.
    `mkfifo log go; head -1 log >/dev/null & exec ${REEVE} run -k -j 4 --joblog log sh -c '${script}' ::: ${NUMBERS}`,
  ]);
  const begun = `${shell.directory}/begun`;
  await until(
    'no more may wait',
    () =>
      existsSync(begun) && readFileSync(begun).length >= 256 && processesOfRun(shell.runs()[0]!).length === 2,
    60_000,
  );
  writeFileSync(`${shell.directory}/go`, '\n');
  expect(await run.ended).toEqual({ code: 255, signal: null });
  expect(run.stderr()).toMatch(/^reeve: log cannot be written: EPIPE/);
  expect(readFileSync(begun).length).toBeLessThan(299);
}, 90_000);

describe('what the last attempt has written is shown', () => {
  const fails = 'echo out; echo err >&2; echo $$ >pid; exit 1';

  test('when it is given up before the next, and it is not logged', async () => {
    const shell = openShell();
    const later = { retries: 3, initial: 60_000, max: 60_000 };
    const waits = 'while [ ! -e pid ] || kill -0 $(cat pid) 2>/dev/null; do sleep 0.01; done';
    const { code, stdout, stderr } = await runTasks(
      shell,
      [
        { id: 'fails', command: 'sh', args: ['-c', fails], retries: later },
        { id: 'waits', command: 'sh', args: ['-c', waits] },
      ],
      ...['-j', '2', '--halt', 'now,success=1', '--joblog', 'log'],
    );
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'out\n' });
    expect(stderr).toMatch(/^err\nreeve: sh -c .*: exited with code 1 \(unknown\)\n/);
    expect(logged(shell)).toEqual(['2']);
  });

  test('when its fallback cannot be run', async () => {
    const shell = openShell();
    const task = { command: 'sh', args: ['-c', fails], fallback: { command: './none' } };
    const { code, stdout, stderr } = await runTasks(shell, [task], '--joblog', 'log');
    expect({ code, stdout }).toEqual({ code: 1, stdout: 'out\n' });
    expect(stderr).toMatch(/^err\nreeve: .*none/);
    expect(logged(shell)).toEqual(['1']);
  });

  test('unless its fallback has run', async () => {
    const task = { command: 'sh', args: ['-c', fails], fallback: { command: 'true' } };
    expect(await runTasks(openShell(), [task])).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });
});

test('a warning of the host is said, and ends nothing', async () => {
  const tasks = [
    { command: 'echo', args: ['one'], output: { directory: '/dev/null/none' } },
    { command: 'echo', args: ['two'] },
  ];
  const { code, stdout, stderr } = await runTasks(openShell(), tasks, '-k', '-j', '1');
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'one\ntwo\n' });
  expect(stderr).toMatch(/^reeve: warning: .*is not written down.*\n$/);
});

test('what --halt has decided does not hide that output was lost', async () => {
  const run = openShell().exec('sh', ['-c', `exec ${REEVE} run --halt now,success=1 echo ::: a >/dev/full`]);
  expect(await run.ended).toEqual({ code: 255, signal: null });
  expect(run.stderr()).toMatch(/^reeve: standard output cannot be written: ENOSPC.*; stopping in order\n/);
});

describe('what would be lost without a word is refused', () => {
  test.each([
    ['a second file', `${REEVE} run -a one -a two echo`, /--arg-file.*It may be given once/],
    ['bytes that are not UTF-8', `${REEVE} run echo ::: "$(printf 'x\\377y')"`, /an argument is not UTF-8/],
    ['output of --dry-run', `${REEVE} run --dry-run echo ::: 1 2 3 >/dev/full`, /cannot be written: ENOSPC/],
  ])('%s', (_, script, complaint) => {
    const { status, stderr } = spawnSync('sh', ['-c', script], { encoding: 'utf8' });
    expect(status).toBe(255);
    expect(stderr).toMatch(complaint);
  });
});

test('a program that is there, in a directory that is not, was not looked for in vain', async () => {
  const directory = temporaryDirectory();
  const task = JSON.stringify({ command: 'pwd', cwd: '/no-such-place' });
  const script = `echo '${task}' | ${REEVE} --state-dir ${directory} run --tasks - --joblog ${directory}/log`;
  expect(spawnSync('sh', ['-c', script]).status).toBe(1);
  expect(readFileSync(`${directory}/log`, 'utf8').split('\n')[1]!.split('\t')[6]).toBe('-1');
});

test('values that the time for all did not suffice for are told of, though none has failed', async () => {
  const shell = openShell();
  const script = '[ "$1" -le 2 ] || exec sleep 1410';
  const { code, stderr } = await shell.run(
    ...['run', '-j', '1', '--total-timeout', '2s', 'sh', '-c', script, 'sh', '{}', ':::', '1', '2', '3', '4'],
  );
  expect(code).toBe(1);
  expect(stderr).toMatch(/before all were begun/);
});
