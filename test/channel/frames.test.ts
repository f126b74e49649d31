/** Frames: what they carry, how long they may be, and what is a fault. */
import { serialize } from 'node:v8';
import { describe, expect, test } from 'vitest';
import { FrameReader } from '../../src/channel/frame-reader.ts';
import { FrameWriter } from '../../src/channel/frame-writer.ts';
import { bytesOf, faultOf, listener, say, type Word } from '../support/heard-words.ts';
import { memoryInUse } from '../support/memory.ts';

const LONGEST = 1_024;
const MIB = 1_024 * 1_024;

function written(words: readonly Word[], longest = LONGEST): Buffer {
  const writer = new FrameWriter(longest);
  for (const word of words) say(writer, word);
  return bytesOf(writer.take());
}

function reading(longest = LONGEST) {
  const { words, heard } = listener();
  return { reader: new FrameReader(words, longest), heard };
}

function read(bytes: Uint8Array, longest = LONGEST): Word[] {
  const { reader, heard } = reading(longest);
  reader.add(bytes);
  expect(reader.isMidway).toBe(false);
  return heard;
}

/** What arrives of a value. */
const carried = (value: unknown, longest = 64 * MIB): unknown =>
  read(written([['result', 1, value]], longest), longest)[0]![2];

const frame = (kind: string, body: Uint8Array | string): Buffer => {
  const bytes = Buffer.from(body as Uint8Array);
  const head = Buffer.alloc(5, kind, 'latin1');
  head.writeUInt32LE(bytes.length, 0);
  return Buffer.concat([head, bytes]);
};

const json = (...words: unknown[]): Buffer => frame('J', JSON.stringify(words));
const cloned = (...words: unknown[]): Buffer => frame('V', serialize(words));

describe('every word arrives as it was said', () => {
  const failure = { code: -32_000, message: 'no', data: { name: 'Error', data: undefined } };
  test.each<Word>([
    ['request', 1, 'size', { path: '/a' }, undefined],
    ['request', 1, 'size', new Map([[1, 2]]), { session: 'a', stream: true }],
    ['request', 'one', '', undefined, { stream: true }],
    ['result', 2, 'done'],
    ['failure', 3, { code: 1, message: '', data: undefined }],
    ['failure', 3, failure],
    ['progress', 4, undefined],
    ['item', 5, [1n]],
    ['cancel', 6],
    ['notification', 'weather', { sun: true }],
    ['notification', '', undefined],
  ])('%s %s', (...said) => {
    const word = said as unknown as Word;
    expect(read(written([word]))).toStrictEqual([word]);
  });
});

describe('a value arrives as it was', () => {
  test.each([
    ['undefined', undefined],
    ['undefined within', { a: undefined, b: [undefined] }],
    ['numbers that JSON does not have', [Number.NaN, Number.POSITIVE_INFINITY, -0]],
    ['a bigint', -(2n ** 100n)],
    ['a Date', new Date(1_700_000_000_000)],
    ['a RegExp', /a+/giu],
    ['a Map of Sets', new Map([[{ a: 1 }, new Set([1, 'two'])]])],
    ['a Buffer', Buffer.from('жук')],
    ['an ArrayBuffer', Uint8Array.of(1, 2, 3).buffer],
    ['typed arrays', [Uint8Array.of(1), Float64Array.of(0.5, -0), BigInt64Array.of(-1n)]],
    ['a part of a typed array', new Uint16Array(Uint8Array.of(9, 9, 1, 2, 3, 4, 9, 9).buffer, 2, 2)],
    ['a DataView', new DataView(Uint8Array.of(0, 1, 2, 3).buffer, 1, 2)],
    // biome-ignore lint/suspicious/noSparseArray: it is what is tested
    ['an array with holes', [1, , 3]],
    ['a match of a regular expression', Object.assign(['a'], { index: 1, input: 'ba' })],
    ['an own key __proto__', JSON.parse('{"__proto__":{"a":[1]}}')],
    ['a text that is no valid Unicode', '\ud800'],
    ['a long array', Array.from({ length: 1_000 }, (_, index) => index)],
  ])('%s', (_, value) => {
    expect(carried(value)).toStrictEqual(value);
  });

  test('a large Buffer', () => {
    const large = Buffer.alloc(3 * MIB, 'жук');
    expect((carried(large) as Buffer).equals(large)).toBe(true);
  });

  test('an Error, with its class of those that the language has, its message and its stack', () => {
    const error = new RangeError('too far');
    const arrived = carried(error) as Error;
    expect(arrived).toBeInstanceOf(RangeError);
    expect(arrived).toMatchObject({ name: 'RangeError', message: 'too far', stack: error.stack });
  });

  test('an object that holds itself', () => {
    const round: { self?: object } = {};
    round.self = round;
    const arrived = carried(round) as { self: object };
    expect(arrived.self).toBe(arrived);
  });

  test('an object of a class, without its class', () => {
    class Point {
      x = 1;
      #hidden = 2;
      sum = () => this.x + this.#hidden;
    }
    const { x } = new Point();
    expect(carried(Object.assign(Object.create(Point.prototype), { x }))).toStrictEqual({ x: 1 });
    expect(() => carried(new Point())).toThrow('could not be cloned'); // it has a function of its own
  });

  test('a typed array, with memory of its own: what else has come does not show', () => {
    const [first, second] = carried([Float32Array.of(1), Uint8Array.of(2)]) as [Float32Array, Uint8Array];
    expect([first.buffer.byteLength, second.buffer.byteLength]).toEqual([4, 1]);
  });
});

