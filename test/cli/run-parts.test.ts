/** The parts of `reeve run` that decide without doing: templates, quoting, durations, `--halt`, numbers, progress. */
import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { parseDuration } from '../../src/cli/run/duration.ts';
import { Ending } from '../../src/cli/run/ending.ts';
import { exitValuesOf, hasRun, shellCodeOf } from '../../src/cli/run/exit-values.ts';
import { haltExitCode, isReached, parseHalt } from '../../src/cli/run/halt.ts';
import { outputOf } from '../../src/cli/run/job-output.ts';
import { isCutOff, type JobPhase } from '../../src/cli/run/jobs.ts';
import { parseRun } from '../../src/cli/run/options.ts';
import { describeProgress } from '../../src/cli/run/progress.ts';
import { quote } from '../../src/cli/run/quote.ts';
import { product, Template } from '../../src/cli/run/template.ts';
import { SpawnError } from '../../src/errors.ts';
import { type TaskResult, unbegun } from '../../src/tasks/result.ts';
import { enoughFor } from '../../src/tasks/total-timeout.ts';

describe('a template', () => {
  const expand = (word: string, ...values: string[]) =>
    new Template(['x', word], values.length).expand(values, 7).slice(1);

  // What GNU parallel 20221122 makes of them.
  test.each([
    ['a/b.c/d.e.gz', ['a/b.c/d.e', 'd.e.gz', 'a/b.c', 'd.e']],
    ['/x', ['/x', 'x', '/', 'x']],
    ['.hid', ['', '.hid', '.', '']],
    ['dir/.hid', ['dir/', '.hid', 'dir', '']],
    ['noext', ['noext', 'noext', '.', 'noext']],
    ['a/b/', ['a/b/', '', 'a', '']],
    ['x.y/z', ['x.y/z', 'z', 'x.y', 'z']],
    ['', ['', '', '.', '']],
  ])("takes '%s' apart as GNU parallel does", (value, parts) => {
    expect(['{.}', '{/}', '{//}', '{/.}'].map((word) => expand(word, value)[0])).toEqual(parts);
  });

  test.each([
    ['{}', ['a b'], ['a b']],
    ['-o={}.txt', ['a b'], ['-o=a b.txt']],
    ['{#}', ['a'], ['7']],
    ['{2}-{1}', ['a', 'b'], ['b-a']],
    ['{1/.}', ['d/a.c', 'b'], ['a']],
    ['{}', ['a', 'b c'], ['a', 'b c']],
    ['[{}]', ['a', 'b c'], ['[a b c]']],
    ['{/}', ['a/1', 'b/2'], ['1', '2']],
    ['plain', ['a', 'b'], ['plain', 'a', 'b']],
    ['{7} {x} {} {0}', ['a'], ['{7} {x} a {0}']],
    ['{}', ['$& {} {#}'], ['$& {} {#}']],
  ])('%s with %j is %j', (word, values, words) => {
    expect(expand(word, ...values)).toEqual(words);
  });

  test('the command has its places too', () => {
    expect(new Template(['./{}', '-v'], 1).expand(['tool'], 1)).toEqual(['./tool', '-v']);
  });

  test('groups are combined, the last changing first', () => {
    expect(
      [
        ...product([
          ['a', 'b'],
          ['1', '2', '3'],
        ]),
      ].map((values) => values.join('')),
    ).toEqual(['a1', 'a2', 'a3', 'b1', 'b2', 'b3']);
    expect([...product([['a'], []])]).toEqual([]);
  });
});

describe('a quoted word', () => {
  test.each(['', "it's", 'a b', '$HOME `x` "y" \\', 'a\nb\tc', '\x01\x7f', 'ü €', '*', '~', '-x', "\\'\n"])(
    'is what a shell makes of it: %j',
    (word) => {
      const quoted = quote(word);
      expect(quoted).not.toMatch(/[\n\t]/);
      expect(spawnSync('bash', ['-c', `printf %s ${quoted}`], { encoding: 'utf8' }).stdout).toBe(word);
    },
  );
});

test('durations have units', () => {
  const texts = ['30', '500ms', '1.5s', '2m', '1h'];
  expect(texts.map((text) => parseDuration(text, '--timeout'))).toEqual([
    30_000, 500, 1_500, 120_000, 3_600_000,
  ]);
  for (const text of ['', '5 s', '-1', '0', '1d', '25000h', 'soon'])
    expect(() => parseDuration(text, '--timeout')).toThrow(/^--timeout: expected/);
});

test('time enough for all is half as much again as they may take', () => {
  expect(enoughFor(10, 4, 1_000)).toBe(4_500);
  expect(enoughFor(0, 4, 1_000)).toBe(1_500);
  expect(enoughFor(7, Number.POSITIVE_INFINITY, 1_000)).toBe(1_500);
});

