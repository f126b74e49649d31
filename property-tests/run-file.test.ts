/** Whatever lies under a run's name is read without a throw, and believed only when it is one. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseRunFile, type RunFile } from '../src/registry/run-file.ts';
import { activeRecord, reservedRecord, runFile } from '../test/support/runs.ts';
import { SEED } from './seed.ts';

const RUN = '1700000000000000_abc';
const identity = { bootId: 'boot', pidNamespace: 'pid:[1]', pid: 77, startTime: 5_000 };
const whole = runFile(RUN, [activeRecord('api:1', identity, true), reservedRecord('db:2')]);

/** Says it in other words than the code that is tested. */
function expectSane(file: RunFile): void {
  const identities = [
    file.host,
    ...(file.forker === null ? [] : [file.forker]),
    ...Object.values(file.workers).flatMap((record) => (record.state === 'active' ? [record.process] : [])),
  ];
  for (const { pid, startTime, bootId, pidNamespace } of identities) {
    expect(Number.isSafeInteger(pid) && pid >= 1).toBe(true);
    expect(Number.isSafeInteger(startTime) && startTime >= 0).toBe(true);
    expect([typeof bootId, typeof pidNamespace]).toEqual(['string', 'string']);
  }
  expect(file.runId).toBe(RUN);
  for (const [workerId, record] of Object.entries(file.workers)) {
    expect(record.workerId).toBe(workerId);
    expect(['reserved', 'active']).toContain(record.state);
  }
}

test('arbitrary JSON never throws, and is never a run', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), (text) => {
      expect(['damaged', 'other-version']).toContain(parseRunFile(text, RUN).kind);
    }),
    { seed: SEED, numRuns: 3_000 },
  );
});

test('arbitrary text never throws, and is never a run', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(parseRunFile(text, RUN).kind).not.toBe('valid');
    }),
    { seed: SEED, numRuns: 3_000 },
  );
});

test('a file with anything anywhere in it is valid only when it still makes sense, and then nothing is lost', () => {
  const places = placesIn(whole);
  const kinds = new Set<string>();
  fc.assert(
    fc.property(fc.constantFrom(...places), fc.jsonValue({ maxDepth: 2 }), (place, value) => {
      const data = JSON.parse(JSON.stringify(whole));
      let at = data;
      for (const key of place.slice(0, -1)) at = at[key];
      at[place.at(-1)!] = value;
      const parsed = parseRunFile(JSON.stringify(data), RUN);
      kinds.add(parsed.kind);
      if (parsed.kind !== 'valid') return;
      expect(parsed.file).toEqual(JSON.parse(JSON.stringify(data)));
      expectSane(parsed.file);
    }),
    { seed: SEED, numRuns: 5_000 },
  );
  expect([...kinds].sort()).toEqual(['damaged', 'other-version', 'valid']);
});

test('a file with one byte changed is valid only when it still makes sense', () => {
  const bytes = Buffer.from(JSON.stringify(whole));
  fc.assert(
    fc.property(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 255 }), (at, byte) => {
      const copy = Buffer.from(bytes);
      copy[at] = byte;
      const parsed = parseRunFile(copy.toString('utf8'), RUN);
      if (parsed.kind === 'valid') expectSane(parsed.file);
    }),
    { seed: SEED, numRuns: 10_000 },
  );
});

function placesIn(value: unknown): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, below]) => [
    [key],
    ...placesIn(below).map((place) => [key, ...place]),
  ]);
}
