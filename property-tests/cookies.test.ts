/** Marks survive their way through an environment, whatever stands around them. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Cookie, cookieVariables, readCookies } from '../src/os/cookie.ts';
import { parseCookies } from '../src/os/linux/proc.ts';
import { cookiesBehind } from '../src/os/portable/ps.ts';
import { SEED } from './seed.ts';

const runId = fc.stringMatching(/^[0-9]{4,16}_[a-z0-9]{1,12}$/);
const workerId = fc.stringMatching(/^[a-zA-Z0-9_.?#-]+(\/[a-zA-Z0-9_.?#-]+)*$/);
const cookie: fc.Arbitrary<Cookie> = fc.record({ runId, workerId: fc.oneof(fc.constant(''), workerId) });
const outer = fc.array(cookie, { maxLength: 3 });

/** Anything but ours: names as a shell takes them, values without a zero byte. */
const name = fc.stringMatching(/^[A-Z_][A-Z0-9_]{0,12}$/).filter((one) => !one.startsWith('REEVE_'));
const value = fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', ''));
const others = fc.array(fc.tuple(name, value), { maxLength: 5 });

const asKept = (entries: readonly (readonly [string, string])[]) =>
  Buffer.from(entries.map(([key, text]) => `${key}=${text}\0`).join(''));

test('marks are read back from among any other variables', () => {
  fc.assert(
    fc.property(cookie, outer, others, others, (own, around, before, behind) => {
      const marks = Object.entries(cookieVariables(own, around));
      expect(parseCookies(asKept([...before, ...marks, ...behind]))).toEqual([own, ...around]);
    }),
    { seed: SEED, numRuns: 500 },
  );
});

test('an environment without our variables has no marks, whatever its values say', () => {
  fc.assert(
    fc.property(others, runId, (variables, id) => {
      const environment = asKept([...variables, ['QUOTED', `REEVE_RUN_ID=${id}`]]);
      expect(parseCookies(environment)).toEqual([]);
    }),
    { seed: SEED, numRuns: 500 },
  );
});

test('marks are read from what ps prints behind the arguments', () => {
  const line = fc.stringMatching(/^[a-z/]+( [a-zA-Z0-9=_/.-]+){0,4}$/);
  fc.assert(
    fc.property(line, cookie, outer, (commandLine, own, around) => {
      const variables = { ...cookieVariables(own, around), PATH: '/bin' };
      const environment = Object.entries(variables).map(([key, text]) => `${key}=${text}`);
      expect(cookiesBehind(commandLine, [commandLine, ...environment].join(' '))).toEqual([own, ...around]);
    }),
    { seed: SEED, numRuns: 500 },
  );
});

test('what stands in the arguments is no mark, in whatever form', () => {
  fc.assert(
    fc.property(runId, fc.constantFrom('REEVE_RUN_ID', 'REEVE_OUTER_IDS'), (id, variable) => {
      const commandLine = `grep ${variable}=${id} REEVE_WORKER_ID=w file`;
      expect(cookiesBehind(commandLine, `${commandLine} PATH=/bin`)).toEqual([]);
    }),
    { seed: SEED, numRuns: 100 },
  );
});

test('no run ID, no marks', () => {
  expect(readCookies((variable) => (variable === 'REEVE_WORKER_ID' ? 'w' : undefined))).toEqual([]);
});
