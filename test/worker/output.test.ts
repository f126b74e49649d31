/** What is kept of a worker's output, and how it is cut into lines. */
import { describe, expect, test } from 'vitest';
import type { Attendant } from '../../src/worker/attendant.ts';
import { LineSplitter, LONGEST_LINE, Tail } from '../../src/worker/output.ts';
import { LAST_WORDS_MS } from '../../src/worker/silence.ts';
import { WorkerOutput } from '../../src/worker/worker-output.ts';
import { ManualClock } from '../support/manual-clock.ts';

const bytes = (text: string) => Buffer.from(text);

describe('a tail', () => {
  test('keeps 64 KiB unless told otherwise, and counts what it drops', () => {
    const tail = new Tail();
    for (let index = 0; index < 100; index += 1) tail.add(bytes('x'.repeat(1_024)));
    expect(tail.text()).toBe('x'.repeat(64 * 1_024));
    expect(tail.dropped).toBe(36 * 1_024);
  });

  test('of nothing is empty', () => {
    expect(new Tail().text()).toBe('');
    expect(new Tail().dropped).toBe(0);
  });

  test('leaves out a character that was cut in half at the front', () => {
    const tail = new Tail(5);
    tail.add(bytes('ab😀cd')); // 2 + 4 + 2 bytes: the limit falls into the face
    expect(tail.text()).toBe('cd');
    expect(tail.dropped).toBe(3);
  });

  test('keeps a character whose bytes came in two pieces', () => {
    const tail = new Tail(100);
    const face = bytes('😀');
    tail.add(face.subarray(0, 1));
    tail.add(face.subarray(1));
    expect(tail.text()).toBe('😀');
  });

  test('can be read again, and goes on', () => {
    const tail = new Tail(4);
    tail.add(bytes('abcdef'));
    expect(tail.text()).toBe('cdef');
    expect(tail.text()).toBe('cdef');
    tail.add(bytes('g'));
    expect(tail.text()).toBe('defg');
    expect(tail.dropped).toBe(3);
  });
});

describe('lines', () => {
  function split(...pieces: readonly string[]): string[] {
    const lines: string[] = [];
    const splitter = new LineSplitter((line) => lines.push(line));
    for (const piece of pieces) splitter.add(bytes(piece));
    splitter.end();
    return lines;
  }

  test('come whole, however they were written', () => {
    expect(split('a', 'b\nc', '\r\n', '\nd')).toEqual(['ab', 'c', '', 'd']);
  });

  test('an end without a line end is a line, and none when nothing is there', () => {
    expect(split('a\nb')).toEqual(['a', 'b']);
    expect(split('a\n')).toEqual(['a']);
    expect(split()).toEqual([]);
  });

  test('that are too long are handed on in pieces, whether they came in pieces or whole', () => {
    const long = 'x'.repeat(2 * LONGEST_LINE + 7);
    const pieces = [long.slice(0, LONGEST_LINE), long.slice(0, LONGEST_LINE), 'x'.repeat(7), 'next'];
    expect(split(`${long}\nnext\n`)).toEqual(pieces);
    expect(
      split(long.slice(0, 100), long.slice(100, LONGEST_LINE + 5), long.slice(LONGEST_LINE + 5), '\nnext'),
    ).toEqual(pieces);
  });

  test.each([0, 1, 2, 3])('too long ones are never cut within a character (%i bytes before it)', (before) => {
    const long = 'x'.repeat(before) + '😀é'.repeat(LONGEST_LINE);
    const lines: string[] = [];
    const splitter = new LineSplitter((line) => lines.push(line));
    const all = bytes(`${long}\n`);
    for (let at = 0; at < all.length; at += 999) splitter.add(all.subarray(at, at + 999));
    expect(lines.length).toBeGreaterThan(3);
    expect(lines.filter((line) => /\p{Cs}/u.test(line))).toEqual([]); // half a pair
    expect(lines.join('')).toBe(long);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(LONGEST_LINE);
  });

  test('of the greatest length are one piece, also with a carriage return after them', () => {
    const longest = 'x'.repeat(LONGEST_LINE);
    expect(split(`${longest}\n`)).toEqual([longest]);
    expect(split(longest, '\r', '\n')).toEqual([longest]);
    expect(split(`${longest}\r\n`)).toEqual([longest]);
  });

  test('what is never ended takes no more memory than one line', () => {
    const seen: number[] = [];
    const splitter = new LineSplitter((line) => seen.push(line.length));
    for (let index = 0; index < 10; index += 1) splitter.add(bytes('x'.repeat(LONGEST_LINE)));
    expect(seen).toEqual(Array.from({ length: 9 }, () => LONGEST_LINE));
  });
});

