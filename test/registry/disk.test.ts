/** The state directory's troubles: not writable, read-only, full; and how private it is. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Host, RegistryError, SpawnError, StartError, startHost } from '../../src/index.ts';
import { nodeOs } from '../../src/os/node-os.ts';
import { sweep } from '../../src/registry/sweep.ts';
import { startHostProcess } from '../support/host-process.ts';
import { isAlive, processesOfRun, until } from '../support/processes.ts';
import { killTogether, namesIn, putRunFile, scripts, someRunId, spawned } from '../support/runs.ts';
import { smallDisk } from '../support/small-disk.ts';
import { takeAway, temporaryDirectory } from '../support/temporary.ts';

const HOST = fileURLToPath(new URL('../fixtures/host.mjs', import.meta.url));

/** An ordinary user's command line; root does not heed modes. */
const asOrdinaryUser = (): readonly string[] =>
  process.geteuid!() === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : [];

/** What a host says that cannot start. */
function startInVain(stateDirectory: string, wrapper: readonly string[]): string {
  const options = JSON.stringify({ options: { stateDirectory }, supervisors: [] });
  const [command, ...args] = [...wrapper, process.execPath, HOST, options];
  const { status, stdout, stderr } = spawnSync(command!, args, {
    encoding: 'utf8',
    input: 'stop\n',
    timeout: 20_000,
  });
  expect(status, `${stdout}${stderr}`).toBe(1);
  expect(stdout).toBe('');
  return stderr;
}

const child = (id: string, ...args: string[]) => ({ id, command: 'sleep', args: [...args] });

/** A host in this process, stopped when the test is over. */
async function startHere(stateDirectory: string): Promise<Host> {
  const host = await startHost({ stateDirectory, signals: false });
  onTestFinished(async () => {
    await host.stop();
    expect(processesOfRun(host.runId)).toEqual([]);
  });
  return host;
}

describe('a state directory that cannot be written', () => {
  test('is refused to an ordinary user in words that help', () => {
    const parent = temporaryDirectory();
    chmodSync(parent, 0o755);
    const closed = `${parent}/closed`;
    mkdirSync(closed, { mode: 0o555 });
    const said = startInVain(`${closed}/state`, asOrdinaryUser());
    expect(said).toMatch(/RegistryError.*no permission.*REEVE_STATE_DIR/);
    expect(said).toContain(`${closed}/state/runs`);
    expect(said).toContain("code: 'ERR_REEVE_REGISTRY'");
    expect(said).toContain("code: 'EACCES'"); // the cause
    expect(readdirSync(closed)).toEqual([]);
  });

  test('is refused when a file is in its place', async () => {
    const directory = temporaryDirectory();
    putRunFile(directory, someRunId(), '{}');
    const inTheWay = `${directory}/runs/${readdirSync(`${directory}/runs`)[0]}`;
    const refusal = startHost({ stateDirectory: `${inTheWay}/state`, signals: false });
    await expect(refusal).rejects.toBeInstanceOf(RegistryError);
    await expect(refusal).rejects.toMatchObject({ code: 'ERR_REEVE_REGISTRY', cause: { code: 'ENOTDIR' } });
  });

  test('is refused on a read-only file system', async (context) => {
    const disk = await smallDisk('size=64k,ro');
    if (disk === undefined) return context.skip();
    const refusal = startHost({ stateDirectory: `${disk.path}/state`, signals: false });
    await expect(refusal).rejects.toMatchObject({ code: 'ERR_REEVE_REGISTRY', cause: { code: 'EROFS' } });
    await expect(refusal).rejects.toThrow(/read-only file system; set REEVE_STATE_DIR/);
  });
});

test('a state directory that is gone does not keep a host from ending that has nothing more to do', async () => {
  const stateDirectory = temporaryDirectory();
  const host = await startHostProcess({ stateDirectory }, [
    { id: 'services', children: [{ ...child('a', '1120'), restart: 'temporary' }] },
  ]);
  takeAway(`${stateDirectory}/runs`);
  process.kill(host.children[0]!.pid!, 'SIGKILL');
  await host.event('registry.warning');
  host.send('end');
  expect(await host.exited).toEqual({ code: 0, signal: null });
  await until('its forker is gone, too', () => processesOfRun(host.runId).length === 0);
});

