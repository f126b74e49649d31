/** A run's file as it is found: whole, torn, edited, or not ours at all. */
import { describe, expect, test } from 'vitest';
import { parseRunFile, type RunFile } from '../../src/registry/run-file.ts';
import { activeRecord, reservedRecord, runFile } from '../support/runs.ts';

const RUN = '1700000000000000_abc';
const identity = { bootId: 'boot', pidNamespace: 'pid:[1]', pid: 77, startTime: 5_000 };
const whole: RunFile = {
  ...runFile(RUN, [activeRecord('api:1', identity, true), reservedRecord('db:2')]),
  name: 'Grüße 🐝 "quoted" \\ \u2028',
};
const text = JSON.stringify(whole);

const kindOf = (content: unknown): string =>
  parseRunFile(typeof content === 'string' ? content : JSON.stringify(content), RUN).kind;

/** The file with one field changed; `undefined` takes it away. */
function changed(path: string, value: unknown): unknown {
  const copy = JSON.parse(text) as Record<string, unknown>;
  const keys = path.split('.');
  const last = keys.pop()!;
  let at = copy;
  for (const key of keys) at = at[key] as Record<string, unknown>;
  if (value === undefined) delete at[last];
  else at[last] = value;
  return copy;
}

describe('a run file', () => {
  test('is read as it was written', () => {
    expect(parseRunFile(text, RUN)).toEqual({ kind: 'valid', file: whole });
  });

  test('is damaged when it ends at whatever byte before its last', () => {
    const bytes = Buffer.from(text);
    expect(bytes.length).toBeGreaterThan(text.length); // there are characters of several bytes to be torn
    const kinds = Array.from({ length: bytes.length }, (_, length) =>
      kindOf(bytes.subarray(0, length).toString('utf8')),
    );
    expect(kinds).toEqual(kinds.map(() => 'damaged'));
  });

  test('is damaged when its blocks were never written, or its end is another file', () => {
    for (let at = 0; at < text.length; at += 7) {
      expect(kindOf(text.slice(0, at) + '\0'.repeat(text.length - at))).toBe('damaged');
      expect(kindOf(text + text.slice(at))).toBe('damaged');
    }
  });

  test.each([
    '',
    ' ',
    'null',
    '1',
    '"x"',
    '[]',
    '{}',
    'true',
    '\0',
    '\uFEFF',
    '<html>',
    '[[[[',
    '{"version":1}',
  ])('is damaged when it is %j', (content) => {
    expect(kindOf(content)).toBe('damaged');
  });

  test('is damaged when it is nested beyond all measure', () => {
    expect(kindOf('['.repeat(500_000))).toBe('damaged');
    expect(kindOf(`${'{"a":'.repeat(500_000)}1${'}'.repeat(500_000)}`)).toBe('damaged');
  });

  test('that another version wrote is not judged at all', () => {
    expect(parseRunFile('{"version":2}', RUN)).toEqual({ kind: 'other-version', version: 2 });
    expect(kindOf(changed('version', 0))).toBe('other-version');
    expect(kindOf({ ...whole, version: 7, workers: 'a new idea' })).toBe('other-version');
  });

  test('is damaged when it is another run’s', () => {
    expect(parseRunFile(text, '1700000000000000_other').kind).toBe('damaged');
    expect(kindOf(changed('runId', '../../etc/passwd'))).toBe('damaged');
    expect(parseRunFile(JSON.stringify(changed('runId', 'no id')), 'no id').kind).toBe('damaged');
  });

  test.each<[string, readonly unknown[]]>([
    ['version', [undefined, null, '1', true, [1]]],
    ['name', [undefined, null, 1]],
    ['host', [undefined, null, [], 'host']],
    ['host.pid', [undefined, null, '77', 0, -1, 1.5, 2 ** 53]],
    ['host.startTime', [undefined, null, '5000', -1, 0.5]],
    ['host.bootId', [undefined, null, 1]],
    ['host.pidNamespace', [undefined, null, 1]],
    ['host.userId', [undefined, null, -1, 'root']],
    ['host.machine', [undefined, null, 1]],
    ['forker', [undefined, 1, {}, []]],
    ['forker.pid', [undefined, 0, -77]],
    ['births', [undefined, null, -1, '64', 0.5]],
    ['orphanGrace', [undefined, null, -1, '2000', 1.5]],
    ['workers', [undefined, null, [], 'none']],
    ['workers.api:1', [null, [], 'worker']],
    ['workers.api:1.state', [undefined, 'dead', 1]],
    ['workers.api:1.workerId', [undefined, 'db:2', 1]],
    ['workers.api:1.id', [undefined, null, 1]],
    ['workers.api:1.path', [undefined, null, 1]],
    ['workers.api:1.command', [undefined, null, 1]],
    ['workers.api:1.process', [undefined, null, 77]],
    ['workers.api:1.process.pid', [undefined, 0, -1, '77', 1e300]],
    ['workers.api:1.process.startTime', [undefined, null, '5000']],
    ['workers.api:1.session', [undefined, null, -1, '77']],
    ['workers.api:1.group', [undefined, null, -1, '77']],
    ['workers.api:1.lifecycle', [undefined, null, 'exited', 1]],
    ['workers.api:1.settled', [undefined, null, 'true', 1]],
    ['workers.db:2.command', [undefined, null, 1]],
  ])('is damaged when its %s makes no sense', (path, values) => {
    expect(values.map((value) => kindOf(changed(path, value)))).toEqual(values.map(() => 'damaged'));
  });

  test('need not have a forker yet', () => {
    expect(kindOf(changed('forker', null))).toBe('valid');
  });
});
