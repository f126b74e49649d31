/** `reeve up` on a terminal: the tree is drawn below the output, and taken back when something is to be said. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { CLI, openShell, TREE } from '../support/cli.ts';
import { processesWith, until } from '../support/processes.ts';

const hasScript = spawnSync('script', ['--version']).status === 0;

test.skipIf(!hasScript)('the tree is drawn, erased, drawn again, and gone at the end', async () => {
  const shell = openShell();
  shell.put('reeve.config.json', TREE);
  const up = shell.exec('script', ['-qec', `exec '${process.execPath}' '${CLI}' up`, '/dev/null']);
  await up.says(/└─ b +\S*running/);
  const [, pid] = await up.says(/host (\d+)\r?\n/);
  const [run] = shell.runs();
  process.kill(Number(pid), 'SIGINT');
  await up.ended;
  await until('nothing is left', () => processesWith(`REEVE_RUN_ID=${run}`).length === 0);

  const text = up.stdout().replaceAll('\r', '');
  // biome-ignore format: as it stands on the screen
  expect(text.replaceAll(/\x1b\[\d+m/g, '')).toMatch(new RegExp([
    `test ${run}`,
    '└─ s',
    '   ├─ a +running +\\d+ +sleep 1401',
    '   └─ b +running +\\d+ +sh -c pwd; exec sleep 1402',
  ].join('\n')));
  expect(text).toContain('\x1b[32mrunning\x1b[39m');
  // Erased as often as drawn: what is left on the screen are lines.
  const drawn = text.split('└─ s\n').length - 1;
  const erased = text.split('\x1b[4A\x1b[0J').length - 1;
  expect(drawn).toBeGreaterThan(0);
  expect(erased).toBe(drawn);
  expect(text.slice(text.lastIndexOf('\x1b[0J'))).toMatch(/nothing is left\x1b\[39m\n$/);
});
