/** A channel's two ends: whatever is said is heard the same, and whatever is no message is a fault, and nothing worse. */
import { serialize } from 'node:v8';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameReader } from '../src/channel/frame-reader.ts';
import { FrameWriter } from '../src/channel/frame-writer.ts';
import { JsonLinesReader, JsonLinesWriter } from '../src/channel/json-lines.ts';
import { isPlain } from '../src/channel/plain.ts';
import { Fault, type Reader, type Words, type Writer } from '../src/channel/words.ts';
import { bytesOf, listener, say, type Word } from '../test/support/heard-words.ts';
import { SEED } from './seed.ts';

interface Form {
  readonly writer: (longest: number) => Writer;
  readonly reader: (heard: Words, longest: number) => Reader;
}

const FORMS = {
  'json-lines': {
    writer: (longest) => new JsonLinesWriter(longest),
    reader: (heard, longest) => new JsonLinesReader(heard, longest),
  },
  frames: {
    writer: (longest) => new FrameWriter(longest),
    reader: (heard, longest) => new FrameReader(heard, longest),
  },
} satisfies Record<string, Form>;

const LONGEST = 4_096;

/** What a JSON object carries as it is, with texts and keys of every kind. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('\n', '\r', '\u2028', '"', '\\', '\ud800', '€', '\0') }),
);
const json: fc.Arbitrary<unknown> = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value))); // -0 is none
const cloneable = fc.anything({
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withTypedArray: true,
  withSparseArray: true,
  key: text,
});

const id = fc.oneof(
  fc.nat(),
  text.filter((name) => name.length < 100),
);
const extra = fc.option(
  fc.record(
    { session: text.filter((name) => name.length < 100), stream: fc.constant(true) },
    { requiredKeys: [] },
  ),
  { nil: undefined },
);

/** Words that a channel in this form hears as they were said. */
function wordsWith(value: fc.Arbitrary<unknown>): fc.Arbitrary<Word[]> {
  const failure = fc.record({ code: fc.integer(), message: text, data: value });
  const name = text.filter((method) => !method.startsWith('$/'));
  const word = fc.oneof(
    fc.tuple(fc.constant('request' as const), id, name, value, extra),
    fc.tuple(fc.constant('result' as const), fc.nat(), value),
    fc.tuple(fc.constant('failure' as const), fc.nat(), failure),
    fc.tuple(fc.constant('progress' as const), id, value),
    fc.tuple(fc.constant('item' as const), id, value),
    fc.tuple(fc.constant('cancel' as const), id),
    fc.tuple(fc.constant('notification' as const), name, value),
  );
  return fc.array(word as fc.Arbitrary<Word>, { maxLength: 12 });
}

/** Cuts into pieces at these places, some of them empty. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const inside = places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b);
  return [0, ...inside].map((start, index) => bytes.subarray(start, inside[index] ?? bytes.length));
}

/** Without an extra that says nothing. */
const meant = ([word, ...said]: Word): Word =>
  word === 'request' && Object.keys(said[3] ?? {}).length === 0
    ? [word, ...said.slice(0, 3), undefined]
    : [word, ...said];

/** What is heard, and the fault that ends it. */
function hear(
  form: Form,
  pieces: readonly Uint8Array[],
  longest = LONGEST,
): { heard: Word[]; fault?: Fault } {
  const { words, heard } = listener();
  const reader = form.reader(words, longest);
  try {
    for (const piece of pieces) reader.add(piece);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { heard, fault: error };
  }
  return { heard };
}

describe.each(Object.entries(FORMS))('%s', (name, form) => {
  const values = name === 'frames' ? cloneable : json;
  const places = fc.array(fc.nat(), { maxLength: 30 });

  test('whatever is written is read the same, however it is cut, and however it is taken', () => {
    fc.assert(
      fc.property(wordsWith(values), places, fc.infiniteStream(fc.boolean()), (said, cuts, isTaken) => {
        const writer = form.writer(LONGEST);
        const sent: Word[] = [];
        const parts: (string | Uint8Array)[] = [];
        for (const word of said) {
          try {
            say(writer, word);
            sent.push(meant(word));
          } catch (error) {
            expect((error as Fault).kind).toBe('too-long');
          }
          if (isTaken.next().value) parts.push(...writer.take());
        }
        parts.push(...writer.take());
        const bytes = bytesOf(parts);
        const { heard, fault } = hear(form, cut(bytes, cuts));
        expect(fault).toBeUndefined();
        expect(heard.map(meant)).toEqual(sent);
        expect(hear(form, [bytes]).heard).toEqual(heard);
      }),
      { seed: SEED, numRuns: 1_000 },
    );
  });

  test('random bytes are messages or a fault, and the same however they are cut', () => {
    fc.assert(
      fc.property(garbage(name), places, (bytes, cuts) => {
        const whole = hear(form, [bytes]);
        const pieces = hear(form, cut(bytes, cuts));
        expect(pieces.fault?.kind).toBe(whole.fault?.kind);
        expect(pieces.heard).toEqual(whole.heard);
      }),
      { seed: SEED, numRuns: 1_000 },
    );
  });

  test('what one end writes is never too long for the other, and what it refuses is', () => {
    const unit = fc.constantFrom('a', 'é', '€', '😀', '"', '\n', '\ud800');
    const near = fc.string({ unit, minLength: 150, maxLength: 400 });
    fc.assert(
      fc.property(fc.array(near, { minLength: 1, maxLength: 5 }), (texts) => {
        const writer = form.writer(1_024);
        const generous = form.writer(LONGEST);
        for (const [index, text] of texts.entries()) {
          generous.result(index, text);
          const bytes = bytesOf(generous.take());
          let isRefused = false;
          try {
            writer.result(index, text);
          } catch {
            isRefused = true;
          }
          expect(hear(form, [bytes], 1_024).fault?.kind).toBe(isRefused ? 'too-long' : undefined);
        }
        expect(hear(form, [bytesOf(writer.take())], 1_024).fault).toBeUndefined();
      }),
      { seed: SEED, numRuns: 1_000 },
    );
  });
});

