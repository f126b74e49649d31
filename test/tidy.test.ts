/** The rules of the house, as a test: floors, sizes, who may touch the outside world, and what is exempt. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** From the ground up: a folder imports only from those before it, and from itself. */
const FLOORS = [
  '',
  'os',
  'registry',
  'flow',
  'worker',
  'channel',
  'supervisor',
  'pool',
  'tasks',
  'serve',
  'host',
  'sim',
  'cli',
];
/** `index.ts` stands on all of them. */
const ROOF = 'src/index.ts';

const LONGEST_FILE = 300;
const LONGEST_FUNCTION = 60;

/** What breaks a rule, by rule. This list only shrinks: an entry that is not needed any more fails the test too. */
const EXEMPT: Readonly<Record<string, readonly string[]>> = {
  'longest file': [],
  'longest function': [],
  'outside world': [
    // The real state directory is looked up in the environment.
    'src/host/host.ts: process.env',
  ],
};

function filesBelow(folder: string, ending: RegExp): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && ending.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length))
    .filter((file) => !file.includes('node_modules/'))
    .sort();
}

const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const sources = filesBelow('src', /\.ts$/);
const code = [...sources, ...filesBelow('test', /\.ts$/), ...filesBelow('property-tests', /\.ts$/)];

/** Comments and strings blanked, so that only what the code does is seen. */
const withoutComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' ')).replace(/\/\/.*$/gm, '');

const floorOf = (file: string): string => {
  const [, folder, rest] = file.split('/');
  return rest === undefined ? '' : folder!;
};

function importsOf(file: string): { target: string; names: string }[] {
  const found = withoutComments(read(file)).matchAll(
    /(?:import|export)\s+([^;]*?)\s*from\s+'([^']+)'|import\('([^']+)'\)/g,
  );
  return [...found].map((match) => ({ names: match[1] ?? '', target: match[2] ?? match[3]! }));
}

const expectExempt = (rule: string, broken: readonly string[]): void =>
  expect(broken, rule).toEqual(EXEMPT[rule]);

describe('the floors', () => {
  test('every folder of src is a floor of the house', () => {
    expect([...new Set(sources.map(floorOf))].sort()).toEqual([...FLOORS].sort());
  });

  test('a floor imports only what stands below it, and its own files', () => {
    const upward = sources
      .filter((file) => file !== ROOF)
      .flatMap((file) =>
        importsOf(file)
          .filter(({ target }) => target.startsWith('.'))
          .map(({ target }) => normalize(join(dirname(file), target)))
          .filter((target) => FLOORS.indexOf(floorOf(target)) > FLOORS.indexOf(floorOf(file)))
          .map((target) => `${file} imports ${target}`),
      );
    expect(upward).toEqual([]);
  });

  test('no two files import each other, by whatever way round', () => {
    const graph = new Map(
      sources.map((file) => [
        file,
        importsOf(file)
          .filter(({ target, names }) => target.startsWith('.') && !names.startsWith('type '))
          .map(({ target }) => normalize(join(dirname(file), target))),
      ]),
    );
    const state = new Map<string, 'open' | 'done'>();
    const cycles: string[] = [];
    const visit = (file: string, path: readonly string[]): void => {
      if (state.get(file) === 'done') return;
      if (state.get(file) === 'open') {
        cycles.push([...path.slice(path.indexOf(file)), file].join(' → '));
        return;
      }
      state.set(file, 'open');
      for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
      state.set(file, 'done');
    };
    for (const file of sources) visit(file, []);
    expect(cycles).toEqual([]);
  });
});

describe('sizes', () => {
  test(`no file is longer than ${LONGEST_FILE} lines`, () => {
    expectExempt(
      'longest file',
      code.filter((file) => read(file).split('\n').length > LONGEST_FILE),
    );
  });

  test(`no function in src is longer than ${LONGEST_FUNCTION} lines`, () => {
    expectExempt(
      'longest function',
      sources.flatMap((file) => longFunctions(read(file)).map((line) => `${file}:${line}`)),
    );
  });

  const BODY = ['  a();', '  b();', '  c();'];
  test.each([
    ['function f(): void {', ...BODY, '}'],
    ['  async #f(a: A): Promise<void> {', ...BODY.map((line) => `  ${line}`), '  }'],
    ['const f = (a: A): void => {', ...BODY, '};'],
    ['export function f(', '  a: A,', '): void {', ...BODY, '}'],
    ['export async function f<T>(', '  a: A,', '  { b }: B,', '): Promise<T> {', ...BODY, '}'],
    ['const f = (', '  a: A,', ') => {', ...BODY, '};'],
    ['function f({', '  a,', '}: A): void {', ...BODY, '}'],
    ['async function f(', '  a: A,', '): Promise<{', '  readonly b: B;', '}> {', ...BODY, '}'],
  ])('a function is seen however its signature stands: %s', (...lines) => {
    expect(longFunctions(lines.join('\n'), lines.length - 1)).toEqual([1]);
    expect(longFunctions(lines.join('\n'), lines.length)).toEqual([]);
  });

  test('a block in a function is no function', () => {
    expect(longFunctions(['  if (', '    a &&', '    b', '  ) {', ...BODY, '  }'].join('\n'), 1)).toEqual([]);
  });
});

