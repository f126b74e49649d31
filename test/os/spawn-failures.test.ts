/** Failures to start are answers: with code, number and phase, without a loss of descriptors, and the host lives. */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { canBeUnprivileged, limit, startLimitedHost } from '../support/limited-host.ts';
import { openRun } from '../support/spawner.ts';

/** The lowest descriptor that a process does not use: with this for a limit, it can open none. */
function firstFree(pid: number): number {
  const used = new Set(readdirSync(`/proc/${pid}/fd`).map(Number));
  let fd = 0;
  while (used.has(fd)) fd += 1;
  return fd;
}

describe.each(['forker', 'direct'] as const)('%s', (kind) => {
  test('a missing program', async () => {
    const run = await openRun(kind);
    const failure = await run.spawn('/none/such').failed();
    expect(failure).toMatchObject({ phase: 'exec', code: 'ENOENT', errno: -2 });
    expect(failure.message).toContain('/none/such');
  });

  test('a program that may not be executed', async () => {
    const run = await openRun(kind);
    const path = join(run.directory, 'program');
    writeFileSync(path, '#!/bin/sh\n', { mode: 0o644 });
    expect(await run.spawn(path).failed()).toMatchObject({ phase: 'exec', code: 'EACCES', errno: -13 });
  });

  test('a missing directory', async () => {
    const run = await openRun(kind);
    const failure = await run.spawn('/bin/true', [], { cwd: '/none/such' }).failed();
    expect(failure).toMatchObject({ phase: 'cwd', code: 'ENOENT', errno: -2 });
    expect(failure.message).toContain('/none/such');
  });

  test('a directory that is a file', async () => {
    const run = await openRun(kind);
    const failure = await run.spawn('/bin/true', [], { cwd: '/etc/passwd' }).failed();
    expect(failure).toMatchObject({ phase: 'cwd', code: 'ENOTDIR', errno: -20 });
  });

  test('an argument list that is too long', async () => {
    const run = await openRun(kind);
    const failure = await run.spawn('/bin/true', ['x'.repeat(200_000)]).failed();
    expect(failure).toMatchObject({ phase: 'exec', code: 'E2BIG', errno: -7 });
  });

  test('an argument with a zero byte', async () => {
    const run = await openRun(kind);
    const failure = await run.spawn('/bin/true', ['a\0b']).failed();
    expect(failure).toMatchObject({ phase: 'exec', code: 'ERR_INVALID_ARG_VALUE' });
  });

  test('a failure is told once, and the next process is born', async () => {
    const run = await openRun(kind);
    const failing = run.spawn('/none/such');
    expect(failing.events).toEqual([]); // never before spawn returns
    await failing.failed();
    const child = await run.sh('exit 6');
    expect(await child.exited()).toMatchObject({ code: 6 });
    expect(failing.events.map(({ type }) => type)).toEqual(['os.spawnFailed']);
  });

  test('no descriptor is lost by a thousand failures', { timeout: 120_000 }, async () => {
    const host = await startLimitedHost(kind);
    await host.fail(20);
    const before = await host.descriptors();
    expect(await host.fail(1_000)).toEqual({ ENOENT: 500, EACCES: 250, E2BIG: 250 });
    expect(await host.descriptors()).toEqual(before);
  });

  test('no descriptor is left for the host', { timeout: 60_000 }, async () => {
    const host = await startLimitedHost(kind);
    const undo = limit(host.host, 'nofile', readdirSync(`/proc/${host.host}/fd`).length + 12);
    const { born, failures } = await host.spawn(20);
    expect(born + failures.length).toBe(20);
    expect(failures.length).toBeGreaterThan(0);
    for (const failure of failures) expect(failure).toMatchObject({ code: 'EMFILE', errno: -24 });
    expect(failures.every(({ phase }) => phase === 'fork' || phase === 'streams')).toBe(true);
    undo();
    await host.clear();
    expect(await host.spawn(20)).toEqual({ born: 20, failures: [] });
  });

  test('no descriptor is left for whoever forks', { timeout: 60_000 }, async () => {
    const host = await startLimitedHost(kind);
    await host.descriptors(); // none is on its way
    const undo = limit(host.forks, 'nofile', readdirSync(`/proc/${host.forks}/fd`).length + 1);
    const { failures } = await host.spawn(20);
    expect(failures.length).toBeGreaterThan(0);
    for (const failure of failures) expect(failure).toMatchObject({ code: 'EMFILE', errno: -24 });
    undo();
    expect(await host.spawn(20)).toEqual({ born: 20, failures: [] });
  });

  test('no descriptor is left to look at processes with, and they end all the same', async () => {
    const host = await startLimitedHost(kind);
    expect(await host.spawn(3)).toEqual({ born: 3, failures: [] });
    await host.descriptors(); // none is on its way
    const undo = limit(host.forks, 'nofile', firstFree(host.forks));
    await host.signal('SIGTERM');
    expect(await host.spawn(1)).toMatchObject({ born: 0, failures: [{ code: 'EMFILE' }] }); // it lives and tells
    undo();
    expect(await host.clear()).toEqual({ forkersLost: 0 });
    expect(await host.spawn(3)).toEqual({ born: 3, failures: [] });
  });

  test('no process is left for their user', { timeout: 60_000 }, async (context) => {
    if (!canBeUnprivileged()) {
      console.warn('SKIPPED: root is above the limit on processes, and may not become somebody else here');
      context.skip();
    }
    const host = await startLimitedHost(kind, true);
    const undo = limit(host.forks, 'nproc', 1);
    const { born, failures } = await host.spawn(5);
    expect(born).toBe(0);
    for (const failure of failures) {
      expect(failure).toMatchObject({ phase: 'fork', code: 'EAGAIN', errno: -11 });
    }
    undo();
    expect(await host.spawn(5)).toEqual({ born: 5, failures: [] });
  });
});