describe('what is said', () => {
  test.each([1, 3])('with nothing left in what it was read from, which came in %i parts', (parts) => {
    const values = [Buffer.alloc(600, 1), new Uint8Array([1, 2]), new Map([['a', Buffer.from('b')]])];
    const sent = written(values.map((value, n) => ['result', n, value]));
    const { reader, heard } = reading();
    const room = Buffer.alloc(sent.length);
    const step = Math.ceil(sent.length / parts);
    for (let at = 0; at < sent.length; at += step) {
      const lent = room.subarray(0, sent.copy(room, 0, at, at + step));
      reader.add(lent);
      lent.fill(0xff);
    }
    expect(heard).toStrictEqual(values.map((value, n) => ['result', n, value]));
  });

  test('is as it was when it was said, though it is changed later in the turn', () => {
    const plain = { a: [1] };
    const map = new Map([['a', [1]]]);
    const writer = new FrameWriter(LONGEST);
    writer.result(1, plain);
    writer.result(2, map);
    plain.a.push(2);
    map.get('a')!.push(2);
    writer.result(3, plain);
    writer.result(4, map);
    expect(read(bytesOf(writer.take())).map(([, , value]) => value)).toStrictEqual([
      { a: [1] },
      new Map([['a', [1]]]),
      { a: [1, 2] },
      new Map([['a', [1, 2]]]),
    ]);
  });

  test('twice in a turn arrives as two: who changes the one does not change the other', () => {
    const shared = { list: [1n] };
    const [one, other] = read(
      written([
        ['result', 1, shared],
        ['result', 2, shared],
      ]),
    ).map(([, , value]) => value as typeof shared);
    one!.list.push(2n);
    expect(other).toStrictEqual({ list: [1n] });
  });

  test('keeps its order, whatever form it takes', () => {
    const values = Array.from({ length: 300 }, (_, index) => (index % 3 === 0 ? BigInt(index) : index));
    const heard = read(written(values.map((value, id): Word => ['result', id, value])));
    expect(heard).toStrictEqual(values.map((value, id) => ['result', id, value]));
  });

  test.each([
    ['a function', () => 1],
    ['a symbol', Symbol('a')],
    ['a promise', Promise.resolve()],
    ['shared memory', new SharedArrayBuffer(1)],
    ['a function, deep within', { a: [{ b: () => 1 }] }],
  ])('is nothing if it cannot be carried: %s', (_, value) => {
    const writer = new FrameWriter(LONGEST);
    writer.result(1, 'before');
    expect(() => writer.result(2, value)).toThrow('could not be cloned');
    writer.result(3, 'after');
    expect(read(bytesOf(writer.take())).map(([, id]) => id)).toEqual([1, 3]);
  });
});

