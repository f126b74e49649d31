/** The shipped example of services, which `npm start` has beside its job: real programs that come up, and leave nothing. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { openShell } from '../support/cli.ts';
import { processesOfRun } from '../support/processes.ts';

const VILLAGE = fileURLToPath(new URL('../../examples/village.mjs', import.meta.url));

test('the village comes up as a tree, works, brings back what an end concerns, and stops in order on SIGINT', async () => {
  const shell = openShell({ TMPDIR: undefined });
  const up = shell.start('up', VILLAGE);
  const market = ['store', 'api', 'customers/customer.1', 'customers/customer.2', 'customers/customer.3'];
  const [run] = await Promise.all([
    up.says(/run (\w+), host/).then(([, id]) => id!),
    ...market.map((path) => up.says(new RegExp(`village/market/${path} is ready`))),
    ...['scribe', 'fool'].map((id) => up.says(new RegExp(`village/folk/${id} is ready`))),
  ]);
  await up.says(/customers\/customer\.1 \| anna: 200 README\.md, \d+ words/);
  await up.says(/village\/folk\/scribe \| visit \d+ of \w+: /);
  expect(processesOfRun(run).length).toBeGreaterThanOrEqual(8); // and the forker

  const [, api] = await up.says(/market\/api is ready \(pid (\d+)\)/);
  process.kill(Number(api), 'SIGKILL');
  await up.says(/village\/market\/api was killed \(SIGKILL\) by somebody else/);
  await up.says(/village\/market\/api is started again/);
  // What depends on it goes first; what it depends on stays.
  await Promise.all(
    [1, 2, 3].map((nth) =>
      up.says(new RegExp(`customer\\.${nth} was stopped[^]*customer\\.${nth} is ready`)),
    ),
  );
  expect(up.stdout()).not.toMatch(/store was stopped/);

  up.process.kill('SIGINT');
  expect(await up.ended).toEqual({ code: null, signal: 'SIGINT' });
  const atStop = up.stdout().slice(up.stdout().indexOf('stopping in order'));
  const order = [...atStop.matchAll(/village\/(\S+) was stopped/g)].map(([, path]) =>
    path!.replace(/\.\d$/, ''),
  );
  const customers = Array.from({ length: 3 }, () => 'market/customers/customer');
  expect(order).toEqual(['folk/fool', 'folk/scribe', ...customers, 'market/api', 'market/store']);
  expect(processesOfRun(run)).toEqual([]);
  expect(shell.runs()).toEqual([]);
});
