/** What `reeve run` keeps in files: the joblog, and output that is held. */
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { draftsOfGroups } from '../../src/cli/run/drafts.ts';
import { InOrder } from '../../src/cli/run/in-order.ts';
import { outputOf } from '../../src/cli/run/job-output.ts';
import { Joblog } from '../../src/cli/run/joblog.ts';
import { Jobs } from '../../src/cli/run/jobs.ts';
import { quoteAll } from '../../src/cli/run/quote.ts';
import { Spool } from '../../src/cli/run/spool.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const HEADER = 'Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n';

describe('the joblog', () => {
  const entry = (seq: number, exitval = 0) => ({
    seq,
    startedAt: 1_795_331_427_875,
    durationMs: 1_007,
    received: 4,
    exitval,
    signal: 0,
    commandLine: `x ${seq}`,
  });
  const written = (...entries: ReturnType<typeof entry>[]) => {
    const path = `${temporaryDirectory()}/log`;
    const joblog = new Joblog({ path, resumption: 'none' });
    for (const each of entries) joblog.add(each);
    joblog.close();
    return path;
  };

  test("is in GNU parallel's format", () => {
    expect(readFileSync(written(entry(1)), 'utf8')).toBe(
      `${HEADER}1\t:\t1795331427.875\t     1.007\t0\t4\t0\t0\tx 1\n`,
    );
  });

  test('begins anew unless it is resumed', () => {
    const path = written(entry(1));
    new Joblog({ path, resumption: 'none' }).close();
    expect(readFileSync(path, 'utf8')).toBe(HEADER);
  });

  test('knows what has run, or what was ok, by its last line', () => {
    const path = written(entry(1), entry(2, 3), entry(3), entry(3, 1));
    const known = (resumption: 'all' | 'ok') => {
      const joblog = new Joblog({ path, resumption });
      const found = [1, 2, 3, 4].filter((seq) => joblog.done(seq, `x ${seq}`) !== undefined);
      joblog.close();
      return found;
    };
    expect(known('all')).toEqual([1, 2, 3]);
    expect(known('ok')).toEqual([1]);
  });

  test('a line that was cut off is nobody, and is cut away', () => {
    const path = written(entry(1));
    const whole = readFileSync(path, 'utf8');
    appendFileSync(path, '2\t:\t1795331427.875\t     1.0');
    const joblog = new Joblog({ path, resumption: 'all' });
    expect(joblog.done(2, 'x 2')).toBeUndefined();
    joblog.add(entry(2));
    joblog.close();
    expect(readFileSync(path, 'utf8')).toBe(`${whole}${whole.split('\n')[1]!.replaceAll(/^1|1$/g, '2')}\n`);
  });

  test('has values with any character, on one line', () => {
    const path = `${temporaryDirectory()}/log`;
    const words = ['\u2028', '\u2029', '\u0085', '\v\f\r', '\n', "tab\t'", '\u{1f980}'];
    const lines = words.map((word) => quoteAll(['echo', word]));
    const first = new Joblog({ path, resumption: 'none' });
    for (const [index, commandLine] of lines.entries()) first.add({ ...entry(index + 1), commandLine });
    first.close();
    const resumed = new Joblog({ path, resumption: 'all' });
    for (const [index, commandLine] of lines.entries())
      expect(resumed.done(index + 1, commandLine)).toEqual({ commandLine, isOk: true });
    resumed.close();
  });

  test('without a whole line is one only if it is the beginning of one', () => {
    const path = `${temporaryDirectory()}/log`;
    writeFileSync(path, HEADER.slice(0, 20));
    new Joblog({ path, resumption: 'all' }).close();
    expect(readFileSync(path, 'utf8')).toBe(HEADER);
    for (const text of ['all that I have ever written', `${HEADER.slice(0, -1)} and more`]) {
      writeFileSync(path, text);
      expect(() => new Joblog({ path, resumption: 'all' })).toThrow(/is no joblog: its first line/);
      expect(readFileSync(path, 'utf8')).toBe(text);
    }
  });

  test('refuses what is of other commands, and what is no joblog', () => {
    const path = written(entry(1));
    const joblog = new Joblog({ path, resumption: 'all' });
    expect(() => joblog.done(1, 'y 1')).toThrow(/is of other commands: job 1 was x 1, and is now y 1/);
    joblog.close();
    writeFileSync(path, 'something else\n');
    expect(() => new Joblog({ path, resumption: 'all' })).toThrow(/is no joblog: its first line/);
    expect(readFileSync(path, 'utf8')).toBe('something else\n');
    writeFileSync(path, `${HEADER}hello\n`);
    expect(() => new Joblog({ path, resumption: 'all' })).toThrow(/is no joblog: line 2/);
  });
});

