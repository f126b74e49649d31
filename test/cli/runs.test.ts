/** `reeve ps` and `reeve sweep` over runs that live, and runs that were killed. */
import { describe, expect, test } from 'vitest';
import { openShell, type Shell, TREE } from '../support/cli.ts';
import { isAlive, processesOfRun, until } from '../support/processes.ts';
import { killTogether } from '../support/runs.ts';

async function upIn(shell: Shell) {
  shell.put('reeve.config.json', TREE);
  const up = shell.start('up');
  await up.says(/s\/b is ready/);
  const pids = ['a', 'b'].map((id) =>
    Number(new RegExp(`s/${id} is ready \\(pid (\\d+)`).exec(up.stdout())![1]),
  );
  return { up, runId: shell.runs()[0]!, a: pids[0]!, b: pids[1]! };
}

/** What the host writes behind what it does is on disk. */
const recorded = (shell: Shell) =>
  until('the registry knows that both run', async () => {
    const { told } = await json(shell, 'ps');
    return told.runs[0].workers.every(({ state }: { state: string }) => state === 'running');
  });

/** Kills host and forker at once: its workers live on, and nobody watches them. */
async function orphaned(shell: Shell) {
  const run = await upIn(shell);
  await recorded(shell);
  const forker = processesOfRun(run.runId).find((pid) => pid !== run.a && pid !== run.b)!;
  await killTogether(run.up.pid, forker);
  expect([run.a, run.b].every(isAlive)).toBe(true);
  return run;
}

const json = async (shell: Shell, ...args: readonly string[]) => {
  const { stdout, code } = await shell.run(...args, '--json');
  return { told: JSON.parse(stdout), code };
};

describe('ps', () => {
  test('says when there is nothing', async () => {
    const shell = openShell();
    expect(await shell.run('ps')).toMatchObject({ code: 0, stdout: 'no runs\n', stderr: '' });
    expect(await json(shell, 'ps')).toEqual({ code: 0, told: { runs: [] } });
  });

  test('lists a living run and its workers', async () => {
    const shell = openShell();
    const { up, runId, a, b } = await upIn(shell);
    await recorded(shell);
    expect((await json(shell, 'ps')).told).toEqual({
      runs: [
        {
          runId,
          name: 'test',
          host: { pid: up.pid, alive: true },
          workers: [
            { id: 'a', path: 's/a', pid: a, state: 'running', command: 'sleep 1401' },
            { id: 'b', path: 's/b', pid: b, state: 'running', command: 'sh -c pwd; exec sleep 1402' },
          ],
        },
      ],
    });
    const { stdout } = await shell.run('ps');
    expect(stdout.split('\n')).toEqual([
      `test  ${runId}  host ${up.pid} alive  2 workers`,
      `  s/a  ${String(a).padEnd(String(b).length)}  running  sleep 1401`,
      `  s/b  ${String(b).padEnd(String(a).length)}  running  sh -c pwd; exec sleep 1402`,
      '',
    ]);
    expect((await shell.run('--state-dir', shell.directory, 'ps')).stdout).toBe('no runs\n');
    expect((await shell.run('ps', '--state-dir', shell.directory)).stdout).toBe('no runs\n');
    up.process.kill('SIGINT');
    await up.ended;
    expect((await shell.run('ps')).stdout).toBe('no runs\n');
  });
});

describe('sweep', () => {
  test('says when there is nothing, and lets a living run alone', async () => {
    const shell = openShell();
    expect(await shell.run('sweep')).toMatchObject({ code: 0, stdout: 'no other runs\n' });
    const { up, runId, a, b } = await upIn(shell);
    expect(await json(shell, 'sweep')).toMatchObject({
      code: 0,
      told: { runs: [{ runId, outcome: 'alive', host: { pid: up.pid, alive: true }, processes: [] }] },
    });
    expect([a, b].every(isAlive)).toBe(true);
    up.process.kill('SIGINT');
    await up.ended;
  });

  test('ends what host and forker left when they were killed, and only then says so', async () => {
    const shell = openShell();
    const { up, runId, a, b } = await orphaned(shell);
    expect((await shell.run('ps')).stdout).toContain("dead: 'reeve sweep' ends what is left of it");
    expect((await json(shell, 'ps')).told.runs[0].host).toEqual({ pid: up.pid, alive: false });

    const dry = await json(shell, 'sweep', '--dry-run');
    const processes = (action: unknown) =>
      [
        { id: 'a', pid: a, verdict: 'orphan', action },
        { id: 'b', pid: b, verdict: 'orphan', action },
      ].map((fields) => expect.objectContaining(fields));
    expect(dry).toEqual({
      code: 0,
      told: {
        runs: [
          expect.objectContaining({
            runId,
            host: { pid: up.pid, alive: false },
            outcome: 'would-clear',
            processes: processes('would-end'),
          }),
        ],
      },
    });
    expect([a, b].every(isAlive)).toBe(true);
    expect(shell.runs()).toEqual([runId]);
    expect((await shell.run('sweep', '--dry-run')).stdout).toMatch(
      /dead: would be cleared\n[\s\S]*would-end/,
    );

    const swept = await json(shell, 'sweep');
    expect(swept).toMatchObject({
      code: 0,
      told: { runs: [{ runId, host: { alive: false }, outcome: 'cleared', processes: processes('ended') }] },
    });
    expect([a, b].some(isAlive)).toBe(false);
    expect(shell.runs()).toEqual([]);
    expect((await shell.run('sweep')).stdout).toBe('no other runs\n');
  });

  test('is done by the next `reeve up`, which says so', async () => {
    const shell = openShell();
    const { runId, a, b } = await orphaned(shell);
    const next = shell.start('up');
    await next.says(/s\/b is ready/);
    expect(next.stdout()).toContain(`reeve: sweep: test  ${runId}`);
    expect(next.stdout()).toMatch(/dead: cleared, nothing is left\n/);
    expect([a, b].some(isAlive)).toBe(false);
    next.process.kill('SIGINT');
    expect(await next.ended).toEqual({ code: null, signal: 'SIGINT' });
  });
});
