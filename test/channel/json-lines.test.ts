/** JSON lines: what is written, what is read, and what is a fault. */
import { describe, expect, test } from 'vitest';
import { JsonLinesReader, JsonLinesWriter } from '../../src/channel/json-lines.ts';
import { bytesOf, faultOf, listener, say, type Word } from '../support/heard-words.ts';
import { memoryInUse } from '../support/memory.ts';

const LONGEST = 1_024;
const MIB = 1_024 * 1_024;

function written(...words: Word[]): string {
  const writer = new JsonLinesWriter(LONGEST);
  for (const word of words) say(writer, word);
  return writer.take().join('');
}

function reading(longest = LONGEST) {
  const { words, heard } = listener();
  return { reader: new JsonLinesReader(words, longest), heard };
}

function read(text: string): Word[] {
  const { reader, heard } = reading();
  reader.add(Buffer.from(text));
  return heard;
}

describe('what is written', () => {
  test.each<[Word, string]>([
    [['request', 1, 'size', { path: '/a b' }, undefined], '"id":1,"method":"size","params":{"path":"/a b"}'],
    [['request', 2, '$/ping', undefined, undefined], '"id":2,"method":"$/ping"'],
    [['request', 3, 'a', null, { session: 'x"y' }], '"id":3,"method":"a","params":null,"session":"x\\"y"'],
    [['request', 4, 'a', 0, { stream: true }], '"id":4,"method":"a","params":0,"stream":true'],
    [['request', 5, 'a', undefined, {}], '"id":5,"method":"a"'],
    [['request', 'five', 'a', undefined, undefined], '"id":"five","method":"a"'],
    [['result', 6, undefined], '"id":6,"result":null'],
    [['result', 6, [1]], '"id":6,"result":[1]'],
    [
      ['failure', 7, { code: -1, message: 'no', data: undefined }],
      '"id":7,"error":{"code":-1,"message":"no"}',
    ],
    [['progress', 8, 0.5], '"method":"$/progress","params":{"id":8,"value":0.5}'],
    [['item', 8, undefined], '"method":"$/stream","params":{"id":8,"item":null}'],
    [['cancel', 8], '"method":"$/cancelRequest","params":{"id":8}'],
    [['notification', 'weather', 'sun'], '"method":"weather","params":"sun"'],
    [['notification', 'weather', undefined], '"method":"weather"'],
  ])('is a line that begins with jsonrpc, id and method, without spaces: %j', (word, members) => {
    expect(written(word)).toBe(`{"jsonrpc":"2.0",${members}}\n`);
  });

  test('is taken once, all of a turn together', () => {
    const writer = new JsonLinesWriter(LONGEST);
    expect(writer.take()).toEqual([]);
    writer.result(1, 'a');
    writer.result(2, 'b');
    expect(writer.waiting).toBeGreaterThan(0);
    expect(writer.take()).toEqual([
      '{"jsonrpc":"2.0","id":1,"result":"a"}\n{"jsonrpc":"2.0","id":2,"result":"b"}\n',
    ]);
    expect(writer.waiting).toBe(0);
    expect(writer.take()).toEqual([]);
  });

  test('is several texts when it is much: all of a turn may be more than one string can hold', () => {
    const writer = new JsonLinesWriter(64 * MIB);
    const large = 'x'.repeat(17 * MIB);
    for (const id of [1, 2, 3]) writer.result(id, large);
    expect(writer.take().map((text) => text.slice(0, 25))).toEqual(
      [1, 2, 3].map((id) => `{"jsonrpc":"2.0","id":${id},"`),
    );
  });

  test.each([
    ['a bigint', { a: 1n }],
    ['a circle', circle()],
    ['what throws when it is asked', { toJSON: () => nothingButThrow() }],
  ])('is nothing of a message that JSON cannot carry: %s', (_, params) => {
    const writer = new JsonLinesWriter(LONGEST);
    writer.result(1, 'before');
    expect(() => writer.request(2, 'a', params, undefined)).toThrow();
    writer.result(3, 'after');
    expect(
      writer
        .take()
        .join('')
        .match(/"id":\d/g),
    ).toEqual(['"id":1', '"id":3']);
  });
});

function circle(): object {
  const round: { self?: object } = {};
  round.self = round;
  return round;
}

function nothingButThrow(): never {
  throw new Error('not me');
}

