/** The forker itself: what it survives, what it cleans up, and what the host does without it. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isAlive, processesOfRun, until } from '../support/processes.ts';
import { openRun } from '../support/spawner.ts';

test('says who it is, and carries the mark of the run', async () => {
  const run = await openRun('forker');
  expect(run.forkerEvents.map(({ type }) => type)).toEqual(['started']);
  expect(processesOfRun(run.runId)).toEqual([run.forkerPid()]);
});

test.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const)('survives %s', async (signal) => {
  const run = await openRun('forker');
  const pid = run.forkerPid();
  process.kill(pid, signal);
  const child = await run.sh('exit 3');
  expect(await child.exited()).toMatchObject({ code: 3 });
  expect(run.forkerPid()).toBe(pid);
  expect(isAlive(pid)).toBe(true);
});

test('ends with its run, and its socket goes', async () => {
  const run = await openRun('forker');
  const pid = run.forkerPid();
  const socket = join(run.directory, 'run.sock');
  expect(existsSync(socket)).toBe(true);
  await run.spawner.close();
  expect(isAlive(pid)).toBe(false);
  expect(existsSync(socket)).toBe(false);
});

describe('when it is killed', () => {
  test('its workers end, the stubborn too, and are told of', async () => {
    const run = await openRun('forker');
    const obedient = await run.spawn('/bin/sleep', ['1000']).born();
    const stubborn = await run.sh("trap '' TERM; setsid sleep 1000 & echo $!; exec sleep 1000");
    const daemon = await stubborn.printedPid();
    process.kill(run.forkerPid(), 'SIGKILL');
    for (const { events } of [obedient, stubborn]) {
      await until('its end is told', () => events.at(-1)?.type === 'os.treeEmpty', 20_000);
      expect(events.map(({ type }) => type)).toEqual(['os.spawned', 'os.forkerLost', 'os.treeEmpty']);
    }
    expect([obedient.pid, stubborn.pid, daemon].filter(isAlive)).toEqual([]);
  });

  test('another one is started and goes on', async () => {
    const run = await openRun('forker');
    const first = run.forkerPid();
    process.kill(first, 'SIGKILL');
    await until('another forker', () => run.forkerEvents.length === 3, 20_000);
    expect(run.forkerEvents.map(({ type }) => type)).toEqual(['started', 'lost', 'started']);
    expect(run.forkerPid()).not.toBe(first);
    const child = await run.sh('exit 4');
    expect(await child.exited()).toMatchObject({ code: 4 });
  });

  test('what is asked for meanwhile is born of the next one', async () => {
    const run = await openRun('forker');
    process.kill(run.forkerPid(), 'SIGKILL');
    await until('it is lost', () => run.forkerEvents.length >= 2, 20_000);
    const child = await run.sh('exit 5');
    expect(await child.exited()).toMatchObject({ code: 5 });
  });

  test('streams that it had connected are not taken for those of the next one', async () => {
    const run = await openRun('forker');
    process.kill(run.forkerPid(), 'SIGKILL');
    // A host that is busy meanwhile finds them all at its door: the dead one's streams, and word of its death.
    await until('it is dead', () => !isAlive(run.forkerPid()), 20_000);
    const busyUntil = performance.now() + 20;
    while (performance.now() < busyUntil);
    await until('it is lost', () => run.forkerEvents.length >= 2, 20_000);
    const streams = { stdin: 'pipe', stdout: 'pipe', stderr: 'pipe', fd3: 'pipe' } as const;
    const all = [1, 2, 3].map((n) => run.spawn('/bin/echo', [`number ${n}`], streams).born());
    for (const [index, child] of (await Promise.all(all)).entries())
      await child.line(RegExp(`^number ${index + 1}\\n$`));
  });

  test('what it was asked for at its death is born once or fails, and never hangs', async () => {
    const run = await openRun('forker');
    const all = Array.from({ length: 20 }, () => run.spawn('/bin/sleep', ['1000']));
    process.kill(run.forkerPid(), 'SIGKILL');
    const settled = ({ events }: (typeof all)[number]) =>
      events.some(({ type }) => type === 'os.spawnFailed' || type === 'os.spawned');
    await until('each is settled', () => all.every(settled), 20_000);
    for (const { events } of all) {
      const births = events.filter(({ type }) => type === 'os.spawnFailed' || type === 'os.spawned');
      expect(births.length).toBe(1);
    }
  });

  test('closing at that moment leaves nothing', async () => {
    const run = await openRun('forker');
    const child = await run.sh("trap '' TERM; echo ready; exec sleep 1000");
    await child.line(/ready/);
    process.kill(run.forkerPid(), 'SIGKILL');
    await run.spawner.close();
    expect(processesOfRun(run.runId)).toEqual([]);
  });
});

test('what is to be born after the close is refused, and keeps nobody waiting', async () => {
  const run = await openRun('forker');
  await run.spawner.close();
  const late = run.spawn('/bin/true');
  await until('it is refused', () => late.events.length > 0);
  expect(late.events).toMatchObject([
    { type: 'os.spawnFailed', failure: { phase: 'forker', code: 'EFORKERCLOSED' } },
  ]);
});

test("the run's file is gone when it has closed", async () => {
  const run = await openRun('forker');
  const file = join(run.directory, 'run.json');
  writeFileSync(file, '{}');
  await run.spawner.close();
  expect(existsSync(file)).toBe(false);
});