describe('an output that is followed only now and then', () => {
  test('tells no line that is put together from two', () => {
    const lines: string[] = [];
    const output = new WorkerOutput({ wanted: () => false, onLine: () => {} });
    let write: (bytes: Uint8Array) => void = () => {};
    output.read('stdout', {
      listen: (onBytes) => {
        write = onBytes;
      },
      pause: () => {},
      resume: () => {},
      destroy: () => {},
    });
    const unfollow = output.follow((line) => lines.push(line));
    write(bytes('one\nbegun '));
    unfollow();
    write(bytes('unheard\nalso unheard\n'));
    output.follow((line) => lines.push(line));
    write(bytes('two\n'));
    expect(lines).toEqual(['one', 'two']);
    expect(output.stdout.text()).toBe('one\nbegun unheard\nalso unheard\ntwo\n');
  });
});

describe('what the dead have written', () => {
  function openOutput() {
    const clock = new ManualClock();
    const output = new WorkerOutput({ wanted: () => false, onLine: () => {} });
    let write: (text: string) => void = () => {};
    let end = (): void => {};
    let isPaused = false;
    const attendant = { wrote: () => new Promise<void>(() => {}) } as unknown as Attendant;
    const source = {
      listen: (onBytes: (bytes: Uint8Array) => void, onEnd: () => void) => {
        write = (text) => onBytes(bytes(text));
        end = onEnd;
      },
      pause: () => {
        isPaused = true;
      },
      resume: () => {
        isPaused = false;
      },
      destroy: () => {},
    };
    output.read('stdout', source, attendant);
    let isHeard = false;
    const onceHeard = (): void =>
      output.onceHeard(clock, () => {
        isHeard = true;
      });
    return {
      clock,
      output,
      write: (text: string) => write(text),
      end: () => end(),
      onceHeard,
      isPaused: () => isPaused,
      isHeard: () => isHeard,
    };
  }

  test('is read to its end, and no further is waited', async () => {
    const { clock, write, end, onceHeard, isHeard } = openOutput();
    onceHeard();
    write('last words');
    expect(isHeard()).toBe(false);
    end();
    expect([isHeard(), clock.pending]).toEqual([true, 0]);
  });

  test('is read though this process was busy, and its timers come first', async () => {
    const { clock, output, write, onceHeard, isHeard } = openOutput();
    onceHeard();
    clock.turn = async () => {
      clock.turn = async () => {};
      write('last words');
    };
    await clock.advance(LAST_WORDS_MS);
    expect([output.stdout.text(), isHeard()]).toEqual(['last words', false]); // there may be more
    await clock.advance(LAST_WORDS_MS);
    expect(isHeard()).toBe(true);
  });

  test('is read at once, however slowly it is taken', () => {
    const { write, onceHeard, isPaused } = openOutput();
    write('much');
    expect(isPaused()).toBe(true);
    onceHeard();
    expect(isPaused()).toBe(false);
    write('more');
    expect(isPaused()).toBe(false);
  });

  test('is waited for no longer when somebody else writes on for ever', async () => {
    const { clock, write, onceHeard, isHeard } = openOutput();
    onceHeard();
    let waited = 0;
    while (!isHeard() && waited < 100) {
      write('chatter');
      await clock.advance(LAST_WORDS_MS);
      waited += 1;
    }
    expect(waited).toBe(10);
  });
});
