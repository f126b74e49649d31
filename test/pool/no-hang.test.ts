/** Whatever becomes of a worker, and whenever: the first call and the second are settled, with the cause. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { NoWorkerError, ProtocolError, WorkerCrashedError, WorkerUnhealthyError } from '../../src/index.ts';
import { fixture, hangingCall, openPool, rejection } from '../support/pool.ts';
import { until } from '../support/processes.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const sh = (script: string) => ({ command: 'sh', args: ['-c', script] });

describe('workers that cannot start', () => {
  test.each([
    ['fails at import', { module: fixture('fails-at-import.mjs') }, /as it was imported/],
    ['exports nothing', { module: fixture('exports-nothing.mjs') }, /neither calls serve\(\) nor exports/],
    ['is missing', { command: '/no/such/worker' }, /ENOENT/],
    ['exits with 0', sh('exit 0'), /ended with code 0/],
    ['exits with 3', sh('echo why >&2; exit 3'), /why/],
    ['says garbage', sh('echo hello; cat'), /broke the protocol \(garbage\).*hello/],
    ['never answers', { ...sh('cat >/dev/null'), startTimeout: 200 }, /not within 200 ms/],
    [
      'does not answer, and keeps what it was told',
      { ...sh('sleep 1000'), startTimeout: 200 },
      /not within 200 ms/,
    ],
  ])('%s', async (_, worker, why) => {
    const { pool } = await openPool({ worker, min: 0, max: 2, backoff: { initial: 50, max: 50 } });
    for (let call = 1; call <= 2; call += 1) {
      const error = await rejection(pool.run(call));
      expect(error).toBeInstanceOf(NoWorkerError);
      expect(error.message).toMatch(why);
      expect(error.cause).toBeInstanceOf(Error);
    }
    expect(pool.stats()).toMatchObject({ queued: 0, running: 0, calls: { made: 2, ok: 0, failed: 2 } });
  });

  test('a pool that is to have some does not open, and leaves nothing', async () => {
    const opening = openPool({ worker: sh('echo no model >&2; exit 1'), min: 2 });
    expect((await rejection(opening)).message).toMatch(/no model/);
  });

  test('one that is repaired is used as soon as it was tried again', async () => {
    const flag = join(temporaryDirectory(), 'repaired');
    const script = `test -e ${flag} || exit 1; while read -r line; do
      id=\${line#*\\"id\\":}; echo "{\\"jsonrpc\\":\\"2.0\\",\\"id\\":\${id%%,*},\\"result\\":1}"; done`;
    const { pool } = await openPool({
      worker: sh(script),
      min: 0,
      max: 1,
      backoff: { initial: 20, max: 20 },
    });
    expect(await rejection(pool.run())).toBeInstanceOf(NoWorkerError);
    writeFileSync(flag, '');
    expect(await until('a call succeeds', () => pool.run().catch(() => undefined))).toBe(1);
  });
});

describe('workers that end in the middle of a call', () => {
  test.each([
    ['exit 0', 'exit', 0, { kind: 'normal' }],
    ['exit 7', 'exit', 7, { kind: 'crashed', code: 7 }],
    ['SIGKILL', 'kill', 'SIGKILL', { kind: 'killed' }],
    ['SIGTERM', 'kill', 'SIGTERM', { kind: 'crashed', signal: 'SIGTERM' }],
    ['a segmentation fault', 'crash', 'pointer', { kind: 'crashed', signal: 'SIGSEGV' }],
  ])('%s', async (_, method, params, reason) => {
    const { pool } = await openPool({ min: 1, max: 1 });
    for (let call = 1; call <= 2; call += 1) {
      const error = await rejection(pool.call(method, params));
      expect(error).toBeInstanceOf(WorkerCrashedError);
      expect(error).toMatchObject({ reason, code: 'ERR_REEVE_WORKER_CRASHED' });
      if (method === 'crash') expect((error as WorkerCrashedError).stderrTail).toBe('pointer\n');
    }
    expect(await pool.call('echo', 'and the next works')).toBe('and the next works');
  });

  test('out of memory', async () => {
    const worker = { module: fixture('worker.mjs'), execArgv: ['--max-old-space-size=16'] };
    const { pool } = await openPool({ worker, min: 1, max: 1 });
    const error = await rejection(pool.call('grow'));
    expect(error).toBeInstanceOf(WorkerCrashedError);
    expect((error as WorkerCrashedError).stderrTail).toMatch(/heap out of memory/);
    expect(await pool.call('echo', 1)).toBe(1);
  });

  test('a grandchild that holds the channel open keeps no caller waiting', async () => {
    const script = `while read -r line; do case $line in
      *ping*) echo '{"jsonrpc":"2.0","id":1,"result":1}' ;;
      *) sh -c 'trap "" TERM; sleep 1000' & exit 4 ;; esac; done`;
    const { pool } = await openPool({ worker: { ...sh(script), shutdown: 200 }, min: 1, max: 1 });
    const error = await rejection(pool.run(1));
    expect(error).toMatchObject({ reason: { kind: 'crashed', code: 4 } });
  });
});

describe('workers that end while they have nothing to do', () => {
  test.each(['SIGKILL', 'SIGTERM', 'SIGSEGV'] as const)(
    '%s: the next calls are served by others',
    async (signal) => {
      const { pool, event } = await openPool({ min: 1, max: 1 });
      const { pid } = pool.workers()[0]!;
      process.kill(pid, signal);
      await event('pool.worker-gone', (gone) => gone.why.includes(String(pid)));
      expect(await Promise.all([pool.call('pid'), pool.call('pid')])).not.toContain(pid);
    },
  );

  test('one that was stopped (SIGSTOP) is noticed, ended, and replaced', async () => {
    const { pool, event } = await openPool({ min: 1, max: 1, heartbeat: { interval: 50, misses: 3 } });
    const { pid } = pool.workers()[0]!;
    process.kill(pid, 'SIGSTOP');
    expect((await event('pool.worker-gone')).why).toMatch(/had been stopped, and silent for/);
    expect(await pool.call('pid')).not.toBe(pid);
  });
});

test('a worker that is stopped (SIGSTOP) in the middle of a call is ended for it', async () => {
  const { pool } = await openPool({ min: 1, max: 1, heartbeat: { interval: 50, misses: 3 } });
  const { outcome } = await hangingCall(pool);
  process.kill(pool.workers()[0]!.pid, 'SIGSTOP');
  const error = await rejection(outcome);
  expect(error).toBeInstanceOf(WorkerUnhealthyError);
  expect(error.message).toMatch(/had been stopped/);
  expect(await pool.call('echo', 2)).toBe(2);
});

test('a worker that is busy for longer than heartbeats are patient is left alone', async () => {
  const { pool, all } = await openPool({ min: 1, max: 1, heartbeat: { interval: 20, misses: 2 } });
  expect(await pool.call('block', 500)).toBe('done');
  expect(all('pool.worker-gone')).toEqual([]);
});

describe('workers that break the protocol', () => {
  const answering = (answer: string) =>
    sh(`while read -r line; do id=\${line#*'"id":'}; id=\${id%%,*}; case $line in
      *ping*) echo "{\\"jsonrpc\\":\\"2.0\\",\\"id\\":$id,\\"result\\":1}" ;; *) ${answer} ;; esac; done`);
  const result = (id: string) => `echo '{"jsonrpc":"2.0","id":'${id}',"result":1}'`;

  test.each([
    ['garbage', answering('echo Segmentation fault')],
    ['garbage', answering('echo "[1,2]"')],
    ['unknown-id', answering(result('77777'))],
    ['too-long', answering('head -c 3000000 /dev/zero | tr "\\\\0" x')],
    ['closed', answering('exec >&-; sleep 1000')],
  ])('%s', async (violation, worker) => {
    const { pool } = await openPool({ worker, min: 1, max: 1, longestMessage: 1_048_576 });
    for (let call = 1; call <= 2; call += 1) {
      const error = await rejection(pool.run(call));
      expect(error).toBeInstanceOf(ProtocolError);
      expect(error).toMatchObject({ violation, code: 'ERR_REEVE_PROTOCOL' });
    }
  });

  test('a second answer: the first is the one that counts', async () => {
    const worker = answering(`${result('$id')}; ${result('$id')}`);
    const { pool, event } = await openPool({ worker, min: 1, max: 1 });
    expect(await pool.run()).toBe(1);
    expect((await event('pool.worker-gone')).why).toMatch(/answered-twice/);
    expect(await pool.run()).toBe(1);
  });
});

test.each(['before', 'after'])(
  'a worker that closes its input and lives on, %s it was given a call',
  async (when) => {
    const answer = `id=\${line#*'"id":'}; echo '{"jsonrpc":"2.0","result":1,"id":'"\${id%%,*}"'}'`;
    const closes = 'exec </dev/null';
    const does = when === 'before' ? `${closes}; ${answer}` : `${answer}; sleep 0.5; ${closes}`; // it never reads the call
    const worker = sh(`read -r line; ${does}; sleep 1000`);
    const { pool } = await openPool({ worker, min: 1, max: 1, heartbeat: false });
    expect(await rejection(pool.run())).toMatchObject({ code: 'ERR_REEVE_PROTOCOL', violation: 'closed' });
  },
);

test('a worker that had nothing to do when it fell silent is ended, whatever it was given since', async () => {
  const flag = join(temporaryDirectory(), 'silent');
  const answer = `id=\${line#*'"id":'}; echo '{"jsonrpc":"2.0","result":1,"id":'"\${id%%,*}"'}'`;
  const worker = sh(`read -r line; ${answer}; read -r ping; : >${flag}; exec sleep 1000`);
  const { pool } = await openPool({ worker, min: 1, max: 1, heartbeat: { interval: 100, misses: 2 } });
  await until('it was asked', () => existsSync(flag));
  expect(await rejection(pool.run())).toBeInstanceOf(WorkerUnhealthyError);
});

test('a worker that dies as soon as it is warm is not started again and again', async () => {
  const answer = `id=\${line#*'"id":'}; echo '{"jsonrpc":"2.0","result":1,"id":'"\${id%%,*}"'}'`;
  const { pool, all } = await openPool({
    worker: sh(`read -r line; ${answer}; read -r line; ${answer}; sleep 0.02; exit 3`),
    min: 1,
    max: 1,
    warmUp: ({ call }) => call('warm'),
    backoff: { initial: 60_000, max: 60_000 },
  });
  await until('it was tried again', () => all('pool.worker-gone').length >= 3);
  expect(await rejection(pool.run())).toBeInstanceOf(NoWorkerError);
  expect(pool.workers()).toEqual([]);
});
