// A small village of real programs: `reeve up examples/village.mjs` runs it, Ctrl-C ends it in order; `npm start` has it
// beside its job.
// The market is a rest_for_one: a store (Python), an API that reads from it (Node), and customers of the API, who come
// by startChild and are gone when what they depend on is started again. Beside it folk that nobody depends on.
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

const directory = join(tmpdir(), `reeve-village-${userInfo().uid}`);
mkdirSync(directory, { recursive: true, mode: 0o700 });
const log = join(directory, 'visits.log');
const cwd = import.meta.dirname; // said of each worker: the village stands wherever it is started from
writeFileSync(log, '');

const [store, api] = [await freePort(), await freePort()].map((port) => `http://127.0.0.1:${port}/`);
const CUSTOMERS = ['anna', 'ben', 'clara'];

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

export default {
  name: 'village',
  supervisors: [
    {
      id: 'village',
      children: [
        {
          id: 'market',
          strategy: 'rest_for_one',
          intensity: 10,
          period: 60_000,
          children: [
            {
              id: 'store',
              cwd,
              command: 'python3',
              args: ['-m', 'http.server', new URL(store).port, '--bind', '127.0.0.1', '--directory', '..'],
              ready: { http: `${store}README.md` },
              stderr: 'ignore', // it tells of every request there
            },
            {
              id: 'api',
              cwd,
              command: process.execPath,
              args: ['village/api.mjs', api, store],
              ready: { http: `${api}README.md` },
            },
            {
              id: 'customers',
              strategy: 'simple_one_for_one',
              children: [
                {
                  id: 'customer',
                  cwd,
                  command: process.execPath,
                  args: ['village/customer.mjs', api, log],
                  ready: { log: 'comes in' },
                },
              ],
            },
          ],
        },
        {
          id: 'folk',
          intensity: 10,
          period: 60_000,
          children: [
            { id: 'scribe', cwd, command: 'sh', args: ['village/scribe.sh', log], ready: { notify: 'fd' } },
            {
              id: 'fool',
              cwd,
              command: 'sh',
              args: ['village/fool.sh'],
              shutdown: 1_000,
              backoff: { initial: 500, max: 5_000 },
            },
          ],
        },
      ],
    },
  ],

  /** Whenever the customers' supervisor is up, for the first time or again, they come. */
  onHost(host) {
    host.events.on(({ type, path }) => {
      if (type !== 'child.started' || path !== 'village/market/customers') return;
      for (const name of CUSTOMERS) host.supervisor(path).startChild([name]).catch(console.error);
    });
  },
};
