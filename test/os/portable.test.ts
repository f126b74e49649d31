/** The portable twin, on Linux too: what ps prints, agreement with /proc, and whole lives of processes. */
import { spawn } from 'node:child_process';
import { describe, expect, onTestFinished, test } from 'vitest';
import { linuxKernel } from '../../src/os/linux/linux-kernel.ts';
import { portableKernel } from '../../src/os/portable/portable-kernel.ts';
import { cookiesBehind, parsePidAndText, parsePsRow } from '../../src/os/portable/ps.ts';
import { isAlive, proc, until } from '../support/processes.ts';
import { openRun } from '../support/spawner.ts';

function start(args: readonly string[], env: Record<string, string> = {}): number {
  const child = spawn('/bin/sh', ['-c', ...args], {
    env: { PATH: process.env.PATH!, ...env },
    detached: true,
  });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  onTestFinished(async () => {
    try {
      process.kill(-child.pid!, 'SIGKILL');
    } catch {
      // the test has ended it
    }
    await exited;
  });
  return child.pid!;
}

const executed = (pid: number, name: string) =>
  until(`${name} runs`, () => proc(pid, 'cmdline')?.startsWith(name), 10_000);

describe('a row of ps', () => {
  test('is read', () => {
    expect(parsePsRow('   77     1    70  1000 Ss+  Sat Nov 21 10:02:03 2026 sh -c "a  b"')).toEqual({
      pid: 77,
      parent: 1,
      group: 70,
      userId: 1_000,
      zombie: false,
      startTime: Date.UTC(2026, 10, 21, 10, 2, 3) / 1_000,
      commandLine: 'sh -c "a  b"',
    });
  });

  test('with a day of one digit is read', () => {
    const row = parsePsRow('77 1 70 1000 S    Mon Mar  2 10:02:03 2026 sleep 1');
    expect(row?.startTime).toBe(Date.UTC(2026, 2, 2, 10, 2, 3) / 1_000);
  });

  test('of a zombie is one', () => {
    expect(parsePsRow('77 1 70 0 Z+ Mon Mar  2 10:02:03 2026 [sh] <defunct>')?.zombie).toBe(true);
  });

  test.each(['', 'PID PPID', 'error: unsupported option'])('is not %j', (line) => {
    expect(parsePsRow(line)).toBeUndefined();
  });
});

test('rows of pid and text are told apart', () => {
  expect([...parsePidAndText('    1 init\n  77 sh -c x A=b\n\nnonsense\n')]).toEqual([
    [1, 'init'],
    [77, 'sh -c x A=b'],
  ]);
});

describe('marks behind the arguments', () => {
  test('are found', () => {
    const text = 'sleep 9 REEVE_RUN_ID=1_a REEVE_WORKER_ID=w PATH=/bin';
    expect(cookiesBehind('sleep 9', text)).toEqual([{ runId: '1_a', workerId: 'w' }]);
  });

  test('do not count when they stand in the arguments', () => {
    const line = 'grep REEVE_RUN_ID=1_a REEVE_WORKER_ID=w';
    expect(cookiesBehind(line, `${line} PATH=/bin`)).toEqual([]);
  });

  test('are unknown when no environment is shown', () => {
    expect(cookiesBehind('sleep 9', 'sleep 9')).toBeUndefined();
  });

  test('are unknown when the process has become another program between two looks', () => {
    expect(cookiesBehind('sleep 9', 'cat REEVE_RUN_ID=1_a')).toBeUndefined();
  });

  test('of outer runs end where the next variable begins', () => {
    const text = 'a REEVE_RUN_ID=2_b REEVE_WORKER_ID=x REEVE_OUTER_IDS=1_a/w 0_z/v HOME=/root';
    expect(cookiesBehind('a', text)?.map(({ runId }) => runId)).toEqual(['2_b', '1_a', '0_z']);
  });
});

