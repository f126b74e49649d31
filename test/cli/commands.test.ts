/** The command line itself: help, wrong use, and what `reeve doctor` finds. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { openShell } from '../support/cli.ts';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

test('--version and --help are answered with 0', async () => {
  const shell = openShell();
  expect(await shell.run('--version')).toMatchObject({ code: 0, stdout: `${version}\n` });
  const { code, stdout } = await shell.run('--help');
  for (const command of ['up', 'run', 'ps', 'sweep', 'doctor'])
    expect(stdout).toMatch(new RegExp(`^  ${command}\\b`, 'm'));
  expect(code).toBe(0);
  expect((await shell.run('ps', '--help')).code).toBe(0);
});

describe('wrong use ends with 2', () => {
  test.each([
    ['an unknown command', ['upp'], /unknown command 'upp'[\s\S]*Did you mean up\?/],
    ['an unknown option', ['ps', '--jsn'], /unknown option '--jsn'/],
    ['one argument too many', ['sweep', 'all'], /too many arguments/],
    ['an option without its value', ['--state-dir'], /argument missing/],
    ['an empty state directory', ['--state-dir', '', 'ps'], /--state-dir: is empty/],
    ['no command', [], /Usage: reeve/],
  ])('%s', async (_, args, complaint) => {
    const { code, stdout, stderr } = await openShell().run(...args);
    expect(stderr).toMatch(complaint);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });
});

test('--state-dir may stand before the command, and behind it', async () => {
  const shell = openShell();
  for (const args of [
    ['--state-dir', 'own', 'ps'],
    ['ps', '--state-dir', 'own'],
  ])
    expect(await shell.run(...args)).toMatchObject({ code: 0, stdout: 'no runs\n' });
  expect((await shell.run('ps', '--state-dir', '')).stderr).toMatch(/--state-dir: is empty/);
});

describe('doctor', () => {
  const NAMES = [
    'node',
    '/proc',
    'ps',
    'open files',
    'processes',
    'pid_max',
    'pid reuse likely',
    'state directory',
  ];

  test('--json tells each finding, and whether all is well', async () => {
    const shell = openShell();
    const { code, stdout } = await shell.run('doctor', '--json');
    const { ok, findings } = JSON.parse(stdout);
    expect(ok).toBe(true);
    expect(findings.map(({ name }: { name: string }) => name)).toEqual([...NAMES, 'forker start (ms)']);
    const found = Object.fromEntries(findings.map((finding: { name: string }) => [finding.name, finding]));
    expect(found['node']).toMatchObject({ ok: true, value: process.version });
    expect(found['/proc'].value).toBe(true);
    expect(found['pid_max'].value).toBe(Number(readFileSync('/proc/sys/kernel/pid_max', 'utf8')));
    expect(found['state directory'].value).toBe(shell.stateDirectory);
    expect(found['forker start (ms)'].value).toBeGreaterThan(0);
    expect(found['forker start (ms)'].note).toMatch(/MiB of memory/);
    expect(code).toBe(0);
  });

  test('prints a table of them', async () => {
    const { code, stdout } = await openShell().run('doctor');
    for (const name of NAMES) expect(stdout).toMatch(new RegExp(`^ok  ${name} `, 'm'));
    expect(code).toBe(0);
  });

  test('leaves nothing in the state directory, whether it is there or not', async () => {
    const shell = openShell();
    await shell.run('doctor');
    expect(readdirSync(shell.stateDirectory)).toEqual([]);
    await shell.run('--state-dir', `${shell.directory}/to/be/made`, 'doctor');
    expect(readdirSync(shell.directory)).toEqual([]);
  });

  test('ends with 1 when nothing can be written there, though the rights are there for root', async () => {
    const { code, stdout } = await openShell().run('--state-dir', '/proc/reeve', 'doctor', '--json');
    const { findings } = JSON.parse(stdout);
    expect(findings.find(({ ok }: { ok: boolean }) => !ok)).toMatchObject({
      name: 'state directory',
      note: expect.stringMatching(/reeve-doctor-.*REEVE_STATE_DIR/),
    });
    expect(code).toBe(1);
  });

  test('ends with 1 when the state directory cannot be', async () => {
    const shell = openShell();
    const below = `${shell.put('file', '')}/below`;
    const { code, stdout } = await shell.run('--state-dir', below, 'doctor', '--json');
    expect(code).toBe(1);
    const { ok, findings } = JSON.parse(stdout);
    expect(ok).toBe(false);
    expect(findings.find(({ ok: fine }: { ok: boolean }) => !fine)).toMatchObject({
      name: 'state directory',
      value: below,
      note: expect.stringContaining('REEVE_STATE_DIR'),
    });
  });
});

test('a state directory that cannot be used is told in one line, with 1', async () => {
  const shell = openShell();
  const file = shell.put('file', '');
  shell.put('reeve.config.json', { supervisors: [{ id: 's', children: [] }] });
  const { code, stderr } = await shell.run('--state-dir', `${file}/below`, 'up');
  expect(stderr).toMatch(/^reeve: .*file\/below.*\n$/);
  expect(code).toBe(1);
});
