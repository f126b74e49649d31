/** `npm run sim` and `npm run mutants`, as they are called: what they refuse, and what they count as found. */
import { spawn } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { temporaryDirectory } from '../support/temporary.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Mutant {
  readonly name: string;
  readonly edits: readonly object[];
}
/** Programs without types. */
const load = (name: string) => import(/* @vite-ignore */ join(root, 'property-tests', name));
const { edited }: { edited: (edits: readonly object[]) => Map<string, string> } =
  await load('mutant-copy.mjs');
const { MUTANTS }: { MUTANTS: readonly Mutant[] } = await load('mutant-list.mjs');

interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** @param onOutput told of what was written to standard output by then; may end it */
function command(
  name: 'sim' | 'mutants',
  args: readonly string[],
  onOutput: (output: string, kill: (signal: NodeJS.Signals) => void) => void = () => {},
  TMPDIR = temporaryDirectory(),
): Promise<Ended> {
  const child = spawn(process.execPath, [join(root, `property-tests/${name}.mjs`), ...args], {
    env: { ...process.env, TMPDIR },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGTERM'));
  let [output, errors] = ['', ''];
  child.stdout.on('data', (bytes) => {
    output += bytes;
    onOutput(output, (signal) => child.kill(signal));
  });
  child.stderr.on('data', (bytes) => {
    errors += bytes;
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, output, errors })));
}

describe('a flag that cannot be meant is one line on standard error, and code 2', () => {
  test.each([
    [
      'sim',
      ['--sedes', '3'],
      /^sim: Unknown option '--sedes' \(there are --seeds, --first, --json, --help\)\n$/,
    ],
    ['sim', ['--seeds'], /^sim: Option '--seeds <value>' argument missing.*\n$/],
    ['sim', ['--seeds', '--json'], /^sim: --seeds: a value is missing\n$/],
    ['sim', ['--seeds', '0'], /^sim: --seeds: expected a whole number from 1 to 4294967296, got '0'\n$/],
    ['sim', ['--seeds', '-1'], /^sim: --seeds: expected a whole number .*, got '-1'\n$/],
    ['sim', ['--seeds', 'abc'], /^sim: --seeds: expected a whole number .*, got 'abc'\n$/],
    ['sim', ['--first', '9007199254740993'], /^sim: --first: expected a whole number .*\n$/],
    [
      'sim',
      ['--first', '4294967295'],
      /^sim: 2000 seeds from 4294967295 on go beyond the last, 4294967295\n$/,
    ],
    ['mutants', ['--seeds', 'abc'], /^mutants: --seeds: expected a whole number .*, got 'abc'\n$/],
    ['mutants', ['--only', ''], /^mutants: --only: expected a part of a name.*\n$/],
    ['mutants', ['--fast'], /^mutants: Unknown option '--fast'.*\n$/],
    [
      'mutants',
      ['--only', 'no such'],
      /^mutants: --only: no name has 'no such' in it; there are\n {2}temporary children /,
    ],
  ] as const)('%s %o', async (name, args, complaint) => {
    const { code, output, errors } = await command(name, args);
    expect([code, output]).toEqual([2, '']);
    expect(errors).toMatch(complaint);
  });
});

test.each([
  ['sim', '--help', ['seeds', 'first', 'json']],
  ['sim', '-h', ['seeds', 'first', 'json']],
  ['mutants', '--help', ['only', 'seeds', 'shrink', 'list', 'json']],
] as const)('npm run %s %s is told each flag, and does nothing else', async (name, help, flags) => {
  const { code, output, errors } = await command(name, [help]);
  expect([code, errors]).toEqual([0, '']);
  expect(output).toMatch(new RegExp(`^npm run ${name} -- `));
  expect([...output.matchAll(/^ {2}--(\w+)/gm)].map(([, flag]) => flag)).toEqual(flags);
});

test('npm run sim --json is one line of JSON', async () => {
  const { code, output, errors } = await command('sim', ['--seeds', '3', '--first', '9', '--json']);
  expect([code, errors]).toEqual([0, '']);
  expect(Object.keys(JSON.parse(output))).toEqual([
    'seeds',
    'steps',
    'stepsPerSecond',
    'violations',
    'seconds',
    'missing',
    'coverage',
  ]);
});

