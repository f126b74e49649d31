/** `reeve run`: where values come from, what is shown, and what it exits with. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CLI, openShell } from '../support/cli.ts';

const REEVE = `'${process.execPath}' '${CLI}'`;

/** Runs a line of shell, in which `$REEVE` is the command line. */
async function sh(script: string, shell = openShell()) {
  const command = shell.exec('sh', ['-c', script.replaceAll('$REEVE', REEVE)]);
  const ended = await command.ended;
  return { ...ended, stdout: command.stdout(), stderr: command.stderr() };
}

describe('values', () => {
  test('stand after :::, and are passed as they are', async () => {
    const values = ['a b', "it's", '$HOME', '-x', '', 'new\nline', 'ü'];
    const { code, stdout, stderr } = await openShell().run(
      'run',
      '-k',
      'printf',
      '[%s]\\n',
      ':::',
      ...values,
    );
    expect(stdout).toBe(values.map((value) => `[${value}]\n`).join(''));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('stand behind -- and options too, in several groups', async () => {
    const { stdout } = await openShell().run(
      ...['run', '-k', '-j', '2', '--', 'echo', '-n', '{2}{1}{#} ', ':::', 'a', 'b', ':::', '1', '2'],
    );
    expect(stdout).toBe('1a1 2a2 1b3 2b4 ');
  });

  test('come line by line, or between zero bytes; what is not UTF-8 fails alone', async () => {
    expect((await sh("printf 'a b\\n\\nc' | $REEVE run -k printf '<%s>'")).stdout).toBe('<a b><><c>');
    expect((await sh("printf 'a b\\n\\nc' | $REEVE run -r -k printf '<%s>'")).stdout).toBe('<a b><c>');
    expect((await sh("printf 'a\\nb\\0c' | $REEVE run -0 -k printf '<%s>'")).stdout).toBe('<a\nb><c>');
    const { code, stdout, stderr } = await sh("printf 'a\\n\\377\\nb' | $REEVE run -k printf '<%s>'");
    expect(stdout).toBe('<a><b>');
    expect(stderr).toBe(
      'reeve: line 2: not UTF-8, which an argument has to be\nreeve: 3 tasks: 2 ok, 1 failed\n',
    );
    expect(code).toBe(1);
  });

  test('are read only as they are needed', async () => {
    const { code, stdout } = await sh('yes | $REEVE run -j 2 --halt soon,done=3 echo');
    expect(stdout).toMatch(/^(y\n){3,5}$/);
    expect(code).toBe(0);
  });

  test('in several groups are combined only as they are needed', async () => {
    const groups = Array.from({ length: 3 }, () => [
      ':::',
      ...Array.from({ length: 500 }, (_, index) => String(index)),
    ]).flat();
    const { code, stdout } = await openShell().run(
      'run',
      '-j',
      '1',
      '--halt',
      'now,done=1',
      'echo',
      ...groups,
    );
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^0 0 0\n/) });
  });

  test('come from a file', async () => {
    const shell = openShell();
    shell.put('names', 'one\ntwo\n');
    expect((await shell.run('run', '-k', '-a', 'names', 'echo')).stdout).toBe('one\ntwo\n');
    expect(await shell.run('run', '-a', 'none', 'echo')).toMatchObject({
      code: 255,
      stderr: expect.stringMatching(/^reeve: none cannot be read: .*ENOENT/),
    });
  });

  test('are none: nothing is run', async () => {
    expect(await openShell().run('run', 'echo')).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect(await openShell().run('run', 'echo', ':::')).toMatchObject({ code: 0, stdout: '' });
  });
});

test('whole tasks come as lines of JSON, and a line that is none fails alone', async () => {
  const shell = openShell();
  const lines = [
    { id: 'first', command: 'echo', args: ['one'] },
    'nonsense',
    { command: 'cat', stdin: 'two\n', dependsOn: ['first'] },
    { command: 'sh', args: ['-c', 'echo $X; pwd'], env: { X: 'three' }, cwd: '/' },
    { command: 'echo', timeuot: 3 },
    { command: 'echo', dependsOn: ['4'], args: ['four'] },
    { command: 'echo', dependsOn: ['5'], args: ['never'] },
  ];
  shell.put(
    'tasks.jsonl',
    lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'),
  );
  const { code, stdout, stderr } = await shell.run('run', '-k', '--tag', '--tasks', 'tasks.jsonl');
  expect(stdout).toBe('first\tone\n3\ttwo\n4\tthree\n4\t/\n6\tfour\n');
  expect(stderr.split('\n')).toEqual([
    expect.stringMatching(/^reeve: line 2: .*JSON/),
    "reeve: echo: timeuot: unknown option; did you mean 'timeout'?",
    "reeve: echo never: was skipped: '5' is failed",
    'reeve: 7 tasks: 4 ok, 2 failed, 1 skipped',
    '',
  ]);
  expect(code).toBe(3);
});

