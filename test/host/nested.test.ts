/** A host that is a worker of another host: whoever of the two is killed, nothing of either run is left. */
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { SupervisorOptions } from '../../src/index.ts';
import { startHostProcess } from '../support/host-process.ts';
import { isAlive, proc, processesOfRun, until } from '../support/processes.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const FIXTURE = fileURLToPath(new URL('../fixtures/host.mjs', import.meta.url));

const inside: SupervisorOptions = {
  id: 'inside',
  children: [
    { id: 'plain', command: 'sleep', args: ['1301'] },
    {
      id: 'stubborn',
      command: 'sh',
      args: ['-c', 'trap "" TERM; sleep 1302 & echo up; wait'],
      ready: { log: 'up' },
      shutdown: 300,
    },
  ],
};

/** The run that a process carries the innermost mark of. */
const runOf = (pid: number): string | undefined =>
  /(?:^|\0)REEVE_RUN_ID=([^\0]*)/.exec(proc(pid, 'environ') ?? '')?.[1];

const commandLine = (pid: number): string => proc(pid, 'cmdline') ?? '';

async function startNested() {
  const innerState = temporaryDirectory();
  const inner = { options: { stateDirectory: innerState, orphanGrace: 200 }, supervisors: [inside] };
  const outerState = temporaryDirectory();
  const outer = await startHostProcess({ stateDirectory: outerState, orphanGrace: 200 }, [
    {
      id: 'outside',
      children: [
        {
          id: 'host',
          command: process.execPath,
          args: [FIXTURE, JSON.stringify(inner)],
          stdin: 'pipe',
          ready: { log: '"tell":"ready"' },
          restart: 'temporary',
        },
      ],
    },
  ]);
  const innerHost = outer.children[0]!.pid!;
  const [file] = readdirSync(`${innerState}/runs`).filter((name) => name.endsWith('.json'));
  const innerRun = file!.replace('.json', '');
  const innerPids = processesOfRun(innerRun);
  // Its forker, the sleep, and the stubborn one with a sleep of its own.
  expect(innerPids.length).toBeGreaterThanOrEqual(3);
  expect(innerPids.some((pid) => commandLine(pid) === 'sleep\x001301\0')).toBe(true);
  await until('each of them has executed', () => innerPids.every((pid) => runOf(pid) === innerRun));
  return { outer, outerState, innerHost, innerState, innerRun, innerPids };
}

async function expectNothingOf({
  innerRun,
  innerPids,
  innerHost,
}: Awaited<ReturnType<typeof startNested>>): Promise<void> {
  await until('the inner run is gone', () => ![innerHost, ...innerPids].some(isAlive), 20_000);
  expect(processesOfRun(innerRun)).toEqual([]);
}

test('the outer host killed takes the inner run with it', async () => {
  const nested = await startNested();
  process.kill(nested.outer.pid, 'SIGKILL');
  await expectNothingOf(nested);
  await until('nothing is left of the outer run', () => processesOfRun(nested.outer.runId).length === 0);
  await until('its record is gone', () => readdirSync(`${nested.outerState}/runs`).length === 0);
});

test('the inner host alone killed takes its own run with it, and the outer host goes on', async () => {
  const nested = await startNested();
  process.kill(nested.innerHost, 'SIGKILL');
  await expectNothingOf(nested);
  await until('its record is gone', () => readdirSync(`${nested.innerState}/runs`).length === 0);
  const exit = await nested.outer.event('worker.exited');
  expect(exit).toMatchObject({ path: 'outside/host', reason: { kind: 'killed' } });
  expect(isAlive(nested.outer.pid)).toBe(true);
  nested.outer.send('stop');
  expect(await nested.outer.exited).toEqual({ code: 0, signal: null });
});

test('the outer host stopped in order stops the inner one in order', async () => {
  const nested = await startNested();
  nested.outer.send('stop');
  expect(await nested.outer.exited).toEqual({ code: 0, signal: null });
  await expectNothingOf(nested);
  expect(existsSync(`${nested.innerState}/runs/${nested.innerRun}.json`)).toBe(false);
  expect(processesOfRun(nested.outer.runId)).toEqual([]);
});