/** Bytes at random, and messages with something wrong in them: those come further. */
function garbage(form: string): fc.Arbitrary<Buffer> {
  const random = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
  const spoilt = fc
    .tuple(wordsWith(json), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }))
    .map(([words, changes]) => {
      const writer = FORMS[form as keyof typeof FORMS].writer(LONGEST * 16);
      for (const word of words) say(writer, word);
      const bytes = bytesOf(writer.take());
      for (const [place, byte] of changes) bytes[place % Math.max(1, bytes.length)] = byte;
      return bytes;
    });
  const odd = fc.array(fc.anything({ withBigInt: true, withNullPrototype: true }), { maxLength: 5 });
  const strange = odd.map((value) =>
    form === 'frames' ? frame('V', serialize(value)) : Buffer.from(`${textOf(value)}\n`),
  );
  const kinds = fc.constantFrom('J', 'V', 'X');
  const framed = fc.tuple(kinds, fc.uint8Array({ maxLength: 60 })).map(([kind, body]) => frame(kind, body));
  const object = fc.dictionary(
    fc.constantFrom('id', 'method', 'params', 'result', 'error', 'session', 'stream', '__proto__'),
    fc.jsonValue(),
  );
  const lines = fc
    .array(object)
    .map((objects) => Buffer.from(objects.map((one) => `${JSON.stringify(one)}\n`).join('')));
  return fc.oneof(random, spoilt, strange, form === 'frames' ? framed : lines);
}

const textOf = (value: unknown): string =>
  JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? String(inner) : inner)) ?? '';

function frame(kind: string, body: Uint8Array): Buffer {
  const head = Buffer.alloc(5, kind);
  head.writeUInt32LE(body.length, 0);
  return Buffer.concat([head, body]);
}

describe('what is taken for plain', () => {
  /** With all that a value may have and JSON has not. */
  const anything = fc.oneof(
    fc.anything({
      withBigInt: true,
      withBoxedValues: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withObjectString: true,
      withSet: true,
      withSparseArray: true,
      withTypedArray: true,
      withUnicodeString: true,
      key: fc.oneof(text, fc.constantFrom('__proto__', 'toJSON', 'constructor', 'valueOf', '0')),
    }),
    json,
    fc.constantFrom(-0, Number.NaN, undefined),
  );

  test('JSON gives back as it was', () => {
    let plain = 0;
    fc.assert(
      fc.property(fc.oneof(anything, fc.array(anything), fc.dictionary(text, anything)), (value) => {
        if (!isPlain(value)) return;
        plain += 1;
        expect(JSON.parse(JSON.stringify(value))).toStrictEqual(value);
      }),
      { seed: SEED, numRuns: 5_000 },
    );
    expect(plain).toBeGreaterThan(500);
  });

  test('is all of JSON that is small', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 2 }), (value) => {
        const small = JSON.parse(JSON.stringify(value));
        if (JSON.stringify(small).length > 60) return;
        expect(isPlain(small)).toBe(true);
      }),
      { seed: SEED, numRuns: 1_000 },
    );
  });
});

test('what is said is as it was then, in order and unshared, whatever becomes of it in the same turn', () => {
  const change = fc.tuple(fc.nat(2), fc.constantFrom('number', 'bigint', 'say'));
  fc.assert(
    fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
      const shared: unknown[][] = [[], [], []];
      const writer = new FrameWriter(LONGEST * 16);
      const expected: unknown[] = [];
      for (const [which, what] of changes) {
        const list = shared[which]!;
        if (what === 'number') list.push(list.length);
        else if (what === 'bigint') list.push(BigInt(list.length));
        else {
          writer.item(1, list);
          expected.push([...list]);
        }
      }
      const { heard } = hear(FORMS.frames, [bytesOf(writer.take())], LONGEST * 16);
      const items = heard.map(([, , item]) => item);
      expect(items).toEqual(expected);
      expect(new Set(items).size).toBe(expected.length);
    }),
    { seed: SEED, numRuns: 500 },
  );
});
