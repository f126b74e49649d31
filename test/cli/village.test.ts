/** The shipped example, which `npm start` runs: real programs that come up, and leave nothing. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { openShell } from '../support/cli.ts';
import { processesOfRun } from '../support/processes.ts';

const VILLAGE = fileURLToPath(new URL('../../examples/village.mjs', import.meta.url));

test('the village comes up with all four, works, and stops in order on SIGINT', async () => {
  const shell = openShell({ TMPDIR: undefined });
  const up = shell.start('up', VILLAGE);
  const [run] = await Promise.all([
    up.says(/run (\w+), host/).then(([, id]) => id!),
    ...['library', 'visitor', 'scribe', 'fool'].map((id) => up.says(new RegExp(`services/${id} is ready`))),
  ]);
  await up.says(/services\/visitor \| 200 README\.md, \d+ characters/);
  await up.says(/services\/scribe \| visit \d+: /);
  expect(processesOfRun(run).length).toBeGreaterThanOrEqual(5); // and the forker
  up.process.kill('SIGINT');
  expect(await up.ended).toEqual({ code: null, signal: 'SIGINT' });
  const order = [...up.stdout().matchAll(/services\/(\w+) was stopped/g)].map(([, id]) => id);
  expect(order).toEqual(['fool', 'scribe', 'visitor', 'library']);
  expect(processesOfRun(run)).toEqual([]);
  expect(shell.runs()).toEqual([]);
});
