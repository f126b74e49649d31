/** Which words of a task's output are read, and what reading them costs. */
import { describe, expect, test } from 'vitest';
import { Prng } from '../../src/os/sim/prng.ts';
import { Detector } from '../../src/tasks/early-detection.ts';
import { categoryOf, KNOWN_PATTERNS, linesIn } from '../../src/tasks/failure-category.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { job, openTasks } from '../support/tasks.ts';

const kindOf = (words: string) => categoryOf({ by: 'exit', exitCode: 1, signal: null }, [words, '']);

describe('is read', () => {
  test.each([
    ['what `tput sgr0` ends under TERM=linux', '\x1b[31mError: 401 Unauthorized\x1b[m\x0f\n', 'auth'],
    ['what `tput sgr0` ends under TERM=xterm', '\x1b[31m\x1b(B401\x1b(B\x1b[m\n', 'auth'],
    ['what grep colours', '\x1b[01;31m\x1b[K401\x1b[m\x1b[K refused\n', 'auth'],
    ['a progress line that is erased', '\r\x1b[2K429\n', 'rate-limit'],
    ['what a cursor was hidden for', '\x1b[?25l429\x1b[?25h\n', 'rate-limit'],
    ['a title, which is no line', '\x1b]0;401\x07out of memory\n', 'out-of-memory'],
    ['a title that was cut off', 'out of memory\n\x1b]0;401', 'out-of-memory'],
    [
      "what stands between a console's colours and a bell",
      '\x1b]R\nError: out of memory\n\x07',
      'out-of-memory',
    ],
    ["what follows a console's colour", '\x1b]P1aB23c4401 refused', 'auth'],
    ['a JSON text sequence', '\x1e{"error":{"status":429}}\n', 'rate-limit'],
    ['a record that ends with a zero byte', 'a\0b\0Error: out of memory\0', 'out-of-memory'],
    [
      'what comes after an odd letter and the beginning of the line',
      'x\x01y\rError: rate limit\n',
      'rate-limit',
    ],
    ['a line that ends as in DOS, before the end of the file', 'out of memory\r\n\x1a', 'out-of-memory'],
    ['a line whose beginning was cut off in a letter', '\ufffd\ufffdError: out of memory\n', 'out-of-memory'],
    ['a line of an older encoding', 'Cl\ufffd refus\ufffde : 401\n', 'auth'],
  ])('%s', (_, words, category) => {
    expect(kindOf(words)).toBe(category);
  });

  test('the end of a line by itself: what stands before it says nothing', () => {
    expect(linesIn('10 %\r20 %\r\n\x1b[1mdone\x1b[m\0\x1enext')).toEqual(['10 %', '20 %', 'done', 'next']);
  });

  test('early, in a progress line that has no end', async () => {
    const { host, run } = await openTasks();
    const says = '10 %\r20 %\r\x1b[2KInvalid API key\r';
    const [result] = await run(host.runAll([job({ ms: 60_000, says })], { detect: true }));
    expect(result!.error!.message).toBe('it said: Invalid API key');
  });
});

test('a title says nothing, whatever pieces it comes in', () => {
  const told: string[] = [];
  const detection = { fatal: KNOWN_PATTERNS, silence: undefined, strikes: 3 };
  const detector = new Detector(detection, new ManualClock(), ({ reason }) => told.push(reason));
  for (const piece of [
    '\x1b]0;',
    'Invalid API',
    ' key',
    '\x07',
    'ok\n',
    '\x1b]0;Invalid API key\x1b',
    '\\',
    'ok\n',
  ])
    detector.wrote('stdout', Buffer.from(piece));
  expect(told).toEqual([]);
  detector.wrote('stdout', Buffer.from('\x1b]0;fine\x07Invalid API key\n'));
  expect(told).toEqual(['it said: Invalid API key']);
});

test('random bytes say nothing', () => {
  const prng = new Prng(1);
  const kinds = Array.from({ length: 100 }, () => kindOf(Buffer.from(prng.bytes(65_536)).toString('utf8')));
  expect(kinds.filter((kind) => kind !== 'unknown')).toEqual([]);
});

test('a line that has ended is searched once, whatever pieces it comes in', () => {
  let searched = 0;
  class Counted extends RegExp {
    override [Symbol.search](text: string): number {
      searched += text.length;
      return super[Symbol.search](text);
    }
  }
  const fatal = [{ category: 'auth', pattern: new Counted('no hope'), fatal: true }] as const;
  const detector = new Detector({ fatal, silence: undefined, strikes: 3 }, new ManualClock(), () => {});
  for (let percent = 0; percent < 1_000; percent += 1)
    detector.wrote('stdout', Buffer.from(`${percent} %\r`));
  expect(searched).toBeLessThan(6_000);
});

describe('a long line', () => {
  // One that goes on without a bound, after what may stand in the line often, takes seconds for some.
  test.each(KNOWN_PATTERNS.map(({ category, pattern }) => [category, pattern] as const))(
    'is searched for what tells of %s in bounded steps from each of its letters',
    (_, pattern) => {
      const { source } = pattern as RegExp;
      expect(source.replaceAll(/\\.|\[[^\]]*\]/g, '')).not.toMatch(/[*+]|\{\d*,\}/);
    },
  );

  test.each([
    'model ',
    'please run ',
    'context ',
    '\x1b[1;',
    '\x1b[',
    '\x1b',
    '\x1b(',
    '\x1b]',
    '\x1b]0;',
    '1;',
  ])(
    'of a MiB of nothing but %j is searched: with steps that grow as its square, the test would run out of time',
    (unit) => {
      expect(kindOf(unit.repeat(2 ** 20 / unit.length))).toBe('unknown');
    },
  );
});
