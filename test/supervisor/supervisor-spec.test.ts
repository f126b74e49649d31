/** A supervisor's options: what is complete after them, and what is complained about, and where. */
import { describe, expect, test } from 'vitest';
import { parseSupervisorSpec } from '../../src/supervisor/supervisor-spec.ts';
import { complaint } from '../support/complaints.ts';

const child = (id: string, more: object = {}) => ({ id, command: 'true', ...more });
const parse = (more: object, path?: string) => parseSupervisorSpec({ id: 's', children: [], ...more }, path);

test('an id and children are enough: the rest is as in OTP', () => {
  expect(parse({ children: [child('a')] })).toMatchObject({
    id: 's',
    intensity: 3,
    period: 5_000,
    ordered: true,
    children: [{ id: 'a', restart: 'permanent', stopPlan: [{}, {}, { signal: 'SIGKILL' }] }],
  });
});

test('what is said is kept', () => {
  const said = { intensity: 0, period: 100, ordered: false } as const;
  const children = (['permanent', 'transient', 'temporary'] as const).map((restart) =>
    child(restart, { restart }),
  );
  const spec = parse({ ...said, strategy: 'one_for_one', children });
  expect(spec).toMatchObject(said);
  expect(spec.children.map(({ id, restart }) => [id, restart])).toEqual(children.map(({ id }) => [id, id]));
});

describe('complaints name the place of the fault', () => {
  test.each<[string, object, string, RegExp]>([
    ['no children', { children: undefined }, 'children', /expected an array, got undefined/],
    ['children as an object', { children: { a: {} } }, 'children', /expected an array, got an object/],
    ['no id', { id: undefined }, 'id', /non-empty string/],
    ['an id with a slash', { id: 'a/b' }, 'id', /without white space, slash or colon/],
    ['intensity below zero', { intensity: -1 }, 'intensity', /whole number from 0/],
    ['half an intensity', { intensity: 1.5 }, 'intensity', /got 1.5/],
    ['no period at all', { period: 0 }, 'period', /whole number from 1/],
    [
      'a period in seconds',
      { period: 60 },
      'period',
      /in milliseconds, and looks like seconds; did you mean 60000\?/,
    ],
    ['a period in words', { period: '5s' }, 'period', /got '5s'/],
    ['order as a word', { ordered: 'yes' }, 'ordered', /expected true or false/],
    [
      'an unknown strategy',
      { strategy: 'one_for_many' },
      'strategy',
      /is not one of 'one_for_one', 'one_for_all'/,
    ],
    ['an unknown key', { intensty: 3 }, 'intensty', /did you mean 'intensity'\?/],
    ['a child that is none', { children: [child('a'), 'b'] }, 'children[1]', /expected an object, got 'b'/],
    ['a misspelt key of a child', { children: [child('a', { arg: [] })] }, 'children[0].arg', /'args'\?/],
    [
      'a fault deep in a child',
      { children: [child('a'), child('b', { ready: { port: 0 } })] },
      'children[1].ready.port',
      /from 1 to 65535/,
    ],
    [
      'no such restart type',
      { children: [child('a', { restart: 'permanant' })] },
      'children[0].restart',
      /did you mean 'permanent'\?/,
    ],
    [
      'two children of one id',
      { children: [child('a'), child('b'), child('a')] },
      'children[2].id',
      /'a' is the id of children\[0\] already/,
    ],
  ])('%s', (_, more, path, message) => {
    const found = complaint(() => parse(more));
    expect(found.path).toBe(path);
    expect(found.message).toMatch(message);
  });

  test('below a path when there is one', () => {
    const children = [child('a'), child('a')];
    expect(complaint(() => parse({ children }, 'supervisors[1]'))).toEqual({
      path: 'supervisors[1].children[1].id',
      message: "supervisors[1].children[1].id: 'a' is the id of supervisors[1].children[0] already",
    });
  });
});
