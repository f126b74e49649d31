/** `reeve up`: what it shows, and how it ends. */
import { describe, expect, test } from 'vitest';
import { CLI, once, openShell, TREE } from '../support/cli.ts';
import { processesOfRun, until } from '../support/processes.ts';

test('shows in plain lines what starts and what is written, and stops in order on SIGINT', async () => {
  const shell = openShell();
  shell.put('reeve.config.json', TREE);
  const up = shell.start('up');
  await up.says(/reeve: s\/b is ready/);
  const [run] = shell.runs();
  expect(processesOfRun(run!)).toHaveLength(3); // two workers and the forker
  up.process.kill('SIGINT');
  expect(await up.ended).toEqual({ code: null, signal: 'SIGINT' });
  expect(processesOfRun(run!)).toEqual([]);
  expect(shell.runs()).toEqual([]);
  const lines = up.stdout().trimEnd().split('\n');
  expect(lines.map((line) => line.replace(/\d{3,}\w*/g, 'N'))).toEqual([
    'reeve: run N, host N',
    'reeve: sweep: no other runs',
    'reeve: s/a is ready (pid N)',
    expect.stringMatching(/^s\/b \| \/.*reeve-test-/),
    'reeve: s/b is ready (pid N)',
    'reeve: stopping in order (SIGINT)',
    'reeve: s/b was stopped',
    'reeve: s/a was stopped',
    'reeve: stopped; nothing is left',
  ]);
  expect(up.stdout()).not.toContain('\x1b');
  expect(up.stderr()).toBe('');
});

test('SIGTERM stops it in order too', async () => {
  const shell = openShell();
  shell.put('reeve.config.json', TREE);
  const up = shell.start('up');
  await up.says(/s\/b is ready/);
  up.process.kill('SIGTERM');
  expect(await up.ended).toEqual({ code: null, signal: 'SIGTERM' });
  expect(up.stdout()).toMatch(/s\/b was stopped\n.*s\/a was stopped\n.*nothing is left\n$/);
});

