/** Sessions come to an end, and workers with them; but not those that are in use. */
import { expect, test } from 'vitest';
import type { PoolOptions } from '../../src/index.ts';
import { openPool } from '../support/pool.ts';
import { until } from '../support/processes.ts';

/** With a session on each of three workers. */
async function openVisited(options: Partial<PoolOptions>) {
  const { pool } = await openPool({ min: 3, max: 3, ...options });
  const keys = ['a', 'b', 'c'];
  await Promise.all(keys.map((session) => pool.call('pid', undefined, { session })));
  pool.resize({ min: 0 });
  expect(pool.stats()).toMatchObject({ ready: 3, sessions: 3 });
  return { pool, close: () => keys.forEach((key) => void pool.session(key).close()) };
}

test('a worker that was kept for its sessions is idle once they are forgotten', async () => {
  const { pool } = await openVisited({ idleTimeout: 50, sessionTtl: 300 });
  await until('nobody is left', () => pool.workers().length === 0);
  expect(pool.stats().sessions).toBe(0);
});

test('a worker that was kept for its sessions when the pool shrank goes once they are closed', async () => {
  const { pool, close } = await openVisited({});
  pool.resize({ max: 1 });
  expect(pool.stats().ready).toBe(3);
  close();
  await until('there is one', () => pool.workers().length === 1);
});

test('a call that waits for a worker keeps its session, however long it waits', async () => {
  const { pool } = await openPool({ min: 1, max: 1, sessionTtl: 100 });
  const before = pool.call('wait', 500);
  const pid = await pool.session('s').call('pid');
  await before;
  expect(pid).toBe(pool.workers()[0]!.pid);
});

test('a session is forgotten so long after its last call has ended', async () => {
  const { pool } = await openPool({ min: 1, max: 1, sessionTtl: 600 });
  const session = pool.session('s');
  await session.call('wait', 1_000);
  const ended = performance.now();
  await until('it is forgotten', () => pool.stats().sessions === 0);
  expect(performance.now() - ended).toBeGreaterThan(500);
});

test('a worker that never says what a session holds does not keep its callers for ever', async () => {
  const program = `
import json, sys
for line in sys.stdin:
    request = json.loads(line)
    if request.get("method") == "$/session.save": continue
    result = {"sessions": True} if request["method"] == "$/ping" else 1
    if "id" in request: print(json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": result}), flush=True)
`;
  const worker = { command: 'python3', args: ['-c', program] };
  const { pool } = await openPool({ worker, min: 1, max: 1, heartbeat: false });
  const session = pool.session('s');
  await session.call('a');
  const { path } = pool.workers()[0]!;
  pool.recycle();
  await until('its heir is there', () => pool.workers()[0]?.state === 'draining');
  await expect(session.call('a')).rejects.toMatchObject({
    code: 'ERR_REEVE_SESSION_LOST',
    message: expect.stringMatching(/no answer to \$\/session\.save in 10000 ms/),
  });
  await until('it is gone', () => !pool.workers().some((one) => one.path === path));
  expect(await pool.session('s').call('a')).toBe(1);
}, 30_000);
