/** The stop plan: OTP's shorthands, stages, and what cannot be meant. */
import { describe, expect, test } from 'vitest';
import { DEFAULT_STOP_PLAN, parseShutdown } from '../../src/worker/stop-plan.ts';
import { complaint } from '../support/complaints.ts';

const KILL = { signal: 'SIGKILL', wait: 5_000 };
const FOR_EVER = Number.POSITIVE_INFINITY;
const parse = (value: unknown) => parseShutdown(value, 'shutdown');

test('nothing said means SIGTERM, 10 s, SIGTERM, 5 s, SIGKILL', () => {
  expect(parse(undefined)).toBe(DEFAULT_STOP_PLAN);
  expect(DEFAULT_STOP_PLAN).toEqual([
    { signal: 'SIGTERM', wait: 10_000 },
    { signal: 'SIGTERM', wait: 5_000 },
    KILL,
  ]);
});

describe('the shorthands', () => {
  test.each([
    ['a number', 250, [{ signal: 'SIGTERM', wait: 250 }, KILL]],
    ['zero', 0, [{ signal: 'SIGTERM', wait: 0 }, KILL]],
    ["'brutal_kill'", 'brutal_kill', [KILL]],
    ["'infinity'", 'infinity', [{ signal: 'SIGTERM', wait: FOR_EVER }]],
    ['Infinity', FOR_EVER, [{ signal: 'SIGTERM', wait: FOR_EVER }]],
  ])('%s', (_, value, plan) => {
    expect(parse(value)).toEqual(plan);
  });
});

describe('stages', () => {
  test('are taken as they stand, and SIGKILL is added when they do not end in it', () => {
    expect(
      parse([
        { closeStdin: true, wait: 100 },
        { signal: 'SIGINT', wait: 200 },
      ]),
    ).toEqual([{ closeStdin: true, wait: 100 }, { signal: 'SIGINT', closeStdin: false, wait: 200 }, KILL]);
  });

  test('that end in SIGKILL get no other', () => {
    expect(parse([{ signal: 'SIGKILL', wait: 7 }])).toEqual([
      { signal: 'SIGKILL', closeStdin: false, wait: 7 },
    ]);
  });

  test.each([['infinity'], [FOR_EVER]])('that wait for ever at last (%s) get no SIGKILL', (wait) => {
    expect(parse([{ signal: 'SIGTERM', wait }])).toEqual([
      { signal: 'SIGTERM', closeStdin: false, wait: FOR_EVER },
    ]);
  });
});

describe('what cannot be meant is told with the place of the fault', () => {
  test.each([
    ['less than nothing', -1],
    ['half a millisecond', 0.5],
    ['more than a timer can wait', 2 ** 31],
    ['not a number', Number.NaN],
    ['another word', 'kill'],
    ['no stages', []],
    ['one stage without its brackets', { signal: 'SIGTERM', wait: 1 }],
    ['null', null],
    ['true', true],
  ])('%s', (_, value) => {
    const { path, message } = complaint(() => parse(value));
    expect(path).toBe('shutdown');
    expect(message).toMatch(/^shutdown: expected milliseconds, 'infinity', 'brutal_kill' or stages/);
  });

  test.each([
    ['a stage without a wait', [{ signal: 'SIGTERM' }], 'shutdown[0].wait', /missing/],
    ['a wait that is none', [{ wait: 1 }, { wait: -1 }], 'shutdown[1].wait', /whole number from 0/],
    ['a wait in words', [{ wait: 'long' }], 'shutdown[0].wait', /got 'long'/],
    ['no such signal', [{ signal: 'SIGTREM', wait: 1 }], 'shutdown[0].signal', /did you mean 'SIGTERM'\?/],
    ['a signal by its number', [{ signal: 15, wait: 1 }], 'shutdown[0].signal', /15 is not one of/],
    ['a signal that only stops', [{ signal: 'SIGSTOP', wait: 1 }], 'shutdown[0].signal', /is not one of/],
    ['closeStdin as a word', [{ closeStdin: 'yes', wait: 1 }], 'shutdown[0].closeStdin', /true or false/],
    ['an unknown key', [{ signa: 'SIGTERM', wait: 1 }], 'shutdown[0].signa', /did you mean 'signal'\?/],
    ['a stage that is no object', [1_000], 'shutdown[0]', /expected an object, got 1000/],
    ['null for a stage', [{ wait: 1 }, null], 'shutdown[1]', /expected an object, got null/],
  ])('%s', (_, value, path, message) => {
    const found = complaint(() => parse(value));
    expect(found.path).toBe(path);
    expect(found.message).toMatch(message);
  });
});