describe('a full disk', () => {
  test('is a clear refusal at the start, and leaves nothing behind', async (context) => {
    const disk = await smallDisk();
    if (disk === undefined) return context.skip();
    disk.fill();
    const refusal = startHost({ stateDirectory: `${disk.path}/state`, signals: false });
    await expect(refusal).rejects.toBeInstanceOf(RegistryError);
    await expect(refusal).rejects.toMatchObject({ cause: { code: 'ENOSPC' } });
    await expect(refusal).rejects.toThrow(/no space left for the registry/);
    expect(namesIn(`${disk.path}/state/runs`)).toEqual([]);
  });

  test('keeps new workers from starting, and the others go on', async (context) => {
    const disk = await smallDisk();
    if (disk === undefined) return context.skip();
    const host = await startHere(`${disk.path}/state`);
    const services = await host.supervise({
      id: 'services',
      children: [child('a', '1112'), child('b', '1113')],
    });
    const file = `${disk.path}/state/runs/${host.runId}.json`;
    await until('both have settled', () => readFileSync(file, 'utf8').split('"settled":true').length === 3);
    const before = readFileSync(file, 'utf8');
    const warnings: string[] = [];
    host.events.on((event) => {
      if (event.type === 'registry.warning') warnings.push(event.message);
    });
    disk.fill();
    // The file answers for some births in advance: this one is covered by its mark, but it cannot be recorded.
    const booked = await host.supervise({ id: 'booked', children: [child('c', '1114')] });
    expect(booked.whichChildren()).toMatchObject([{ state: 'running', starts: 1 }]);
    await until('a warning has come', () => {
      disk.fill(); // a rename gives the old file's space back
      return warnings.length > 0;
    });
    expect(warnings[0]).toContain('no space left for the registry');
    const refusal = await host.supervise({ id: 'more', children: [child('d', '1115')] }).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(refusal).toBeInstanceOf(StartError);
    const cause = (refusal as StartError).cause;
    expect(cause).toBeInstanceOf(SpawnError);
    expect(cause).toMatchObject({ phase: 'record', code: 'ENOSPC', command: 'sleep' });
    const children = services.whichChildren();
    expect(children.map(({ state, starts }) => [state, starts])).toEqual([
      ['running', 1],
      ['running', 1],
    ]);
    expect(children.map(({ pid }) => isAlive(pid!))).toEqual([true, true]);
    expect(readFileSync(file, 'utf8')).toBe(before);
    expect(namesIn(`${disk.path}/state/runs`).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    disk.free();
    const more = await host.supervise({ id: 'more', children: [child('d', '1119')] });
    expect(more.whichChildren()).toMatchObject([{ state: 'running', starts: 1 }]);
    expect(readFileSync(file, 'utf8')).toContain('more/d');
  });

  test('warns when what is already running cannot be recorded', async (context) => {
    const disk = await smallDisk();
    if (disk === undefined) return context.skip();
    const host = await startHere(`${disk.path}/state`);
    const warnings: string[] = [];
    host.events.on((event) => {
      if (event.type === 'worker.state' && event.state === 'running') disk.fill();
      if (event.type === 'registry.warning') warnings.push(event.message);
    });
    const services = await host.supervise({ id: 'services', children: [child('a', '1116')] });
    await until('a warning has come', () => {
      disk.fill(); // a rename gives the old file's space back
      return warnings.length > 0;
    });
    expect(warnings[0]).toContain('no space left for the registry');
    expect(services.whichChildren()).toMatchObject([{ state: 'running', starts: 1 }]);
  });

  test('does not keep the next sweep from clearing a dead run, nor lose a damaged file', async (context) => {
    const disk = await smallDisk();
    if (disk === undefined) return context.skip();
    const stateDirectory = `${disk.path}/state`;
    const services = { id: 'services', children: [child('a', '1117')] };
    const dead = await startHostProcess({ stateDirectory }, [services]);
    const living = await startHostProcess({ stateDirectory }, [services]);
    const torn = someRunId();
    const orphan = await spawned(scripts.obedient, { runId: torn, workerId: 'w:1' });
    putRunFile(stateDirectory, torn, '{"version":1,');
    await killTogether(dead.pid, dead.forkerPid());
    disk.fill();
    await expect(startHost({ stateDirectory, signals: false })).rejects.toThrow(/no space left/);
    expect(processesOfRun(dead.runId)).toHaveLength(1); // a run that cannot be recorded does nothing at all
    const { runs } = await sweep({ os: nodeOs(), stateDirectory, ownRunId: undefined, dryRun: false });
    const outcomes = Object.fromEntries(runs.map(({ runId, outcome }) => [runId, outcome]));
    expect(outcomes).toEqual({ [dead.runId]: 'cleared', [living.runId]: 'alive', [torn]: 'cleared' });
    expect([...processesOfRun(dead.runId), ...processesOfRun(torn)]).toEqual([]);
    expect(isAlive(living.children[0]!.pid!)).toBe(true);
    expect(readFileSync(`${stateDirectory}/damaged/${torn}.json`, 'utf8')).toBe('{"version":1,');
    await orphan.gone;
    living.send('stop');
    await living.exited;
  });
});

describe('the state directory', () => {
  const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

  test.each([
    ['made by us under a umask that hides nothing', undefined],
    ['that was open to all before', 0o755],
  ])('%s keeps its runs private', async (_, before) => {
    const stateDirectory = `${temporaryDirectory()}/above/state`;
    if (before !== undefined) {
      mkdirSync(`${stateDirectory}/runs`, { recursive: true });
      chmodSync(stateDirectory, before);
      chmodSync(`${stateDirectory}/runs`, before);
    }
    const wrapper = ['sh', '-c', 'umask 000; exec "$@"', 'sh'];
    const host = await startHostProcess(
      { stateDirectory },
      [{ id: 'services', children: [child('a', '1118')] }],
      wrapper,
    );
    // A directory that was there may be anybody's: what we put into it is ours.
    expect(modeOf(stateDirectory)).toBe(before === undefined ? '700' : '755');
    expect(modeOf(`${stateDirectory}/runs`)).toBe('700');
    expect(modeOf(`${stateDirectory}/runs/${host.runId}.json`)).toBe('600');
    host.send('stop');
    await host.exited;
    expect(namesIn(`${stateDirectory}/runs`)).toEqual([]);
  });

  test('has its damaged files in private too', async () => {
    const stateDirectory = temporaryDirectory();
    const runId = someRunId();
    chmodSync(putRunFile(stateDirectory, runId, '{'), 0o644);
    const host = await startHere(stateDirectory);
    expect(host.sweepReport.runs).toMatchObject([{ runId, outcome: 'cleared' }]);
    expect(modeOf(`${stateDirectory}/damaged`)).toBe('700');
  });
});
