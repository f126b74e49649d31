/** When a worker counts as ready, each way on real processes: ready, late, never, and dead before. */
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { ChildOptions, ReadyOption } from '../../src/index.ts';
import { openHost, shell, sleeper, startErrorOf, type TestHost } from '../support/host.ts';
import { isAlive } from '../support/processes.ts';
import { temporaryDirectory } from '../support/temporary.ts';

interface Place {
  readonly port: number;
  /** A file that the worker makes right before it gets ready. */
  readonly file: string;
}

/** A way to be ready, and a shell script that is ready in this way from then on. */
interface Way {
  readonly ready: (place: Place) => ReadyOption;
  readonly script: (place: Place) => string;
}

const serve = (kind: 'http' | 'net', port: number, answer: string) =>
  `exec '${process.execPath}' -e '
    let asked = 0;
    require("${kind}").createServer((request, response) => { ${answer} }).listen(${port}, "127.0.0.1");
  '`;

const WAYS: Record<string, Way> = {
  'a pattern in its output': {
    ready: () => ({ log: /^listening on \d+$/ }),
    script: () => 'echo listening on none; echo listening on 42; exec sleep 1000',
  },
  'a string in what it writes to stderr': {
    ready: () => ({ log: '(up)' }),
    script: () => 'echo "now I am (up) and well" >&2; exec sleep 1000',
  },
  'a port': {
    ready: ({ port }) => ({ port }),
    script: ({ port }) => serve('net', port, 'request.destroy()'),
  },
  'an http answer': {
    ready: ({ port }) => ({ http: `http://127.0.0.1:${port}/health` }),
    script: ({ port }) => serve('http', port, 'response.statusCode = 204; response.end()'),
  },
  'a command': {
    ready: ({ file }) => ({ exec: ['test', '-e', file] }),
    script: () => 'exec sleep 1000',
  },
  'a newline on descriptor 3': {
    ready: () => ({ notify: 'fd' }),
    script: () => 'printf un >&3; printf "seen\\n" >&3; exec sleep 1000',
  },
};

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

async function place(): Promise<Place> {
  return { port: await freePort(), file: `${temporaryDirectory()}/made` };
}

const pidOf = (host: TestHost): number => host.all('worker.exited')[0]!.pid!;

describe.each(Object.entries(WAYS))('ready by %s', (_, way) => {
  test('is not before it happens, and is when it does', async () => {
    const where = await place();
    const host = await openHost();
    let madeWhenReady: boolean | undefined;
    host.host.events.on((event) => {
      if (event.type === 'worker.state' && event.state === 'running') madeWhenReady = existsSync(where.file);
    });
    const script = `sleep 0.3; touch ${where.file}; ${way.script(where)}`;
    const supervisor = await host.supervise([{ ...shell('w', script), ready: way.ready(where) }]);
    expect(madeWhenReady).toBe(true);
    expect(supervisor.whichChildren()).toMatchObject([{ state: 'running', starts: 1 }]);
  });

  test('that never happens is a failed start, and the worker is ended', async () => {
    const where = await place();
    const host = await openHost();
    const child: ChildOptions = {
      ...shell('w', 'echo listening on; echo trouble >&2; exec sleep 1000'),
      ready: way.ready(where),
      startTimeout: 400,
    };
    const error = await startErrorOf(host.supervise([child]));
    expect(error).toMatchObject({ code: 'ERR_REEVE_START', path: 's/w', stderrTail: 'trouble\n' });
    expect(error.message).toBe("'s/w' did not start: was not ready: not within 400 ms\ntrouble");
    expect(await host.exitOf('s/w')).toMatchObject({ kind: 'not-ready', signal: 'SIGTERM' });
    expect(isAlive(pidOf(host))).toBe(false);
  });

  test('cannot happen any more when it has ended', async () => {
    const host = await openHost();
    const child = { ...shell('w', 'echo alas >&2; exit 7'), ready: way.ready(await place()) };
    const error = await startErrorOf(host.supervise([child]));
    expect(error.message).toMatch(/was not ready: it ended with code 7 first/);
    expect(error.stderrTail).toBe('alas\n');
    expect(await host.exitOf('s/w')).toEqual({
      kind: 'not-ready',
      detail: 'it ended with code 7 first',
      code: 7,
      signal: null,
    });
  });
});

test("a worker that need not prove it is ready as soon as it runs ('spawn')", async () => {
  const host = await openHost();
  const supervisor = await host.supervise([{ ...sleeper('w'), ready: 'spawn', startTimeout: 5_000 }]);
  const [child] = supervisor.whichChildren();
  expect(child!.state).toBe('running');
  expect(isAlive(child!.pid!)).toBe(true);
});

test('an http answer of 500 is not ready yet', async () => {
  const host = await openHost();
  const port = await freePort();
  const answer =
    'asked += 1; console.log("asked", asked); response.statusCode = asked < 3 ? 500 : 200; response.end()';
  const supervisor = await host.supervise([
    { ...shell('w', serve('http', port, answer)), ready: { http: `http://127.0.0.1:${port}/` } },
  ]);
  await host.line('asked 3');
  expect(supervisor.tail('w')).toBe('asked 1\nasked 2\nasked 3\n');
});
