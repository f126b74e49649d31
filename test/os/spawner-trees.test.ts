/** A process ends with everything under it, through either spawner. */
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { isAlive, isWithoutFirstThread, proc, until } from '../support/processes.ts';
import { openRun, type TestRun } from '../support/spawner.ts';

const start = (run: TestRun, fixture: string) => {
  const path = fileURLToPath(new URL(`../fixtures/${fixture}.sh`, import.meta.url));
  return run.spawn('/bin/sh', [path], { stdout: 'pipe' }).born();
};
const sessionOf = (pid: number) =>
  Number(
    proc(pid, 'stat')!
      .replace(/^.*\) /s, '')
      .split(' ')[3],
  );

describe.each(['forker', 'direct'] as const)('%s', (kind) => {
  test('a signal reaches the whole group', async () => {
    const run = await openRun(kind);
    const child = await run.sh('sleep 1000 & echo $!; wait');
    const grandchild = await child.printedPid();
    child.process.signal('SIGTERM');
    expect(await child.exited()).toMatchObject({ code: null, signal: 'SIGTERM' });
    await child.treeEmpty();
    expect(isAlive(grandchild)).toBe(false);
  });

  test('a signal reaches a grandchild in a session of its own', async () => {
    const run = await openRun(kind);
    const child = await start(run, 'keeps-a-setsid-child');
    const grandchild = await child.printedPid();
    expect(sessionOf(grandchild)).not.toBe(child.pid);
    child.process.signal('SIGTERM');
    await child.treeEmpty();
    expect(isAlive(grandchild)).toBe(false);
  });

  test('a signal reaches a daemon that forked twice', async () => {
    const run = await openRun(kind);
    const child = await start(run, 'forks-twice');
    const daemon = await child.printedPid();
    expect(sessionOf(daemon)).not.toBe(child.pid);
    child.process.signal('SIGTERM');
    await child.treeEmpty();
    expect(isAlive(daemon)).toBe(false);
  });

  test('a signal reaches a descendant that emptied its environment', async () => {
    const run = await openRun(kind);
    const child = await run.sh('setsid env -i /bin/sh -c "echo \\$\\$; exec sleep 1000" & wait');
    const grandchild = await child.printedPid();
    onTestFinished(() => {
      if (isAlive(grandchild)) process.kill(grandchild, 'SIGKILL'); // without a mark, nobody else would find it
    });
    await until('it has no environment', () => proc(grandchild, 'environ')?.includes('REEVE') === false);
    child.process.signal('SIGTERM');
    await child.treeEmpty();
    expect(isAlive(grandchild)).toBe(false);
  });

  test('a signal reaches a grandchild in a session of its own whose first thread has ended', async () => {
    const run = await openRun(kind);
    const leaves =
      'import ctypes, os, threading, time; threading.Thread(target=lambda: time.sleep(1000)).start(); ' +
      'print(os.getpid(), flush=True); ctypes.CDLL(None).pthread_exit(None)';
    const child = await run.sh(`setsid python3 -c '${leaves}' & wait`);
    const grandchild = await child.printedPid();
    onTestFinished(() => {
      if (isAlive(grandchild)) process.kill(grandchild, 'SIGKILL');
    });
    await until('its first thread has ended', () => isWithoutFirstThread(grandchild));
    child.process.signal('SIGTERM');
    await child.treeEmpty();
    expect(isAlive(grandchild)).toBe(false);
  });

  test('one that ignores SIGTERM lives on until SIGKILL', async () => {
    const run = await openRun(kind);
    const child = await start(run, 'ignores-sigterm');
    await child.line(/ready/);
    child.process.signal('SIGTERM');
    child.process.signal('SIGCONT'); // harmless; when it is dealt with, so was the one before
    const bystander = await run.sh('exit 0');
    await bystander.exited();
    expect(isAlive(child.pid)).toBe(true);
    child.process.signal('SIGKILL');
    expect(await child.exited()).toMatchObject({ code: null, signal: 'SIGKILL' });
    await child.treeEmpty();
  });

  test('a child that outlives its leader, and ignores SIGTERM, ends with SIGKILL', async () => {
    const run = await openRun(kind);
    const child = await start(run, 'exits-before-its-child');
    const survivor = await child.printedPid();
    expect(await child.exited()).toMatchObject({ code: 0, treeEmpty: false });
    child.process.signal('SIGTERM');
    child.process.signal('SIGKILL');
    await child.treeEmpty();
    expect(isAlive(survivor)).toBe(false);
  });

  test('the exit of a leader is told before its tree is empty, when only the leader obeys', async () => {
    const run = await openRun(kind);
    const child = await start(run, 'stops-only-itself');
    const stubborn = await child.printedPid();
    child.process.signal('SIGTERM');
    expect(await child.exited()).toMatchObject({ treeEmpty: false });
    expect(isAlive(stubborn)).toBe(true);
    child.process.signal('SIGKILL');
    await child.treeEmpty();
    expect(isAlive(stubborn)).toBe(false);
  });

  test('a neighbour is not touched', async () => {
    const run = await openRun(kind);
    const neighbour = await run.spawn('/bin/sleep', ['1000']).born();
    const child = await run.spawn('/bin/sleep', ['1000']).born();
    child.process.signal('SIGKILL');
    await child.treeEmpty();
    expect(isAlive(neighbour.pid)).toBe(true);
    expect(neighbour.events.map(({ type }) => type)).toEqual(['os.spawned']);
  });

  test('what a worker that ended by itself left outside its group is ended soon', async () => {
    const run = await openRun(kind);
    const child = await start(run, 'leaves-a-daemon');
    const daemon = await child.printedPid();
    expect(await child.exited()).toMatchObject({ code: 0, treeEmpty: true });
    const since = performance.now();
    await until('the daemon is gone', () => !isAlive(daemon));
    expect(performance.now() - since).toBeLessThan(5_000); // the look comes after 1 s; the rest is a busy machine
  });

  test('a daemon of a worker that lives is left in peace when another one dies', async () => {
    const run = await openRun(kind);
    const keeper = await start(run, 'forks-twice');
    const daemon = await keeper.printedPid();
    const leaver = await start(run, 'leaves-a-daemon');
    const straggler = await leaver.printedPid();
    await leaver.exited();
    await until('the straggler is gone', () => !isAlive(straggler));
    expect(isAlive(daemon)).toBe(true);
  });
});
