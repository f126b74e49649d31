/** /proc/<pid>/stat and rows of ps are read right, whatever a process calls itself. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseStat } from '../src/os/linux/proc.ts';
import { parsePsRow } from '../src/os/portable/ps.ts';
import { SEED } from './seed.ts';

const number = fc.nat({ max: 2 ** 31 - 1 });
/** What prctl(PR_SET_NAME) takes, above all what could be mistaken for the end of the field. */
const processName = fc.string({
  unit: fc.constantFrom(' ', ')', '(', '\n', 'Z', '1', '/', 'é', '\t'),
  maxLength: 15,
});

test('the fields of stat are counted from the end of the name', () => {
  const state = fc.constantFrom('R', 'S', 'D', 'T', 'Z', 'X', 'I');
  fc.assert(
    fc.property(
      processName,
      state,
      number,
      number,
      number,
      number,
      fc.boolean(),
      (name, letter, parent, group, session, startTime, flagged) => {
        const between = Array.from({ length: 15 }, (_, index) => 1_000 + index);
        between[2] = flagged ? 4 : 0; // PF_EXITING
        const text = `77 (${name}) ${letter} ${parent} ${group} ${session} ${between.join(' ')} ${startTime} 9 9\n`;
        expect(parseStat(text)).toEqual({
          zombie: false, // with that many threads
          dying: letter === 'Z' || letter === 'X',
          exiting: flagged && letter !== 'Z' && letter !== 'X',
          kernelThread: false,
          parent,
          group,
          session,
          startTime,
        });
      },
    ),
    { seed: SEED, numRuns: 1_000 },
  );
});

test('a row of ps is read back, whatever its command line is', () => {
  const when = fc.date({ min: new Date(0), max: new Date('2099-12-31'), noInvalidDate: true });
  const commandLine = fc.string({ maxLength: 60 }).filter((text) => !/[\n\r]/.test(text));
  fc.assert(
    fc.property(number, number, number, number, when, commandLine, (pid, parent, group, userId, at, args) => {
      // Fri, 02 Jan 1970 00:00:00 GMT → Fri Jan  2 00:00:00 1970
      const [weekday, day, month, year, clock] = at.toUTCString().replace(',', '').split(' ');
      const started = `${weekday} ${month} ${String(Number(day)).padStart(2)} ${clock} ${year}`;
      const row = `${String(pid).padStart(7)} ${parent} ${group} ${userId} Ss+  ${started} ${args}`;
      expect(parsePsRow(row)).toEqual({
        pid,
        parent,
        group,
        userId,
        zombie: false,
        startTime: Math.floor(at.getTime() / 1_000),
        commandLine: args,
      });
    }),
    { seed: SEED, numRuns: 1_000 },
  );
});

test('a line that is not a row of ps is none', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(parsePsRow(`x ${text}`)).toBeUndefined();
    }),
    { seed: SEED, numRuns: 200 },
  );
});