describe('on a real process', () => {
  const mark = { REEVE_RUN_ID: '1_a', REEVE_WORKER_ID: 'w', REEVE_OUTER_IDS: '0_z/v' };

  test.each([
    ['a plain one', ['exec sleep 1000'], {}],
    ['a marked one', ['exec sleep 1000'], mark],
    ['a long environment', ['exec sleep 1000'], { ...mark, FILLING: 'x'.repeat(50_000) }],
  ])('it agrees with /proc: %s', async (_, args, env) => {
    const pid = start(args, env);
    await executed(pid, 'sleep');
    const [ours, theirs] = [await portableKernel().inspect(pid), await linuxKernel().inspect(pid)];
    const compared = ({
      pid,
      parent,
      group,
      session,
      zombie,
      cookies,
      userId,
      commandLine,
    }: typeof ours & {}) => ({
      ...{ pid, parent, group, session, zombie, cookies, userId, commandLine },
    });
    expect(compared(ours!)).toEqual(compared(theirs!));
  });

  test('a mark among the arguments of a stranger does not count', async () => {
    const pid = start(['sleep 1000; :', 'REEVE_RUN_ID=1_a', 'REEVE_WORKER_ID=w']);
    await executed(pid, '/bin/sh');
    expect((await portableKernel().sight(pid))?.cookies).toEqual([]);
  });

  test('its start time is the same at every look', async () => {
    const pid = start(['exec sleep 1000']);
    const kernel = portableKernel();
    const first = await kernel.startTimeOf(pid);
    expect(Math.abs(first! - Date.now() / 1_000)).toBeLessThan(30);
    for (let look = 0; look < 40; look += 1) expect(await kernel.startTimeOf(pid)).toBe(first);
  });

  test('a census holds it', async () => {
    const pid = start(['exec sleep 1000'], mark);
    await executed(pid, 'sleep');
    const found = (await portableKernel().census()).find((sighting) => sighting.pid === pid);
    expect(found?.cookies?.[0]).toEqual({ runId: '1_a', workerId: 'w' });
  });

  test('a pid that nobody has gives nothing', async () => {
    expect(await portableKernel().sight(2 ** 22 - 1)).toBeUndefined();
  });

  test('SIGKILL takes everything under it, other sessions too', async () => {
    const pid = start(['setsid sh -c "sleep 1000 & wait" & wait']);
    const children = (of: number) =>
      (proc(of, `task/${of}/children`) ?? '').split(' ').map(Number).filter(Boolean);
    const [child] = await until('it has a child', () => children(pid).length > 0 && children(pid));
    const [grandchild] = await until(
      'it has a grandchild',
      () => children(child!).length > 0 && children(child!),
    );
    expect(portableKernel().signal(pid, 'SIGKILL')).toBe('sent');
    const left = () => [pid, child!, grandchild!].filter(isAlive);
    await until('the tree is gone', () => left().length === 0).catch(() => {
      for (const survivor of left()) process.kill(survivor, 'SIGKILL');
      throw new Error('something of the tree was left');
    });
  });
});

describe.each(['forker', 'direct'] as const)('%s with the portable kernel', (kind) => {
  test('a process is born, speaks and exits', async () => {
    const run = await openRun(kind, { kernel: 'portable' });
    const child = await run.sh('echo here; exit 7');
    expect(await child.exited()).toMatchObject({ code: 7 });
    await child.line(/here/);
  });

  test('a signal ends the tree, daemons included', async () => {
    const run = await openRun(kind, { kernel: 'portable' });
    const child = await run.sh('setsid sh -c "echo \\$\\$; exec sleep 1000" & wait');
    const daemon = await child.printedPid();
    child.process.signal('SIGTERM');
    await child.treeEmpty();
    expect([child.pid, daemon].filter(isAlive)).toEqual([]);
  });

  test('one that ignores SIGTERM ends with SIGKILL', async () => {
    const run = await openRun(kind, { kernel: 'portable' });
    const child = await run.sh("trap '' TERM; echo ready; sleep 1000 & wait; wait");
    await child.line(/ready/);
    child.process.signal('SIGTERM');
    child.process.signal('SIGKILL');
    expect(await child.exited()).toMatchObject({ signal: 'SIGKILL' });
    await child.treeEmpty();
  });
});
