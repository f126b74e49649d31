/** A host that has no descriptor left when its forker dies can look for nobody: what it says then, and what it does later. */
import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { ChildOptions } from '../../src/index.ts';
import { nodeOs } from '../../src/os/node-os.ts';
import { sweep } from '../../src/registry/sweep.ts';
import { type HostProcess, startHostProcess } from '../support/host-process.ts';
import { limit } from '../support/limited-host.ts';
import { isAlive, processesOfRun, until } from '../support/processes.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const ORPHAN_GRACE = 100;
const sleeper = (id: string, restart: 'permanent' | 'temporary') =>
  ({ id, command: 'sleep', args: ['1000'], restart }) as const;

interface ShortHost extends HostProcess {
  readonly stateDirectory: string;
  /** Gives its descriptors back. */
  readonly relieve: () => void;
}

/** Its forker is dead, and it knows that. */
async function startShort(...children: readonly ChildOptions[]): Promise<ShortHost> {
  const stateDirectory = temporaryDirectory();
  const tree = { id: 's', intensity: 1_000_000, children };
  const host = await startHostProcess({ stateDirectory, orphanGrace: ORPHAN_GRACE }, [tree]);
  const relieve = limit(host.pid, 'nofile', 0);
  process.kill(host.forkerPid(), 'SIGKILL');
  await host.event('forker.lost');
  return { ...host, stateDirectory, relieve };
}

const namesOfRuns = (stateDirectory: string) => readdirSync(`${stateDirectory}/runs`);
const started = ({ events }: HostProcess) => events.filter(({ type }) => type === 'forker.started');

test('told to stop as it clears up in vain, it stops, and does not crash', async () => {
  const host = await startShort();
  host.send('stop');
  expect(await host.exited, host.stderr()).toEqual({ code: 0, signal: null });
  expect(host.events.at(-1)).toMatchObject({ type: 'host.stopped', nothingLeft: false });
});

test('told to stop when it has cleared up in vain, it says that it cannot tell, and a sweep finds its worker', async () => {
  const host = await startShort(sleeper('a', 'temporary'));
  const { pid } = host.children[0]!;
  const behind = await host.event('host.left-behind');
  expect(behind).toMatchObject({ pids: [], message: expect.stringContaining('EMFILE') });
  host.send('stop');
  expect(await host.exited, host.stderr()).toEqual({ code: 0, signal: null });
  expect(host.events.at(-1)).toMatchObject({ type: 'host.stopped', nothingLeft: false });
  expect(isAlive(pid!)).toBe(true);
  expect(namesOfRuns(host.stateDirectory)).toContain(`${host.runId}.json`);
  await sweep({ os: nodeOs(), stateDirectory: host.stateDirectory, ownRunId: undefined, dryRun: false });
  expect(isAlive(pid!)).toBe(false);
  expect(namesOfRuns(host.stateDirectory)).toEqual([]);
});

test('told to stop when it has cleared up in vain, it ends its worker once it can look for it', async () => {
  const host = await startShort(sleeper('a', 'temporary'));
  await host.event('host.left-behind');
  host.send('stop');
  await host.event('host.stopping');
  host.relieve();
  expect(await host.exited, host.stderr()).toEqual({ code: 0, signal: null });
  expect(processesOfRun(host.runId)).toEqual([]);
  expect(host.events.at(-1)).toMatchObject({ type: 'host.stopped', nothingLeft: true });
  expect(namesOfRuns(host.stateDirectory)).toEqual([]);
});

test.each(['temporary', 'permanent'] as const)(
  'the %s worker that it could not look for is ended before another forker starts, and that is soon',
  async (restart) => {
    const host = await startShort(sleeper('a', restart));
    const { pid } = host.children[0]!;
    await host.event('host.left-behind');
    expect(isAlive(pid!)).toBe(true);
    host.relieve();
    await until('another forker has started', () => started(host).length > 0, 20_000);
    expect(isAlive(pid!)).toBe(false);
    host.send('stop');
    expect(await host.exited, host.stderr()).toEqual({ code: 0, signal: null });
    expect(processesOfRun(host.runId)).toEqual([]);
  },
);