describe('the longest message', () => {
  const AROUND = '[1,1,0,""]'.length;

  test.each([
    ['one byte', 'x'],
    ['two bytes', 'ж'],
    ['three bytes', '€'],
    ['four bytes', '🐞'],
  ])(
    'passes, and one byte more is refused by the writer, and by the reader; of characters of %s',
    (_, one) => {
      const many = one.repeat(Math.floor((LONGEST - AROUND) / Buffer.byteLength(one)));
      const fits = many + 'x'.repeat(LONGEST - AROUND - Buffer.byteLength(many));
      const bytes = written([['result', 1, fits]]);
      expect(bytes.length).toBe(5 + LONGEST);
      expect(read(bytes)).toEqual([['result', 1, fits]]);
      expect(() => written([['result', 1, `${fits}x`]])).toThrow(`longer than ${LONGEST} bytes`);
      const { reader } = reading();
      expect(faultOf(reader, written([['result', 1, `${fits}x`]], LONGEST + 1)).kind).toBe('too-long');
    },
  );

  test('is so in a clone, too', () => {
    const around = serialize([1, 1, 0, Buffer.alloc(900)]).length - 900;
    const fits = Buffer.alloc(LONGEST - around);
    expect(read(written([['result', 1, fits]]))).toStrictEqual([['result', 1, fits]]);
    expect(() => written([['result', 1, Buffer.alloc(fits.length + 1)]])).toThrow('longer');
  });

  test('is refused as soon as its head has come', () => {
    const head = Buffer.alloc(5);
    head.writeUInt32LE(LONGEST + 1, 0);
    expect(faultOf(reading().reader, head).kind).toBe('too-long');
  });

  test.each([LONGEST, MIB])('holds for frames of many messages, too; of %i bytes', (longest) => {
    const euros = '€'.repeat(300);
    const words = Array.from({ length: 1_000 }, (_, id): Word => ['result', id, euros]);
    expect(read(written(words, longest), longest)).toEqual(words);
  });

  test('takes about its own length in memory, though it may come byte by byte', () => {
    const { reader } = reading(64 * MIB);
    const bytes = written([['result', 1, 'x'.repeat(MIB)]], 64 * MIB).subarray(0, -1);
    const before = memoryInUse();
    for (let at = 0; at < bytes.length; at += 1) reader.add(bytes.subarray(at, at + 1));
    expect(memoryInUse() - before).toBeLessThan(8 * MIB);
    expect(reader.isMidway).toBe(true); // it is still there
  });
});

describe('what is read', () => {
  test('may be cut anywhere', () => {
    const words: Word[] = [
      ['result', 1, 'жук'],
      ['result', 2, new Set([1n])],
      ['cancel', 3],
    ];
    const { reader, heard } = reading();
    for (const byte of written([...words, ...words])) reader.add(Uint8Array.of(byte));
    expect(heard).toStrictEqual([...words, ...words]);
    expect(reader.isMidway).toBe(false);
  });

  test.each([
    ['a frame of no kind', frame('X', '[]')],
    ['nothing', frame('J', '')],
    ['no JSON', frame('J', '[1,1,0,')],
    ['no array', frame('J', '{}')],
    ['less than a message', json(1, 1, 0)],
    ['a kind that is no number', json('1', 1, 0, 0)],
    ['a kind that cannot be compared', json({ valueOf: 1, toString: 1 }, 1, 0, 0)],
    ['a kind that is too large', json(99, 1, 0, 0)],
    ['a kind that is none', json(-1, 1, 0, 0)],
    ['an id that is none', json(1, null, 0, 0)],
    ['a request without a method', json(0, 1, 5, 0)],
    ['a request without a method, and more', json(0, 1, [5, {}], 0)],
    ['a failure without a reason', json(2, 1, 0, 0)],
    ['a failure without a code', json(2, 1, ['no', 'no'], 0)],
    ['a failure without a message', json(2, 1, [1, {}], 0)],
    ['no clone', frame('V', 'clone')],
    ['a clone of an unknown version', frame('V', Uint8Array.of(0xff, 0xf0, 0x5f))],
    ['half a clone', frame('V', serialize([1, 1, 0, 'half']).subarray(0, -3))],
    ['a clone of no array', frame('V', serialize(new Map()))],
    ['a kind that is a bigint', cloned(9n, 1, 0, 0)],
    ['an array that is almost endless', frame('V', serialize(Object.assign([], { length: 2 ** 32 - 4 })))],
  ])('is garbage if it is no message: %s', (_, bytes) => {
    const { reader, heard } = reading();
    expect(faultOf(reader, bytes).kind).toBe('garbage');
    expect(heard).toEqual([]);
  });
});
