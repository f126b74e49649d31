/** A worker's output: the tail is the end of what came, and lines are the same however they were cut (bounded-everything). */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LineSplitter, LONGEST_LINE, Tail } from '../src/worker/output.ts';
import { SEED } from './seed.ts';

/** Characters of one to four bytes, and all that ends a line. */
const text = (maxLength: number) =>
  fc.string({ unit: fc.constantFrom('a', 'é', '€', '😀', '\n', '\r', '\0'), maxLength });

/** Cuts into pieces at these places, some of them empty. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [
    0,
    ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b),
    bytes.length,
  ];
  return sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end));
}

/** All of it at once: the last `limit` bytes, from the first whole character on. */
function endOf(bytes: Buffer, limit: number): string {
  let start = Math.max(0, bytes.length - limit);
  while (start < bytes.length && (bytes[start]! & 0xc0) === 0x80) start += 1;
  return bytes.toString('utf8', start);
}

test('a tail holds the last bytes, whatever came in whatever pieces, and counts the rest', () => {
  const limits = fc.integer({ min: 1, max: 40 });
  fc.assert(
    fc.property(fc.array(text(60), { maxLength: 6 }), limits, fc.array(fc.nat()), (texts, limit, places) => {
      const tail = new Tail(limit);
      let all = Buffer.alloc(0);
      for (const one of texts) {
        const bytes = Buffer.from(one);
        for (const piece of cut(bytes, places)) tail.add(piece);
        all = Buffer.concat([all, bytes]);
        expect(tail.text()).toBe(endOf(all, limit));
        expect(tail.dropped).toBe(Math.max(0, all.length - limit));
      }
    }),
    { seed: SEED, numRuns: 1_000 },
  );
});

/** The whole text at once: a line's end is \n, with or without \r before it. */
function linesOf(whole: string): string[] {
  const lines = whole.split('\n');
  const rest = lines.pop()!;
  const ended = lines.map((line) => line.replace(/\r$/, ''));
  return rest === '' ? ended : [...ended, rest];
}

function splitInto(pieces: readonly Buffer[]): string[] {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line));
  for (const piece of pieces) splitter.add(piece);
  splitter.end();
  return lines;
}

test('any chunking gives the same lines', () => {
  fc.assert(
    fc.property(text(80), fc.array(fc.nat(), { maxLength: 12 }), (whole, places) => {
      expect(splitInto(cut(Buffer.from(whole), places))).toEqual(linesOf(whole));
    }),
    { seed: SEED, numRuns: 1_000 },
  );
});

test('any chunking gives the same pieces of lines that are too long, and no piece is longer', () => {
  const near = fc.integer({ min: -2, max: 2 });
  const long = fc
    .tuple(fc.integer({ min: 1, max: 2 }), near)
    .map(([times, more]) => times * LONGEST_LINE + more);
  const line = fc.tuple(long, fc.constantFrom('\n', '\r\n', '\r', ''));
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 3 }), fc.array(fc.nat()), (parts, places) => {
      const whole = parts.map(([length, ending]) => 'x'.repeat(length) + ending).join('');
      const pieces = splitInto(cut(Buffer.from(whole), places));
      expect(pieces).toEqual(splitInto([Buffer.from(whole)]));
      expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(LONGEST_LINE + 1);
      expect(pieces.join('').replaceAll('\r', '')).toBe(whole.replaceAll(/[\r\n]/g, ''));
    }),
    { seed: SEED, numRuns: 150 },
  );
});