describe('--halt', () => {
  test('never is the same as nothing, and nonsense is told', () => {
    expect(parseHalt('never')).toBeUndefined();
    for (const text of ['', 'now', 'fail=1', 'now,fail=0', 'soon,fail=101%', 'now,fail', '2'])
      expect(() => parseHalt(text)).toThrow(/--halt: expected/);
  });

  test.each([
    ['soon,fail=1', { ok: 5, failed: 0 }, undefined],
    ['soon,fail=1', { ok: 5, failed: 1 }, 42],
    ['now,fail=3', { ok: 5, failed: 3 }, 3],
    ['now,fail=20%', { ok: 5, failed: 3 }, undefined],
    ['now,fail=20%', { ok: 5, failed: 4 }, 20],
    ['soon,success=2', { ok: 2, failed: 9 }, 0],
    ['now,done=4', { ok: 2, failed: 2 }, 2],
    ['now,done=1', { ok: 0, failed: 1 }, 42],
    ['now,fail=1%', { ok: 5, failed: 0 }, undefined],
  ])('%s after %j of 20 ends with %s', (text, ends, code) => {
    const halt = parseHalt(text)!;
    expect(isReached(halt, ends, 20) ? haltExitCode(halt, ends, 20, 42) : undefined).toBe(code);
  });
});

test('a share of --halt is reached exactly, whatever floating point makes of it', () => {
  const reached = (percent: number, failed: number) =>
    isReached(parseHalt(`now,fail=${percent}%`)!, { ok: 0, failed }, 100);
  for (let percent = 1; percent <= 100; percent += 1) {
    expect([percent, reached(percent, percent - 1), reached(percent, percent)]).toEqual([
      percent,
      false,
      true,
    ]);
    expect(haltExitCode(parseHalt('now,fail=1%')!, { ok: 0, failed: percent }, 100, 1)).toBe(percent);
  }
});

describe('the ending', () => {
  const ending = () => {
    const said: string[] = [];
    return { said, ending: new Ending((complaint) => said.push(complaint)) };
  };

  test('is by the number of failed tasks when nothing else decides, or when there was no time', () => {
    const { ending: plain } = ending();
    expect([0, 7, 500].map((failed) => plain.code(failed))).toEqual([0, 7, 101]);
    plain.late();
    expect([0, 7].map((failed) => plain.code(failed))).toEqual([255, 7]);
  });

  test('is what --halt says, the first of what is said, unless output is lost', () => {
    const { ending: halted, said } = ending();
    halted.halted(0);
    halted.halted(9);
    expect([halted.code(3), halted.isLost]).toEqual([0, false]);
    halted.broken('no space');
    halted.broken('no space');
    expect([halted.code(3), halted.isLost, said]).toEqual([255, true, ['no space']]);
  });

  test('is by what was lost first, and every complaint is said', () => {
    const { ending: unread, said } = ending();
    unread.unread();
    unread.broken('the joblog cannot be written');
    expect([unread.code(0), unread.isUnread, said]).toEqual([141, true, ['the joblog cannot be written']]);
    const { ending: broken } = ending();
    broken.broken('x');
    broken.unread();
    broken.halted(1);
    expect([broken.code(0), broken.isUnread]).toEqual([255, false]);
  });
});

describe('the numbers of an end', () => {
  const result = (rest: Partial<TaskResult>): TaskResult => ({
    ...unbegun({ id: '1', index: 0, key: undefined, adhoc: false }),
    ...rest,
  });
  const spawn = (code: string) =>
    new SpawnError('x', { phase: 'exec', code, errno: undefined, message: code });

  test.each([
    ['ok', { status: 'ok', exitCode: 0, attempts: 1 }, [0, 0, 0, true]],
    ['a code', { status: 'failed', exitCode: 3, attempts: 1 }, [3, 0, 3, true]],
    ['a signal', { status: 'failed', signal: 'SIGKILL', attempts: 1 }, [0, 9, 137, true]],
    ['a timeout', { status: 'timed-out', signal: 'SIGTERM', attempts: 1 }, [-1, 15, 255, true]],
    ['a timeout that it obeyed', { status: 'timed-out', exitCode: 0, attempts: 1 }, [-1, 0, 255, true]],
    ['no such program', { status: 'failed', error: spawn('ENOENT') }, [127, 0, 127, true]],
    ['no program', { status: 'failed', error: spawn('EACCES') }, [126, 0, 126, true]],
    ['no memory', { status: 'failed', error: spawn('ENOMEM') }, [-1, 0, 255, true]],
    ['a line that is no task', { status: 'failed' }, [-1, 0, 255, false]],
    ['given up', { status: 'cancelled', signal: 'SIGTERM', attempts: 1 }, [-1, 15, 255, false]],
    ['never begun', { status: 'skipped' }, [-1, 0, 255, false]],
  ] satisfies [string, Partial<TaskResult>, unknown][])('%s', (_, rest, numbers) => {
    const { exitval, signal } = exitValuesOf(result(rest));
    expect([exitval, signal, shellCodeOf(result(rest)), hasRun(result(rest))]).toEqual(numbers);
  });
});

