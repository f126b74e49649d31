/** How a process is born and how it ends, through either spawner. */
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { isAlive, proc, processesOfRun, startTimeOf, until } from '../support/processes.ts';
import { openRun } from '../support/spawner.ts';

const statOf = (pid: number) => {
  const [, parent, group, session] = proc(pid, 'stat')!
    .replace(/^.*\) /s, '')
    .split(' ')
    .map(Number);
  return { parent, group, session };
};
const environmentOf = (pid: number) =>
  proc(pid, 'environ')!
    .split('\0')
    .filter((line) => line !== '');

describe.each(['forker', 'direct'] as const)('%s', (kind) => {
  test('a process gets its arguments as they are', async () => {
    const run = await openRun(kind);
    const args = ['-c', 'printf "%s|" "$@"', 'sh', 'a b', '', '$HOME', 'é\n"'];
    const child = await run.spawn('/bin/sh', args, { stdout: 'pipe' }).born();
    await until('all is heard', () => child.stdout() === 'a b||$HOME|é\n"|');
  });

  test('a program is searched for in PATH', async () => {
    const run = await openRun(kind);
    const child = await run.spawn('true').born();
    expect(await child.exited()).toMatchObject({ code: 0 });
  });

  test('variables are added and taken away', async () => {
    vi.stubEnv('REEVE_TEST_TAKEN', 'here');
    vi.stubEnv('REEVE_TEST_KEPT', 'kept');
    const run = await openRun(kind);
    vi.unstubAllEnvs();
    const env = { REEVE_TEST_ADDED: 'added', REEVE_TEST_TAKEN: undefined };
    const child = await run.spawn('/bin/sleep', ['1000'], { env }).born();
    const environment = environmentOf(child.pid);
    expect(environment).toContain('REEVE_TEST_ADDED=added');
    expect(environment).toContain('REEVE_TEST_KEPT=kept');
    expect(environment.filter((line) => line.startsWith('REEVE_TEST_TAKEN'))).toEqual([]);
  });

  test('it carries the mark of its run and worker in front, whatever its options say', async () => {
    const run = await openRun(kind);
    const rest = { workerId: 'shop/api#1', env: { REEVE_RUN_ID: 'forged', REEVE_WORKER_ID: undefined } };
    const child = await run.spawn('/bin/sleep', ['1000'], rest).born();
    expect(environmentOf(child.pid).slice(0, 2)).toEqual([
      `REEVE_RUN_ID=${run.runId}`,
      'REEVE_WORKER_ID=shop/api#1',
    ]);
  });

  test('it starts in its directory', async () => {
    const run = await openRun(kind);
    const child = await run.sh('pwd -P; exit', { cwd: run.directory });
    expect(await child.line(/.+(?=\n)/)).toBe(realpathSync(run.directory));
  });

  test("without a directory of its own it starts in the host's", async () => {
    const run = await openRun(kind);
    const child = await run.sh('pwd -P');
    expect(await child.line(/.+(?=\n)/)).toBe(process.cwd());
  });

  test("a relative directory is relative to the host's", async () => {
    const run = await openRun(kind);
    const child = await run.sh('pwd -P', { cwd: 'test/fixtures' });
    expect(await child.line(/.+(?=\n)/)).toBe(join(process.cwd(), 'test/fixtures'));
  });

  test('it leads a session and a group of its own', async () => {
    const run = await openRun(kind);
    const { pid } = await run.spawn('/bin/sleep', ['1000']).born();
    const parent = kind === 'direct' ? process.pid : run.forkerPid();
    expect(statOf(pid)).toEqual({ parent, group: pid, session: pid });
  });

  test('its identity is what /proc says', async () => {
    const run = await openRun(kind);
    const { pid, identity } = await run.spawn('/bin/sleep', ['1000']).born();
    expect(identity.startTime).toBe(startTimeOf(pid));
  });

  test.each([0, 1, 42, 255])('exit code %i is told', async (code) => {
    const run = await openRun(kind);
    const child = await run.sh(`exit ${code}`);
    expect(await child.exited()).toEqual({ type: 'os.exited', code, signal: null, treeEmpty: true });
  });

  test.each(['SIGTERM', 'SIGKILL', 'SIGSEGV'] as const)('death of %s is told', async (signal) => {
    const run = await openRun(kind);
    const child = await run.spawn('/bin/sleep', ['1000']).born();
    process.kill(child.pid, signal);
    expect(await child.exited()).toMatchObject({ code: null, signal });
  });

  test('the birth is told first, once, and not before spawn returns', async () => {
    const run = await openRun(kind);
    const { events, born } = run.spawn('/bin/true');
    expect(events).toEqual([]);
    await (await born()).exited();
    expect(events.map(({ type }) => type)).toEqual(['os.spawned', 'os.exited']);
  });

  test('a hundred at once are all born and all end', async () => {
    const run = await openRun(kind);
    const all = Array.from({ length: 100 }, (_, index) => run.sh(`exit ${index}`));
    const codes = all.map(async (child) => (await (await child).exited()).code);
    expect(await Promise.all(codes)).toEqual(Array.from({ length: 100 }, (_, index) => index));
  });

  test('nothing is left after close, neither of the living nor of the stubborn', async () => {
    const run = await openRun(kind);
    const stubborn = await run.sh("trap '' TERM; echo ready; exec sleep 1000");
    await stubborn.line(/ready/);
    await run.spawn('/bin/sleep', ['1000']).born();
    expect(processesOfRun(run.runId).length).toBeGreaterThan(1);
    await run.spawner.close();
    expect(processesOfRun(run.runId)).toEqual([]);
    expect(isAlive(stubborn.pid)).toBe(false);
  });

  test('close may be called again', async () => {
    const run = await openRun(kind);
    await run.spawner.close();
    await run.spawner.close();
    expect(processesOfRun(run.runId)).toEqual([]);
  });
});
