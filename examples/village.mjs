// A small village of real programs: `npm start` runs it, Ctrl-C ends it in order.
// A Python web server, a Node worker that visits it, a shell that follows the visitor's log, and one that crashes.
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

const directory = join(tmpdir(), `reeve-village-${userInfo().uid}`);
mkdirSync(directory, { recursive: true, mode: 0o700 });
const log = join(directory, 'visits.log');
writeFileSync(log, '');

const port = await freePort();

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
      id: 'services',
      intensity: 10,
      period: 60_000,
      children: [
        {
          id: 'library',
          command: 'python3',
          args: ['-m', 'http.server', String(port), '--bind', '127.0.0.1', '--directory', '..'],
          ready: { http: `http://127.0.0.1:${port}/README.md` },
          stderr: 'ignore', // it tells of every request there
        },
        {
          id: 'visitor',
          command: process.execPath,
          args: ['village/visitor.mjs', `http://127.0.0.1:${port}/`, log],
          ready: { log: 'visiting' },
        },
        { id: 'scribe', command: 'sh', args: ['village/scribe.sh', log], ready: { notify: 'fd' } },
        { id: 'fool', command: 'sh', args: ['village/fool.sh'], shutdown: 1_000 },
      ],
    },
  ],
};