describe('npm run mutants', { timeout: 300_000 }, () => {
  const ORACLE = 'sim/oracle.ts';
  const TOLD = 'if (this.#told.has(key))';

  /** A list of its own, of edits to what every lifetime does. */
  function list(...replacements: readonly string[]): string {
    const file = join(temporaryDirectory(), 'list.mjs');
    const mutants = replacements.map((replace) => ({
      name: replace,
      edits: [{ file: ORACLE, find: TOLD, replace }],
    }));
    writeFileSync(file, `export const MUTANTS = ${JSON.stringify(mutants)};`);
    return file;
  }

  const edit = { file: ORACLE, find: TOLD, replace: '' };

  test.each([
    ['', /exports no array MUTANTS/],
    ['export const MUTANTS = {};', /exports no array MUTANTS/],
    ['export const MUTANTS = [];', /is empty/],
    [`export const MUTANTS = [{ name: 'x' }];`, /MUTANTS\[0\] of .* has no edits/],
    [`export const MUTANTS = [{ name: 'x', edits: [] }];`, /MUTANTS\[0\] of .* has no edits/],
    ['export const MUTANTS = [null];', /MUTANTS\[0\] of .* has no name/],
    [`export const MUTANTS = [{ edits: [${JSON.stringify(edit)}] }];`, /MUTANTS\[0\] of .* has no name/],
    [`export const MUTANTS = [{ name: 'x', edits: [{ file: '${ORACLE}' }] }];`, /has an edit without/],
    [
      `export const MUTANTS = [{ name: 'x', campaign: 'pols', edits: [${JSON.stringify(edit)}] }];`,
      /is of no campaign: 'pols'/,
    ],
    ['throw null;', /null/],
  ])('refuses a list that is none: %s', async (text, complaint) => {
    const file = join(temporaryDirectory(), 'list.mjs');
    writeFileSync(file, text);
    const { code, output, errors } = await command('mutants', ['--list', file]);
    expect(errors).toMatch(/^mutants: --list: .*\n$/);
    expect(errors).toMatch(complaint);
    expect(errors).not.toContain('undefined');
    expect([code, output]).toEqual([2, '']);
  });

  test.each(MUTANTS)('can plant: $name', ({ edits }) => {
    expect(edited(edits).size).toBeGreaterThan(0); // throws when an edit does not fit the sources
  });

  test('counts what is broken and what is thrown as caught, and leaves nothing behind', async () => {
    const temporary = temporaryDirectory();
    const [breaks, throws] = ['if (key)', "throw new Error('planted');"];
    const harmless = `if (key === '') throw key; else ${TOLD}`;
    const args = ['--seeds', '5', '--json', '--list', list(breaks, throws, harmless)];
    const { code, output, errors } = await command('mutants', args, () => {}, temporary);
    expect([code, errors]).toEqual([1, '']);
    expect(JSON.parse(output)).toEqual({ planted: 3, caught: 2, survivors: [harmless] });
    expect(readdirSync(temporary)).toEqual([]);
  });

  test.each([
    ['pool', 'crashed stay open'],
    ['task', 'results come as tasks end'],
  ])('lives each %s for the bugs of these', async (kind, name) => {
    const list = join(root, `property-tests/${kind}-mutants.mjs`);
    const args = ['--seeds', '10', '--json', '--list', list, '--only', name];
    const { code, output, errors } = await command('mutants', args);
    expect([code, errors]).toEqual([0, '']);
    expect(JSON.parse(output)).toEqual({ planted: 1, caught: 1, survivors: [] });
  });

  test.each([
    ['if (', /^mutants: 'if \(': it is no TypeScript: .*TS1\d{3}.*\n$/],
    ["import('nowhere'); if (key)", /^mutants: 'import.*': it cannot be loaded: .*\n$/],
  ])('a mutant that is no program, %o, is a fault of the list', async (replace, complaint) => {
    const { code, errors } = await command('mutants', ['--seeds', '5', '--json', '--list', list(replace)]);
    expect(errors).toMatch(complaint);
    expect(code).toBe(2);
  });

  test('told to end, it ends what it has started, and leaves nothing behind', async () => {
    const temporary = temporaryDirectory();
    const args = ['--seeds', '5', '--list', list('while (key) {}')];
    const endItsHunt = (output: string, kill: (signal: NodeJS.Signals) => void): void => {
      if (output.includes('nothing planted')) kill('SIGTERM');
    };
    const { code } = await command('mutants', args, endItsHunt, temporary);
    expect(code).toBe(143);
    expect(readdirSync(temporary)).toEqual([]);
  });
});
