/** `reeve run` that does not come to its end: killed and resumed, interrupted once and twice; and on a terminal. */
import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { CLI, openShell, type Shell } from '../support/cli.ts';
import { processesOfRun, until } from '../support/processes.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const sources = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  .map((entry) => join(entry.parentPath, entry.name))
  .sort();

/** The lines of a joblog that are whole, but for the first. */
function logged(shell: Shell): { seq: number; exitval: string; command: string }[] {
  const path = `${shell.directory}/log`;
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(1, -1) : [];
  return lines.map((line) => {
    const fields = line.split('\t');
    return { seq: Number(fields[0]), exitval: `${fields[6]} ${fields[7]}`, command: fields[8]! };
  });
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

test('killed half-way over all source files and resumed, each is done once, and nothing is left', async () => {
  const shell = openShell();
  const half = Math.floor(sources.length / 2);
  // Beyond the half they do not end before they may.
  const script = `[ "$1" -le ${half} ] || [ -e go ] || exec sleep 1409; cksum "$0"`;
  const command = ['--joblog', 'log', '-j', '4', '--', 'sh', '-c', script, '{}', '{#}', ':::', ...sources];
  const first = shell.start('run', ...command);
  await until('half of them are logged', () => logged(shell).length === half, 60_000);
  const [run] = shell.runs();
  await until('the next ones run', () => processesOfRun(run!).length >= 5, 20_000);
  first.process.kill('SIGKILL');
  expect(await first.ended).toEqual({ code: null, signal: 'SIGKILL' });
  await until('nothing of it is left', () => processesOfRun(run!).length === 0, 20_000);
  appendFileSync(`${shell.directory}/log`, `${half + 1}\t:\t17953314`); // as if it had been killed amid a line

  shell.put('go', '');
  const second = shell.start('run', '--resume', ...command);
  const next = await until('it has a record', () => shell.runs().find((other) => other !== run));
  expect(await second.ended).toEqual({ code: 0, signal: null });
  expect(processesOfRun(run!)).toEqual([]);
  expect(processesOfRun(next)).toEqual([]);

  const log = logged(shell);
  expect(log.map(({ seq }) => seq).sort((a, b) => a - b)).toEqual(numbers(sources.length));
  expect(new Set(log.map(({ exitval }) => exitval))).toEqual(new Set(['0 0']));
  const sums = `${first.stdout()}${second.stdout()}`
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' ')[2]);
  expect(sums.sort()).toEqual(sources);

  const third = await shell.run('run', '--resume', ...command);
  expect(third).toMatchObject({ code: 0, stdout: '', stderr: '' });
  expect(logged(shell)).toEqual(log);
}, 120_000);

describe('resumed', () => {
  test('what has failed is left alone, or run again', async () => {
    const shell = openShell();
    const command = [
      '--joblog',
      'log',
      'sh',
      '-c',
      'echo $0 >>ran; [ -e go ] || exit $0',
      ':::',
      '0',
      '3',
      '0',
    ];
    expect((await shell.run('run', ...command)).code).toBe(1);
    shell.put('go', '');
    expect((await shell.run('run', '--resume', ...command)).code).toBe(0);
    expect(readFileSync(`${shell.directory}/ran`, 'utf8').split('\n').sort()).toEqual(['', '0', '0', '3']);
    expect((await shell.run('run', '--resume-failed', ...command)).code).toBe(0);
    expect(
      logged(shell)
        .map(({ seq }) => seq)
        .slice(3),
    ).toEqual([2]);
  });

  test('with other commands nothing is begun', async () => {
    const shell = openShell();
    await shell.run('run', '--joblog', 'log', 'echo', ':::', 'a', 'b');
    const other = await shell.run('run', '--joblog', 'log', '--resume', 'echo', ':::', 'new', 'b', 'c');
    expect(other).toMatchObject({ code: 255, stdout: '' });
    expect(other.stderr).toBe('reeve: log is of other commands: job 1 was echo a, and is now echo new\n');
    shell.put('values', 'a\nc\n');
    const lazy = await shell.run('run', '--joblog', 'log', '--resume', '-a', 'values', 'echo');
    expect(lazy).toMatchObject({
      code: 255,
      stderr: expect.stringMatching(/job 2 was echo b, and is now echo c/),
    });
  });

  test('what depends on something that was done does not wait for it', async () => {
    const shell = openShell();
    const task = (id: string, script: string, ...dependsOn: string[]) =>
      JSON.stringify({ id, command: 'sh', args: ['-c', script], dependsOn });
    const lines = [
      task('a', 'true'),
      task('b', 'false'),
      task('c', '[ -e go ]', 'a'),
      task('d', 'true', 'b'),
    ];
    shell.put('tasks.jsonl', lines.join('\n'));
    const flags = ['run', '--joblog', 'log', '--tasks', 'tasks.jsonl'];
    expect((await shell.run(...flags)).code).toBe(3);
    shell.put('go', '');
    const again = await shell.run(...flags, '--resume-failed');
    expect(again).toMatchObject({ code: 2, stderr: expect.stringMatching(/was skipped: 'b' is failed/) });
    expect((await shell.run(...flags, '--resume')).stderr).toMatch(/'b' was not ok in an earlier run/);
  });
});

