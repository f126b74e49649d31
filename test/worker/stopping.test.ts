/** Stopping real workers: the stages, what they leave behind, and what is said about it. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Shutdown } from '../../src/index.ts';
import { openHost, shell, sleeper } from '../support/host.ts';
import { isAlive, until } from '../support/processes.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const fixture = (name: string) => ({
  id: 'w',
  command: 'sh',
  args: [fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url))],
});

describe('a leader that exits before a child in its group that ignores SIGTERM', () => {
  test('when it is stopped: both are gone after the stop', async () => {
    const host = await openHost();
    const supervisor = await host.supervise([{ ...fixture('stops-only-itself.sh'), shutdown: 300 }]);
    const child = Number(await until('its pid', () => host.lines.find((line) => /^\d+$/.test(line))));
    expect(isAlive(child)).toBe(true);
    await supervisor.stop();
    expect(isAlive(child)).toBe(false);
    expect(await host.exitOf('s/w')).toEqual({ kind: 'shutdown', code: 0, signal: null, forced: true });
  });

  test('by itself: its end is told when both are gone', async () => {
    const host = await openHost();
    const childOf = () => Number(host.lines.find((line) => /^\d+$/.test(line)));
    const aliveAtExit = new Promise<boolean>((resolve) =>
      host.host.events.on(({ type }) => type === 'worker.exited' && resolve(isAlive(childOf()))),
    );
    // Not ready by what it prints: its exit may be heard before that is read.
    await host.supervise([
      { ...fixture('exits-before-its-child.sh'), shutdown: 1_000, restart: 'temporary' },
    ]);
    await until('its pid', () => childOf() > 0);
    expect(isAlive(childOf())).toBe(true);
    expect(await aliveAtExit).toBe(false);
    expect(await host.exitOf('s/w')).toEqual({ kind: 'normal' });
  });
});

test('a child that left its group is gone after the stop too', async () => {
  const host = await openHost();
  const supervisor = await host.supervise([{ ...fixture('keeps-a-setsid-child.sh'), shutdown: 300 }]);
  const child = Number(await until('its pid', () => host.lines.find((line) => /^\d+$/.test(line))));
  expect(isAlive(child)).toBe(true);
  await supervisor.stop();
  expect(isAlive(child)).toBe(false);
});

describe('the stop plan', () => {
  const counting =
    'trap \'n=$((n+1)); echo "term $n"; [ $n -ge 2 ] && exit 0\' TERM; n=0; echo up; while :; do sleep 0.05; done';
  const up = { log: 'up' } as const;

  async function stopped(script: string, shutdown: Shutdown) {
    const host = await openHost();
    const supervisor = await host.supervise([{ ...shell('w', script), ready: up, shutdown }]);
    await supervisor.stop();
    // Not its stderr: there the shell tells of its own children's deaths.
    const lines = supervisor.tail('w').trimEnd().split('\n');
    return { reason: await host.exitOf('s/w'), lines };
  }

  test('goes on to its next stage with a worker that does not obey the first', async () => {
    const { reason, lines } = await stopped(counting, [
      { signal: 'SIGTERM', wait: 300 },
      { signal: 'SIGTERM', wait: 20_000 },
    ]);
    expect(lines).toEqual(['up', 'term 1', 'term 2']);
    expect(reason).toEqual({ kind: 'shutdown', code: 0, signal: null, forced: false });
  });

  test('ends in SIGKILL, and says that it took force', async () => {
    const { reason, lines } = await stopped(
      'trap "echo term" TERM; echo up; while :; do sleep 0.05; done',
      300,
    );
    expect(lines).toEqual(['up', 'term']);
    expect(reason).toEqual({ kind: 'shutdown', code: null, signal: 'SIGKILL', forced: true });
  });

  test("has no SIGTERM in it when it is 'brutal_kill'", async () => {
    const file = `${temporaryDirectory()}/asked`;
    const script = `trap "touch ${file}" TERM; echo up; while :; do sleep 0.05; done`;
    const { reason } = await stopped(script, 'brutal_kill');
    expect(existsSync(file)).toBe(false);
    expect(reason).toEqual({ kind: 'shutdown', code: null, signal: 'SIGKILL', forced: true });
  });

  test("waits for as long as it takes when it is 'infinity'", async () => {
    const { reason, lines } = await stopped(
      'trap "sleep 0.5; echo done; exit 0" TERM; echo up; while :; do sleep 0.05; done',
      'infinity',
    );
    expect(lines).toEqual(['up', 'done']);
    expect(reason).toEqual({ kind: 'shutdown', code: 0, signal: null, forced: false });
  });

  test('may begin with another signal', async () => {
    const { reason, lines } = await stopped(
      'trap "echo int; exit 4" INT; trap "echo term" TERM; echo up; while :; do sleep 0.05; done',
      [{ signal: 'SIGINT', wait: 20_000 }],
    );
    expect(lines).toEqual(['up', 'int']);
    expect(reason).toEqual({ kind: 'shutdown', code: 4, signal: null, forced: false });
  });

  test('may close standard input first, which is enough for a worker that reads it', async () => {
    const host = await openHost();
    const reader = shell('w', 'trap "echo term" TERM; echo up; cat; echo read to the end; exit 5');
    const supervisor = await host.supervise([
      { ...reader, ready: up, stdin: 'pipe', shutdown: [{ closeStdin: true, wait: 20_000 }] },
    ]);
    await supervisor.stop();
    expect(host.lines).toEqual(['up', 'read to the end']);
    expect(await host.exitOf('s/w')).toEqual({ kind: 'shutdown', code: 5, signal: null, forced: false });
  });
});

test('a worker that is stopped twice, and while it dies, is told of once', async () => {
  const host = await openHost();
  const supervisor = await host.supervise([sleeper('w')]);
  process.kill(supervisor.whichChildren()[0]!.pid!, 'SIGTERM');
  await Promise.all([supervisor.stop(), supervisor.stop()]);
  expect(await supervisor.stopped).toMatchObject({ kind: 'shutdown', forced: false });
  expect(host.exits()).toEqual(['s/w']);
});
