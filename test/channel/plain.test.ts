/** Which values are said in JSON, and which as a clone. */
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { isPlain } from '../../src/channel/plain.ts';

const deep = (levels: number): unknown => (levels === 0 ? null : { inner: deep(levels - 1) });
const withToJson = <T extends object>(value: T): T =>
  Object.defineProperty(value, 'toJSON', { value: () => 'something else' });
const around = (): object => {
  const round: { self?: object } = {};
  round.self = round;
  return round;
};

describe('plain is', () => {
  test.each([
    ['null', null],
    ['a boolean', false],
    ['a number', -1.5e300],
    ['a text', 'жук\u2028\0"\\'],
    ['a text that is no valid Unicode', '\ud800 \udc00'],
    ['nothing in an array', []],
    ['nothing in an object', {}],
    ['an array of arrays', [[1, ['two']], [null]]],
    ['an object of objects', { a: { b: { c: [true] } } }],
    ['an own key __proto__', JSON.parse('{"__proto__":{"a":1}}')],
    ['keys that are numbers, or empty', { 1: 1, '': 2, '-0': 3 }],
    ['what is nested 30 deep', deep(30)],
    ['one object twice', [Array, Object].map(() => ({ a: 1 }))],
  ])('%s', (_, value) => {
    expect(isPlain(value)).toBe(true);
    expect(JSON.parse(JSON.stringify(value))).toStrictEqual(value);
  });
});

describe('not plain is', () => {
  test.each([
    ['undefined', undefined],
    ['a bigint', 1n],
    ['a symbol', Symbol('a')],
    ['a function', () => 1],
    ['NaN', Number.NaN],
    ['infinity', Number.NEGATIVE_INFINITY],
    ['-0', -0],
    ['-0 within', { a: [-0] }],
    ['undefined within an array', [undefined]],
    ['undefined within an object', { a: undefined }],
    // biome-ignore lint/suspicious/noSparseArray: it is what is tested
    ['an array with holes', [1, , 3]],
    ['an array with more than its items', Object.assign([1], { index: 0 })],
    ['a match of a regular expression', /a/.exec('bab')],
    ['an object that says what JSON is to hold', { toJSON: () => 1 }],
    ['one that says so unseen', withToJson({ a: 1 })],
    ['an array that says so', withToJson([1])],
    ['a Date', new Date(0)],
    ['a Map', new Map()],
    ['a Buffer', Buffer.from('a')],
    ['an Error', new Error('no')],
    ['a RegExp', /a/],
    ['an object of a class', new (class A {})()],
    ['an object without a prototype', Object.create(null)],
    ['an object of another realm', runInNewContext('({ a: 1 })')],
    ['a number in a box', Object(1)],
    ['what holds itself', around()],
    ['more than is looked at', Array(65).fill(0)],
    ['deeper than is looked at', deep(65)],
    ['wider than is looked at', Object.fromEntries(Array.from({ length: 65 }, (_, key) => [`k${key}`, 0]))],
  ])('%s', (_, value) => {
    expect(isPlain(value)).toBe(false);
  });
});

test('what throws when it is looked at throws', () => {
  const value = {
    get a(): never {
      throw new Error('do not look');
    },
  };
  expect(() => isPlain(value)).toThrow('do not look');
});