describe('interrupted', () => {
  const script = 'echo $0 >>begun; while [ ! -e go ]; do sleep 0.01; done; echo $0';
  const begin = async (shell: Shell) => {
    const run = shell.start(
      'run',
      '--joblog',
      'log',
      '-j',
      '2',
      'sh',
      '-c',
      script,
      ':::',
      '1',
      '2',
      '3',
      '4',
    );
    const begun = () =>
      existsSync(`${shell.directory}/begun`) && readFileSync(`${shell.directory}/begun`, 'utf8');
    await until('two have begun', () => begun() !== false && String(begun()).length === 4);
    return { run, id: shell.runs()[0]! };
  };

  test.each(['SIGINT', 'SIGTERM'] as const)(
    'once by %s, begins no more, and lets the others end',
    async (signal) => {
      const shell = openShell();
      const { run, id } = await begin(shell);
      run.process.kill(signal);
      await run.says(new RegExp(`reeve: ${signal}: no more tasks are begun; 2 still run`));
      shell.put('go', '');
      expect(await run.ended).toEqual({ code: null, signal });
      expect(run.stdout().split('\n').sort()).toEqual(['', '1', '2']);
      expect(
        logged(shell)
          .map(({ seq }) => seq)
          .sort(),
      ).toEqual([1, 2]);
      expect(processesOfRun(id)).toEqual([]);
      const rest = await shell.run(
        'run',
        '--resume',
        '--joblog',
        'log',
        'sh',
        '-c',
        script,
        ':::',
        '1',
        '2',
        '3',
        '4',
      );
      expect(rest.stdout.split('\n').sort()).toEqual(['', '3', '4']);
    },
  );

  test('twice, ends all', async () => {
    const shell = openShell();
    const { run, id } = await begin(shell);
    run.process.kill('SIGINT');
    await run.says(/no more tasks are begun/);
    run.process.kill('SIGINT');
    expect(await run.ended).toEqual({ code: null, signal: 'SIGINT' });
    expect(run.stderr()).toMatch(/reeve: 2 tasks: 2 cancelled\n$/);
    expect(run.stdout()).toBe('');
    expect(logged(shell)).toEqual([]);
    expect(processesOfRun(id)).toEqual([]);
  });

  test('while it waits for values that do not come, does not wait for them', async () => {
    const shell = openShell();
    const command = `mkfifo idle; printf 'a\\n' >first; cat first >idle & exec '${process.execPath}' '${CLI}' run echo <>idle`;
    const run = shell.exec('sh', ['-c', command]);
    await run.says(/^a\n/);
    run.process.kill('SIGINT');
    expect(await run.ended).toEqual({ code: null, signal: 'SIGINT' });
    expect(run.stderr()).toMatch(/^reeve: SIGINT: no more tasks are begun; 0 still run/);
  });

  test('twice, while nobody reads what it writes, ends all the same', async () => {
    const shell = openShell();
    const reeve = `'${process.execPath}' '${CLI}' run --joblog log`;
    const script = 'head -c 1000000 /dev/zero; : >ran';
    const run = shell.exec('sh', [
      '-c',
      `mkfifo out; exec 3<>out; exec ${reeve} sh -c '${script}' ::: 1 >out`,
    ]);
    await until('it has run', () => existsSync(`${shell.directory}/ran`));
    const id = shell.runs()[0]!;
    await until('it is over', () => processesOfRun(id).length === 1); // the forker
    run.process.kill('SIGINT');
    await run.says(/no more tasks are begun/);
    run.process.kill('SIGINT');
    expect(await run.ended).toEqual({ code: null, signal: 'SIGINT' });
    expect(logged(shell)).toEqual([]); // as nobody has seen its output
    expect(processesOfRun(id)).toEqual([]);
  });

  test('by SIGHUP, ends all at once', async () => {
    const shell = openShell();
    const { run, id } = await begin(shell);
    run.process.kill('SIGHUP');
    expect(await run.ended).toEqual({ code: null, signal: 'SIGHUP' });
    expect(processesOfRun(id)).toEqual([]);
  });
});

describe.skipIf(spawnSync('script', ['--version']).status !== 0)('on a terminal', () => {
  const onTerminal = (shell: Shell, ...args: string[]) =>
    shell.exec('script', ['-qec', `exec '${process.execPath}' '${CLI}' run ${args.join(' ')}`, '/dev/null']);

  test('the progress is drawn below what is written, and gone at the end', async () => {
    const shell = openShell();
    const script = `'while [ ! -e go$0 ]; do sleep 0.01; done; printf out$0; exit $0'`;
    const run = onTerminal(shell, '-j', '2', 'sh', '-c', script, ':::', '0', '1');
    await run.says(/░{30} 0\/2 · 2 running · ETA -/);
    shell.put('go1', '');
    await run.says(/█{15}░{15} 1\/2 · \x1b\[31m1 failed\x1b\[39m · 1 running · ETA \d+:\d\d/);
    shell.put('go0', '');
    await run.ended;
    const text = run.stdout().replaceAll('\r\n', '\n');
    const drawn = text.split(/[█░]{30}/).length - 1;
    expect(text.split('\r\x1b[K').length - 1).toBe(drawn);
    const lines = text.replaceAll(/[█░]{30}[^\r\n]*\r\x1b\[K/g, '');
    expect(lines).toMatch(
      /^out1\nreeve: sh -c .*: exited with code 1 \(unknown\)\n\n*out0\nreeve: 2 tasks: 1 ok, 1 failed\n$/,
    );
  });

  test('values are not waited for', async () => {
    const run = onTerminal(openShell(), 'echo');
    expect(await run.ended).toMatchObject({ code: 255 });
    expect(run.stdout()).toMatch(/^reeve: standard input is a terminal: give arguments after ':::'/);
  });
});