describe('what is read', () => {
  test('may be cut anywhere', () => {
    const line = '{"id":1,"result":"жук 虫 🐞"}\n';
    const { reader, heard } = reading();
    for (const byte of Buffer.from(line + line)) reader.add(Uint8Array.of(byte));
    expect(heard).toEqual([
      ['result', 1, 'жук 虫 🐞'],
      ['result', 1, 'жук 虫 🐞'],
    ]);
  });

  test('is what stands between two newlines: no other character ends a line', () => {
    expect(read('{"id":1,"result":"a\u2028b\u2029c\u0085d"}\n')).toEqual([
      ['result', 1, 'a\u2028b\u2029c\u0085d'],
    ]);
  });

  test('may have a carriage return before its newline, and empty lines between', () => {
    expect(read('\n\r\n{"id":1,"result":1}\r\n\n{"id":2,"result":2}\n')).toEqual([
      ['result', 1, 1],
      ['result', 2, 2],
    ]);
  });

  test('need not have a version, and may have members that nobody knows', () => {
    expect(read('{"id":1,"result":1,"meta":{}}\n')).toEqual([['result', 1, 1]]);
  });

  test.each<[string, Word]>([
    [
      '{"id":1,"error":{"code":-5,"message":"no","data":[1]}}',
      ['failure', 1, { code: -5, message: 'no', data: [1] }],
    ],
    ['{"id":1,"result":5,"error":null}', ['result', 1, 5]],
    ['{"id":1,"error":"no"}', ['failure', 1, { code: 0, message: '"no"', data: undefined }]],
    [
      '{"id":1,"error":{"code":"E","message":5}}',
      ['failure', 1, { code: 0, message: expect.any(String), data: undefined }],
    ],
    ['{"id":null,"method":"a","params":1}', ['notification', 'a', 1]],
    ['{"method":"$/progress"}', ['notification', '$/progress', undefined]],
    ['{"method":"$/stream","params":"id"}', ['notification', '$/stream', 'id']],
    ['{"method":"$/cancelRequest","params":null}', ['notification', '$/cancelRequest', null]],
    ['{"id":1,"method":"a","stream":"yes","session":7}', ['request', 1, 'a', undefined, {}]],
    ['{"id":1,"result":{"__proto__":5}}', ['result', 1, JSON.parse('{"__proto__":5}')]],
  ])('is taken as it can be meant: %s', (line, word) => {
    expect(read(`${line}\n`)).toEqual([word]);
  });

  test.each([
    'hello',
    '{"id":1,"result":1',
    '{"id":1,"result":1} {}',
    ' ',
    'null',
    '5',
    '[]',
    '[{"id":1,"result":1}]',
    '{}',
    '{"id":1}',
    '{"result":1}',
    '{"id":"1","result":1}',
    '{"id":null,"error":{"code":-32700,"message":"?"}}',
    '{"id":1,"method":5}',
    '{"id":{},"method":"a"}',
    '{"id":[1],"method":"a"}',
    '\ufeff{"id":1,"result":1}',
    '\0',
  ])('is garbage if it is no message: %s', (line) => {
    const { reader, heard } = reading();
    const fault = faultOf(reader, `${line}\n`);
    expect(fault.kind).toBe('garbage');
    expect(fault.message).toContain(line.slice(0, 20));
    expect(heard).toEqual([]);
  });

  test('is shown in a fault by its beginning only', () => {
    const { reader } = reading();
    expect(faultOf(reader, `${'x'.repeat(500)}\n`).message.length).toBeLessThan(200);
  });

  test('stands midway from the first byte of a line to its newline', () => {
    const { reader } = reading();
    expect(reader.isMidway).toBe(false);
    const [first, ...rest] = Buffer.from('€');
    reader.add(Uint8Array.of(first!)); // of which there is no character yet
    expect(reader.isMidway).toBe(true);
    reader.add(new Uint8Array());
    expect(reader.isMidway).toBe(true);
    expect(faultOf(reader, Buffer.from([...rest, 0x0a])).kind).toBe('garbage');
    const other = reading().reader;
    other.add(Buffer.from('{"id":1,"result":1}\n{'));
    expect(other.isMidway).toBe(true);
    other.add(Buffer.from('"id":2,"result":1}\n'));
    expect(other.isMidway).toBe(false);
  });
});

describe('the longest message', () => {
  const FRAME = '{"jsonrpc":"2.0","id":1,"result":""}'.length;

  test.each([
    ['one byte', 'x'],
    ['two bytes', 'ж'],
    ['three bytes', '€'],
    ['four bytes', '🐞'],
  ])(
    'passes, and one byte more is refused by the writer, and by the reader; of characters of %s',
    (_, one) => {
      const size = Buffer.byteLength(one);
      const many = one.repeat(Math.floor((LONGEST - FRAME) / size));
      const fits = many + 'x'.repeat(LONGEST - FRAME - Buffer.byteLength(many));
      const line = written(['result', 1, fits]);
      expect(Buffer.byteLength(line)).toBe(LONGEST + 1); // with its end
      expect(read(line)).toEqual([['result', 1, fits]]);
      expect(() => written(['result', 1, `${fits}x`])).toThrow(`longer than ${LONGEST} bytes`);
      const { reader } = reading();
      expect(faultOf(reader, `${line.slice(0, -'"}\n'.length)}x"}\n`).kind).toBe('too-long');
    },
  );

  test('is refused before it is whole', () => {
    const { reader } = reading();
    reader.add(Buffer.alloc(LONGEST, 'x'));
    expect(faultOf(reader, 'x').kind).toBe('too-long');
  });

  test('leaves what was said before as it was', () => {
    const writer = new JsonLinesWriter(LONGEST);
    writer.result(1, 'before');
    expect(() => writer.result(2, 'x'.repeat(LONGEST))).toThrow('longer');
    expect(bytesOf(writer.take()).toString()).toBe('{"jsonrpc":"2.0","id":1,"result":"before"}\n');
  });

  test('takes about its own length in memory, though it may come byte by byte', () => {
    const { reader } = reading(64 * MIB);
    const byte = Buffer.from('x');
    const before = memoryInUse();
    for (let count = 0; count < 2 * MIB; count += 1) reader.add(byte);
    expect(memoryInUse() - before).toBeLessThan(8 * MIB);
    expect(reader.isMidway).toBe(true); // it is still there
  });
});