test('given up is what would have been tried again', () => {
  const isGivenUp = (rest: Partial<TaskResult>, { retries = 1, isEnding = true, ...job }: GivenUp = {}) => {
    const task = { id: '1', command: 'x', ...(job.own === undefined ? {} : { retries: job.own }) };
    const output = outputOf('none', undefined, () => Promise.resolve());
    const { phase = 'running' } = job;
    return isCutOff(
      { task, commandLine: 'x', tag: 'x', seq: 1, output, received: 0, phase },
      {
        ...unbegun({ id: '1', index: 0, key: undefined, adhoc: false }),
        status: 'failed',
        attempts: 1,
        ...rest,
      },
      retries,
      isEnding,
    );
  };
  expect(isGivenUp({}, { phase: 'retrying', isEnding: false })).toBe(true);
  expect(isGivenUp({})).toBe(true);
  expect(isGivenUp({}, { own: {} })).toBe(true);
  expect(isGivenUp({}, { isEnding: false })).toBe(false);
  expect(isGivenUp({}, { retries: 0 })).toBe(false);
  expect(isGivenUp({ attempts: 0 }, { retries: 0 })).toBe(false);
  expect(isGivenUp({}, { own: 0 })).toBe(false);
  expect(isGivenUp({ attempts: 2 })).toBe(false);
  expect(isGivenUp({ status: 'ok' })).toBe(false);
});

interface GivenUp {
  readonly retries?: number;
  readonly own?: number | object;
  readonly phase?: JobPhase;
  readonly isEnding?: boolean;
}

describe('the line of progress', () => {
  const progress = { total: 120, done: 30, resumed: 10, failed: 0, running: 8, elapsed: 60_000 };

  test('has a bar, and says how long it may take by the throughput of this run', () => {
    expect(describeProgress(progress, 80)).toBe(
      '██████████░░░░░░░░░░░░░░░░░░░░ 40/120 · 8 running · ETA 2:40',
    );
    expect(describeProgress({ ...progress, done: 0 }, 80)).toMatch(/ETA -$/);
    expect(describeProgress({ ...progress, elapsed: 3_600_000 }, 80)).toMatch(/ETA 2:40:00$/);
  });

  test('counts only while nobody knows how many there are', () => {
    expect(describeProgress({ ...progress, total: undefined }, 80)).toBe('40 done · 8 running');
  });

  test('stays on one line', () => {
    expect(describeProgress(progress, 30)).toHaveLength(29);
  });
});

describe('what cannot be meant', () => {
  test.each([
    [[], {}, /no command/],
    [[':::', 'a'], {}, /no command/],
    [['x', '::::', 'f'], {}, /^::::.*--arg-file/],
    [['x', ':::', 'a'], { argFile: 'f' }, /--arg-file: not together/],
    [['x', ':::', 'a', ':::'], {}, /^:::: one of several has no value/],
    [['x'], { dryRun: true, json: true }, /--dry-run: .*--json/],
    [['x'], { tasks: 'f' }, /--tasks: /],
    [['x'], { jobs: '0' }, /--jobs: expected/],
    [['x'], { retries: '-1' }, /--retries: expected/],
    [['x'], { resume: true }, /--resume: needs --joblog/],
    [['x'], { halt: 'now,fail=5%' }, /--halt: .*':::'/],
    [['x'], { totalTimeout: 'auto', timeout: '1' }, /--total-timeout: .*':::'/],
    [['x', ':::', 'a'], { totalTimeout: 'auto' }, /needs --timeout/],
    [['x'], { keepOrder: true, lineBuffer: true }, /--line-buffer/],
    [['x', ':::', 'a'], { null: true }, /--null: not together with ':::'/],
    [['x', ':::', 'a'], { runIfEmpty: false }, /--no-run-if-empty: not together with ':::'/],
    [[], { tasks: 'f', null: true }, /--null: .*--tasks/],
    [[], { tasks: 'f', runIfEmpty: false }, /--no-run-if-empty: .*--tasks/],
    [[], { tasks: 'f', argFile: 'g' }, /--arg-file: .*--tasks/],
    [['x'], { json: true, lineBuffer: true }, /--line-buffer: not together with '--json'/],
    [['x'], { json: true, tag: true }, /--tag: not together with '--json'/],
    [['x'], { argFile: '' }, /--arg-file: expected a file/],
    [['x'], { joblog: '' }, /--joblog: expected a file/],
  ])('%j with %j', (operands, flags, complaint) => {
    expect(() => parseRun(operands, flags)).toThrow(complaint);
  });
});