describe('held output', () => {
  const collected = (spool: Spool) => Buffer.concat([...spool.pieces()]);

  test('is what was written, byte by byte, however much it is', () => {
    const temporary = temporaryDirectory();
    vi.stubEnv('TMPDIR', temporary);
    onTestFinished(() => void vi.unstubAllEnvs());
    const spool = new Spool();
    const bytes = Buffer.alloc(1_000_003, Buffer.from([0, 255, 10, 195, 40]));
    for (let at = 0, step = 1; at < bytes.length; at += step, step = (step * 3) % 300_007)
      spool.add(bytes.subarray(at, Math.min(bytes.length, at + step)));
    expect(collected(spool).equals(bytes)).toBe(true);
    spool.clear();
    expect(collected(spool)).toHaveLength(0);
    spool.add(Buffer.from('new'));
    expect(collected(spool).toString()).toBe('new');
    expect(readdirSync(temporary)).toEqual([]);
  });

  const shown = (form: 'held' | 'lines', tag: string | undefined) => {
    const texts: string[] = [];
    const output = outputOf(form, tag, (stream, bytes) => {
      texts.push(`${stream}: ${Buffer.from(bytes)}`);
      return Promise.resolve();
    });
    return { output, texts };
  };

  test('has its tag once a line, however it came', async () => {
    const { output, texts } = shown('held', 'T ');
    for (const text of ['a', 'b\n', 'c\nd', '\n', '\ne']) output.took('stdout', Buffer.from(text));
    await output.show(true);
    expect(texts).toEqual(['stdout: T ab\nT c\nT d\nT \nT e']);
  });

  test('is of the last attempt', async () => {
    const { output, texts } = shown('held', undefined);
    output.took('stderr', Buffer.from('first'));
    output.again();
    output.took('stderr', Buffer.from('second'));
    await output.show(true);
    expect(texts).toEqual(['stderr: second']);
  });

  test.each([
    ['is nothing when the last attempt wrote nothing', true, []],
    ['is of the last attempt that had a process', false, ['stdout: first']],
  ])('%s', async (_, hadProcess, shownAtLast) => {
    const { output, texts } = shown('held', undefined);
    output.took('stdout', Buffer.from('first'));
    output.again();
    await output.show(hadProcess);
    expect(texts).toEqual(shownAtLast);
  });

  test('line by line shows only whole ones, until the end', async () => {
    const { output, texts } = shown('lines', undefined);
    for (const text of ['a', 'b\nc', 'd\ne\nf']) void output.took('stdout', Buffer.from(text));
    expect(texts).toEqual(['stdout: ab\n', 'stdout: cd\ne\n']);
    await output.show(true);
    expect(texts.at(-1)).toBe('stdout: f');
  });
});

test('lines of two attempts are two, with a tag and without', async () => {
  for (const [tag, lines] of [
    [undefined, 'first\nsecond\n'],
    ['T ', 'T first\nT second\n'],
  ] as const) {
    const shown: Buffer[] = [];
    const output = outputOf('lines', tag, (_, bytes) => Promise.resolve(void shown.push(Buffer.from(bytes))));
    output.again(); // after nothing
    void output.took('stdout', Buffer.from('first'));
    output.again();
    void output.took('stdout', Buffer.from('second\n'));
    output.again();
    await output.show(true);
    expect(Buffer.concat(shown).toString()).toBe(lines);
  }
});

test('a line without an end is shown when it is long, and ended before the next attempt', () => {
  const shown: number[] = [];
  const output = outputOf('lines', undefined, (_, bytes) => Promise.resolve(void shown.push(bytes.length)));
  for (let chunk = 0; chunk < 17; chunk += 1) void output.took('stdout', Buffer.alloc(64 * 1_024, 'x'));
  expect(shown).toEqual([17 * 64 * 1_024]);
  output.again();
  expect(shown).toEqual([17 * 64 * 1_024, 1]);
});

describe('the order', () => {
  test('is kept, and not too many wait', async () => {
    const order = new InOrder<number>(true);
    for (let place = 1; place <= 256; place += 1) expect([...order.add(place, place)]).toEqual([]);
    let hasRoom = false;
    const room = order.room().then(() => {
      hasRoom = true;
    });
    await Promise.resolve();
    expect(hasRoom).toBe(false);
    expect([...order.add(0, 0)]).toEqual(Array.from({ length: 257 }, (_, place) => place));
    await room;
  });

  test('is waited for by no task once no more are begun', async () => {
    const order = new InOrder<number>(true);
    for (let place = 1; place <= 256; place += 1) [...order.add(place, place)];
    const jobs = new Jobs({
      drafts: draftsOfGroups(['echo'], [['a', 'b']]),
      joblog: undefined,
      outputOf: () => outputOf('none', undefined, () => Promise.resolve()),
      gate: order,
    });
    const next = jobs.tasks().next();
    await new Promise(setImmediate); // it waits by now
    jobs.close();
    expect(await next).toEqual({ done: true, value: undefined });
  });

  test('is as they come when it does not count', () => {
    expect([...new InOrder<string>(false).add(5, 'x')]).toEqual(['x']);
  });
});