test('with --json every line is an event, or a line that a worker wrote', async () => {
  const shell = openShell();
  shell.put('reeve.config.json', TREE);
  const up = shell.start('up', '--json');
  await up.says(/"workerId":"s\/b:1","state":"running"/);
  up.process.kill('SIGINT');
  expect(await up.ended).toEqual({ code: null, signal: 'SIGINT' });
  const told = up
    .stdout()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(told[0]).toEqual({ type: 'sweep.report', runs: [] });
  expect(told.slice(1).map(({ type }) => type)).toEqual(expect.arrayContaining(['host.started']));
  expect(told.find(({ type }) => type === 'worker.output')).toMatchObject({
    path: 's/b',
    stream: 'stdout',
    line: expect.stringMatching(/^\//),
  });
  expect(told.filter(({ type }) => type === 'worker.exited')).toMatchObject([
    { path: 's/b', reason: { kind: 'shutdown', forced: false } },
    { path: 's/a', reason: { kind: 'shutdown', forced: false } },
  ]);
  expect(told.at(-1)).toMatchObject({ type: 'host.stopped', at: expect.any(Number) });
});

describe('it ends by itself', () => {
  test('with 0 when every worker has ended for good', async () => {
    const shell = openShell();
    shell.put('reeve.config.json', once('echo done'));
    const { code, stdout } = await shell.run('up');
    expect(stdout).toMatch(/s\/w \| done\n/);
    expect(stdout).toMatch(
      /reeve: stopping in order \(every worker has ended\)\nreeve: stopped; nothing is left\n$/,
    );
    expect(code).toBe(0);
  });

  test('with 1 when a supervisor gives up', async () => {
    const shell = openShell();
    const children = [
      { id: 'calm', command: 'sleep', args: ['1403'] },
      { id: 'w', command: 'sh', args: ['-c', 'exit 3'] },
    ];
    shell.put('reeve.config.json', { supervisors: [{ id: 's', intensity: 1, children }] });
    const { code, stdout } = await shell.run('up');
    expect(stdout).toMatch(/reeve: s gives up because of s\/w, which ended with code 3\n/);
    expect(stdout).toMatch(/reeve: s\/calm was stopped\n/);
    expect(stdout).toMatch(/nothing is left\n$/);
    expect(code).toBe(1);
  });

  test('with 1 when a worker cannot be started, and says why', async () => {
    const shell = openShell();
    const children = [
      { id: 'calm', command: 'sleep', args: ['1404'] },
      { id: 'w', command: '/no/such/program' },
    ];
    shell.put('reeve.config.json', { supervisors: [{ id: 's', children }] });
    const { code, stdout, stderr } = await shell.run('up');
    expect(stderr).toMatch(
      /^reeve: 's\/w' did not start: cannot start '\/no\/such\/program' \(exec\): .*ENOENT\n$/,
    );
    expect(stdout).toMatch(/reeve: s\/calm was stopped\n/);
    expect(code).toBe(1);
  });

  test('with --json the error of a failed start can be read', async () => {
    const shell = openShell();
    shell.put('reeve.config.json', {
      supervisors: [{ id: 's', children: [{ id: 'w', command: '/no/such/program' }] }],
    });
    const { code, stdout } = await shell.run('up', '--json');
    const told = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(told.find(({ type }) => type === 'worker.exited').reason).toMatchObject({
      kind: 'spawn-failed',
      error: { code: 'ENOENT', phase: 'exec', message: expect.stringContaining('/no/such/program') },
    });
    expect(code).toBe(1);
  });
});

test('a worker that ends without order is told of, and started again', async () => {
  const shell = openShell();
  shell.put('reeve.config.json', TREE);
  const up = shell.start('up');
  const [, pid] = await up.says(/s\/a is ready \(pid (\d+)\)/);
  await up.says(/s\/b is ready/);
  process.kill(Number(pid), 'SIGKILL');
  await up.says(/s\/a was killed \(SIGKILL\) by somebody else\nreeve: s\/a is started again\n/);
  await up.says(/s\/a is ready[\s\S]*s\/a is ready/);
  up.process.kill('SIGINT');
  expect(await up.ended).toEqual({ code: null, signal: 'SIGINT' });
});

describe('when its output cannot be written, it stops everything in order, says so, and ends with 1', () => {
  const reeve = `'${process.execPath}' '${CLI}' up`;
  const chatty = {
    supervisors: [
      {
        id: 's',
        children: [
          {
            id: 'w',
            command: 'sh',
            args: ['-c', 'trap "echo bye >>obeyed; exit" TERM; while :; do date; sleep 0.05; done'],
          },
        ],
      },
    ],
  };

  test.each([
    ['a full disk', `exec ${reeve} >/dev/full`, /ENOSPC/],
    ['a full disk, with --json', `exec ${reeve} --json >/dev/full`, /ENOSPC/],
    // It reads until the worker has said something, which had set its trap before.
    [
      'a reader that goes',
      `{ ${reeve}; echo $? >code; } | sed '/w | /q' >/dev/null; cat obeyed; exit $(cat code)`,
      /EPIPE/,
    ],
  ])('%s', async (_, script, complaint) => {
    const shell = openShell();
    shell.put('reeve.config.json', chatty);
    const up = shell.exec('sh', ['-c', script]);
    const run = await until('it has a record', () => shell.runs()[0]);
    expect(await up.ended).toEqual({ code: 1, signal: null });
    expect(up.stderr()).toMatch(/^reeve: standard output cannot be written: .*; stopping in order\n$/);
    expect(up.stderr()).toMatch(complaint);
    if (script.includes('obeyed')) expect(up.stdout()).toBe('bye\n');
    expect(processesOfRun(run)).toEqual([]);
    expect(shell.runs()).toEqual([]);
  });

  test('also when nobody can be told', async () => {
    const shell = openShell();
    shell.put('reeve.config.json', chatty);
    const up = shell.exec('sh', ['-c', `exec ${reeve} >/dev/full 2>/dev/full`]);
    const run = await until('it has a record', () => shell.runs()[0]);
    expect(await up.ended).toEqual({ code: 1, signal: null });
    expect(processesOfRun(run)).toEqual([]);
  });
});
