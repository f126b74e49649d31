/** What is seen of a failure before and after it: early ends, and kinds. */
import { describe, expect, test } from 'vitest';
import { SpawnError, type TaskResult } from '../../src/index.ts';
import { categoryOf } from '../../src/tasks/failure-category.ts';
import { job, openTasks } from '../support/tasks.ts';

const statuses = (results: readonly TaskResult[]) => results.map(({ status }) => status);

describe('early detection', () => {
  test.each(['says', 'complains'] as const)('what %s something fatal is ended', async (how) => {
    const { host, run, now } = await openTasks();
    const begun = now();
    const task = job({ ms: 60_000, [how]: 'some words\nError: Invalid API key\nmore\n' });
    const [result] = await run(host.runAll([task], { detect: true }));
    expect(result).toMatchObject({
      status: 'terminated-early',
      category: 'auth',
      error: { code: 'ERR_REEVE_TASK_HOPELESS', message: 'it said: Error: Invalid API key' },
    });
    expect(now() - begun).toBeLessThan(2_000);
  });

  test('also in a line that does not end, as of one that waits for an answer', async () => {
    const { host, run } = await openTasks();
    const task = job({ ms: 60_000, says: 'Welcome!\nPlease run it with login: ' });
    const [result] = await run(host.runAll([task], { detect: true }));
    expect(result).toMatchObject({ status: 'terminated-early', category: 'auth' });
  });

  test('patterns of your own, and none of the known ones then', async () => {
    const { host, run } = await openTasks();
    const detect = {
      patterns: ['segfault ahead', { pattern: /^fatal:/, category: 'auth' as const, fatal: true }],
    };
    const results = await run(
      host.runAll(
        [
          job({ ms: 60_000, says: 'SEGFAULT ahead\n' }),
          job({ ms: 60_000, says: 'fatal: no\n' }),
          job({ says: 'Invalid API key\n' }),
        ],
        { detect },
      ),
    );
    expect(results.map(({ status, category }) => [status, category])).toEqual([
      ['terminated-early', 'permanent'],
      ['terminated-early', 'auth'],
      ['ok', undefined],
    ]);
  });

  test('lines that are no text say nothing', async () => {
    const { host, run } = await openTasks();
    const says = 'PNG\0\x01 401 \x02\nyou are not\x03 logged in: not logged in\n';
    const results = await run(
      host.runAll([job({ says }), job({ says: `${says}\x1b[31m401\x07\n` })], { detect: true }),
    );
    expect(statuses(results)).toEqual(['ok', 'terminated-early']);
  });

  test('silence: so many strikes in a row, and one pause is no stall', async () => {
    const { host, run } = await openTasks();
    const detect = { patterns: [], silence: 100, strikes: 3 };
    const results = await run(
      host.runAll([job({ ms: 60_000 }), job({ ms: 2_000, chats: 150 }), job({ ms: 250 })], { detect }),
    );
    expect(statuses(results)).toEqual(['terminated-early', 'ok', 'ok']);
    expect(results[0]!.error!.message).toContain('silent');
    expect(results[0]!.durationMs).toBeLessThan(1_000);
  });
});

describe('kinds of failure', () => {
  const exit = (exitCode: number | null, signal: string | null = null) =>
    ({ by: 'exit', exitCode, signal }) as const;
  const spawn = (phase: 'exec' | 'fork', code: string) =>
    ({ by: 'spawn', error: new SpawnError('x', { phase, code, errno: undefined, message: code }) }) as const;

  test.each([
    [{ by: 'timeout' } as const, '', 'timeout'],
    [{ by: 'forker' } as const, '', 'transient'],
    [spawn('exec', 'ENOENT'), '', 'spawn'],
    [spawn('fork', 'EAGAIN'), '', 'resource'],
    [exit(1), 'Error: 429 {"type":"rate_limit_error"}', 'rate-limit'],
    [exit(1), 'You have hit your usage limit: usage limit reached', 'rate-limit'],
    [exit(1), '401 Unauthorized', 'auth'],
    [exit(1), 'overloaded_error', 'inference'],
    [exit(1), 'model is not available', 'inference'],
    [exit(1), 'FATAL ERROR: Reached heap limit', 'out-of-memory'],
    [exit(null, 'SIGKILL'), '', 'out-of-memory'],
    [exit(137), '', 'out-of-memory'],
    [exit(null, 'SIGSEGV'), '', 'crash'],
    [exit(134), '', 'crash'],
    [exit(1), 'OSError: [Errno 24] Too many open files', 'resource'],
    [exit(1), 'read ECONNRESET', 'transient'],
    [exit(1), 'HTTP/1.1 503 Service Unavailable', 'transient'],
    [exit(124), '', 'timeout'],
    [exit(127), '', 'permanent'],
    [exit(2), 'unknown option --frob', 'permanent'],
    [exit(1), 'all is lost', 'unknown'],
  ])('%j %s: %s', (end, words, category) => {
    expect(categoryOf(end, [words, ''])).toBe(category);
    if (end.by === 'exit') expect(categoryOf(end, ['', words])).toBe(category);
  });

  test.each([
    ['\0\x01 OOM \x02\nE\x1fMFILE 401', 'unknown'],
    ['\0 OOM \x02\nread ECONNRESET\n\x03', 'transient'],
    ['\x1b[1mread\tECONNRESET\x07\r\n', 'transient'],
  ])('lines that are no text tell nothing: %j', (words, category) => {
    for (const output of [
      [words, ''],
      ['', words],
    ])
      expect(categoryOf(exit(1), output)).toBe(category);
  });

  test('a host may know more', async () => {
    const { host, run } = await openTasks({ patterns: [{ category: 'transient', pattern: 'moon phase' }] });
    const [result] = await run(host.runAll([job({ code: 1, complains: 'wrong moon phase' })]));
    expect(result!.category).toBe('transient');
  });
});