describe('output', () => {
  test('is shown whole, and byte by byte, wherever it was written to', async () => {
    const shell = openShell();
    const script = 'head -c 3000000 /dev/urandom | tee copy$0; echo "err $0" >&2; exit $0';
    const both = await sh(
      `$REEVE run -k -j 2 sh -c '${script}' ::: 0 1 >got; cat copy0 copy1 | cmp - got`,
      shell,
    );
    expect(both).toMatchObject({ code: 0, stdout: '' });
    expect(both.stderr).toMatch(/^err 0\nerr 1\nreeve: sh -c .*: exited with code 1 \(unknown\)\n/);
  });

  test('comes as tasks end, or in order', async () => {
    const run = (wait: string, ...flags: string[]) =>
      openShell().run(
        'run',
        ...flags,
        '-j',
        '2',
        'sh',
        '-c',
        `[ $0 = 2 ] || ${wait}; echo $0; : >two`,
        ':::',
        '1',
        '2',
      );
    // The first waits until the second is over, or is about to be.
    const asTheyEnd = await run('while ! grep -q ^2 log; do sleep 0.01; done', '--joblog', 'log');
    expect(asTheyEnd.stdout).toBe('2\n1\n');
    expect((await run('while [ ! -e two ]; do sleep 0.01; done', '-k')).stdout).toBe('1\n2\n');
  });

  test('of lines is shown at once', async () => {
    const shell = openShell();
    const script = 'echo $0; while [ ! -e go ]; do sleep 0.01; done; printf end';
    const run = shell.start('run', '--line-buffer', '--tag', 'sh', '-c', script, ':::', 'x');
    await run.says(/^x\tx\n$/);
    shell.put('go', '');
    expect(await run.ended).toMatchObject({ code: 0 });
    expect(run.stdout()).toBe('x\tx\nx\tend');
  });

  test('of what is tried again is the last', async () => {
    const script = 'echo out >>tries; cat tries; [ $(wc -l <tries) = 2 ]';
    const { code, stdout } = await openShell().run('run', '--retries', '3', 'sh', '-c', script, ':::', 'x');
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'out\nout\n' });
  });

  test('with --json is a line for each, and one for all', async () => {
    const { code, stdout } = await openShell().run(
      'run',
      '-k',
      '--json',
      'sh',
      '-c',
      'echo $0; exit $0',
      ':::',
      '0',
      '3',
    );
    const told = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(told).toMatchObject([
      { type: 'task', seq: 1, id: '1', status: 'ok', exitCode: 0, stdout: '0\n', command: 'sh' },
      { type: 'task', seq: 2, status: 'failed', exitCode: 3, category: 'unknown', attempts: 1 },
      { type: 'summary', total: 2, counts: { ok: 1, failed: 1, cancelled: 0 }, retried: 0, resumed: 0 },
    ]);
    expect(told[1].error).toMatch(/exited with code 3/);
    expect(code).toBe(1);
  });

  test('without a reader ends it all, as if SIGPIPE had', async () => {
    const { stdout, stderr } = await sh(
      '{ seq 100000 | $REEVE run echo; echo $? >code; } | head -2 | wc -l; cat code',
    );
    expect({ stdout, stderr }).toEqual({ stdout: '2\n141\n', stderr: '' });
  });

  test('that cannot be written ends it all, and says so', async () => {
    const { code, stderr } = await sh(
      'seq 100000 | $REEVE run --joblog log echo >/dev/full; e=$?; wc -l <log >&2; exit $e',
    );
    expect(stderr).toMatch(/^reeve: standard output cannot be written: ENOSPC.*; stopping in order\n/);
    expect(stderr).toMatch(/\n1\n$/); // what was not shown is not logged
    expect(code).toBe(255);
  });
});

describe('it exits', () => {
  const exits = (values: string[], ...flags: string[]) =>
    openShell().run('run', '-j', '1', ...flags, 'sh', '-c', 'exit $0', ':::', ...values);

  test('with the number of those that failed', async () => {
    expect((await exits(['0', '3', '200', '0'])).code).toBe(2);
    expect((await exits(Array<string>(103).fill('1'), '-j', '8')).code).toBe(101);
  });

  test('with the code of the one that --halt is about, and without having begun the others', async () => {
    const halted = await exits(['0', '7', '3'], '--halt', 'now,fail=1');
    expect(halted.code).toBe(7);
    expect(halted.stderr).toMatch(/2 tasks: 1 ok, 1 failed\n$/);
    expect((await exits(['7', '0', '3'], '--halt', 'soon,success=1')).code).toBe(0);
  });

  test('with --halt now ends those that run', async () => {
    const script = '[ $0 = 0 ] || exec sleep 1406; while [ ! -e go ]; do sleep 0.01; done; exit 9';
    const shell = openShell();
    shell.put('go', '');
    const { code, stderr } = await shell.run(
      'run',
      '-j',
      '2',
      '--halt',
      'now,fail=1',
      'sh',
      '-c',
      script,
      ':::',
      '1',
      '0',
    );
    expect(code).toBe(9);
    expect(stderr).toMatch(/2 tasks: 1 failed, 1 cancelled\n$/);
  });

  test('with 255 for wrong use', async () => {
    for (const args of [['--bogus'], ['-j', '0', 'x'], ['-j'], [':::', 'a']])
      expect(await openShell().run('run', ...args)).toMatchObject({ code: 255, stdout: '' });
  });

  test('in time', async () => {
    const late = await sh('mkfifo idle; exec $REEVE run --total-timeout 300ms echo <>idle');
    expect(late).toMatchObject({ code: 255, stderr: expect.stringMatching(/before all were begun/) });
    const { code, stderr } = await openShell().run('run', '--timeout', '200ms', 'sleep', ':::', '1408', '0');
    expect(stderr).toMatch(/^reeve: sleep 1408: was not done after \d+ ms\n/);
    expect(code).toBe(1);
  });
});

test('--dry-run prints what would be run, and runs nothing', async () => {
  const shell = openShell();
  const { code, stdout } = await shell.run(
    'run',
    '--dry-run',
    '--joblog',
    'log',
    'touch',
    '{}',
    ':::',
    'a b',
    "c'd",
  );
  expect(stdout).toBe(`touch 'a b'\ntouch 'c'"'"'d'\n`);
  expect(code).toBe(0);
  expect(() => readFileSync(`${shell.directory}/log`)).toThrow(/ENOENT/);
});