/** The opening line of a function, or the last one of a signature that the formatter wrapped over several. */
const OPENING =
  /^(\s*)(?:export )?(?:async )?(?:function\b.*|(?:static |override |async |get |set )*#?\w+\(.*\)(?:: .*)?|(?:const|let) \w+ = .*=>) \{$/;
const END_OF_SIGNATURE = /^(\s*)(?:\)(?:: .*)?|\}: .*\)(?:: .*)?|\}>+)(?: =>)? \{$/;
const BLOCK = /^\s*(if|for|while|switch|catch)\b/;

/** The numbers of the lines on which they begin. The formatter closes a function at the indentation of its first line. */
function longFunctions(text: string, longest = LONGEST_FUNCTION): number[] {
  const lines = text.split('\n');
  return lines.flatMap((line, index) => {
    const opened = OPENING.exec(line);
    const indent = (opened ?? END_OF_SIGNATURE.exec(line))?.[1];
    if (indent === undefined) return [];
    const isFirst = (other: string) =>
      other.startsWith(indent) && /^[^\s)}]/.test(other.slice(indent.length));
    const start = opened === null ? lines.slice(0, index).findLastIndex(isFirst) : index;
    if (BLOCK.test(lines[start]!)) return [];
    const end = lines.findIndex((other, at) => at > index && other.startsWith(`${indent}}`));
    return end - start + 1 > longest ? [start + 1] : [];
  });
}

describe('the outside world', () => {
  /** Only `os/` and the outermost edges may touch it: `cli/`, and `serve/`, which runs in workers. */
  const inside = sources.filter((file) => !['os', 'cli', 'serve'].includes(floorOf(file)));
  const FORBIDDEN: Readonly<Record<string, RegExp>> = {
    // But for those that only compute, or tell this very process.
    'node: modules': /from 'node:(?!string_decoder|v8|diagnostics_channel)/,
    'process.kill': /\bprocess\.kill\b/,
    'process.on': /\bprocess\.(on|once|off)\b/,
    'process.env': /\bprocess\.env\b/,
    'ambient timers': /(?<![.\w#])(setTimeout|setInterval|setImmediate|clearTimeout)\(/,
    Date: /\bDate\.now\b|\bnew Date\b|\bperformance\.now\b/,
    'Math.random': /\bMath\.random\b|\brandomUUID\b/,
  };

  test('is touched by nobody else', () => {
    const touching = inside.flatMap((file) => {
      const text = withoutComments(read(file));
      const broken = Object.entries(FORBIDDEN).filter(([, pattern]) => pattern.test(text));
      return broken.map(([what]) => `${file}: ${what}`);
    });
    const unexpected = touching.filter(
      (entry) => !EXEMPT['outside world']!.some((exempt) => entry.startsWith(exempt)),
    );
    expect(unexpected).toEqual([]);
    const unneeded = EXEMPT['outside world']!.filter(
      (exempt) => !touching.some((entry) => entry.startsWith(exempt)),
    );
    expect(unneeded, 'exempt, but no longer in need of it').toEqual([]);
  });
});

describe('manners', () => {
  test('nothing is exported by star', () => {
    expect(code.filter((file) => /^export \*/m.test(read(file)))).toEqual([]);
  });

  test('the first line of a source says what the file is for', () => {
    const silent = [
      ...sources,
      ...filesBelow('bench', /\.mjs$/),
      ...filesBelow('examples', /\.(mjs|sh)$/),
    ].filter((file) => !/^(#!.*\n)?(\/\*\*|\/\/|#) ?\S|^(#!.*\n)?\/\*\*\n \* \S/.test(read(file)));
    expect(silent).toEqual([]);
  });

  test('every property has the one seed, which is printed when it fails', () => {
    const unseeded = code.filter((file) => {
      const text = read(file);
      const properties = text.match(/\bfc\s*\.(assert|check)\(/g)?.length ?? 0;
      const seeded = text.match(/\{ seed: SEED\b/g)?.length ?? 0;
      return properties > 0 && !(properties <= seeded && text.includes("import { SEED } from './seed.ts'"));
    });
    expect(unseeded).toEqual([]);
  });

  test('nothing is left to be done, and no test is skipped or singled out unheard', () => {
    const marks = /\b(TODO|FIXME|XXX)\b|\b(test|it|describe)\.(only|todo)\b/;
    expect(code.filter((file) => file !== 'test/tidy.test.ts' && marks.test(read(file)))).toEqual([]);
  });

  test('a lock file names versions, and no place to get them', () => {
    for (const file of ['package-lock.json', 'bench/peers/package-lock.json'])
      expect(read(file)).not.toMatch(/"resolved"/);
  });

  test('a cast through `any` hides nothing', () => {
    expect(
      sources.filter((file) => /\bas any\b|: any\b|@ts-ignore|@ts-expect-error/.test(read(file))),
    ).toEqual([]);
  });
});
