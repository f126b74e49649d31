/** The examples in README and guide: each is run as it stands there, against the package as it is built. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { processesWith } from './support/processes.ts';
import { temporaryDirectory } from './support/temporary.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const documents = [
  'README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .map((name) => join('docs', name))
    .filter((name) => /^docs\/guide.*\.md$/.test(name))
    .sort(),
];

interface Example {
  readonly document: string;
  /** Of its first line. */
  readonly line: number;
  readonly language: string;
  /** A configuration for `reeve up`, if it is named; else a program, or a script in which `reeve` is a command. */
  readonly file: string | undefined;
  readonly code: string;
}

/** The blocks that begin with ```ts runnable, with ```js runnable and the name of a configuration file, or with ```sh runnable. */
function examplesIn(document: string): readonly Example[] {
  const text = readFileSync(join(root, document), 'utf8');
  return [...text.matchAll(/^```(ts|js|sh) runnable(?: (\S+))?\n(.*?)^```$/gms)].map((match) => ({
    document,
    line: text.slice(0, match.index).split('\n').length + 1,
    language: match[1]!,
    file: match[2],
    code: match[3]!,
  }));
}

const examples = documents.flatMap(examplesIn);

/** As strict as the package's own, so that an example that does not fit the types fails too. */
const COMPILER_OPTIONS = {
  target: 'ES2023',
  lib: ['ES2023', 'ESNext.Disposable'],
  module: 'NodeNext',
  types: ['node'],
  typeRoots: [join(root, 'node_modules/@types')],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: true,
};

/** A place like an application's, in which `reeve` is installed. */
function application(): string {
  const directory = temporaryDirectory();
  mkdirSync(join(directory, 'node_modules'));
  symlinkSync(root, join(directory, 'node_modules/reeve'));
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ type: 'module' }));
  const files = ['example.ts'];
  writeFileSync(
    join(directory, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: COMPILER_OPTIONS, files }),
  );
  return directory;
}

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** @param args of Node, or behind `sh` a script */
function run(directory: string, args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  const isScript = args[0] === 'sh';
  const child = spawn(isScript ? 'sh' : process.execPath, isScript ? args.slice(1) : args, {
    cwd: directory,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes) => {
      output += bytes;
    });
  }
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, output })));
}

/** Writes the example where it can be run; returns what Node is to run. */
async function prepare(example: Example, directory: string): Promise<readonly string[]> {
  if (example.file !== undefined) {
    writeFileSync(join(directory, example.file), example.code);
    return [join(root, 'dist/cli/main.js'), 'up', example.file];
  }
  if (example.language === 'sh') {
    const reeve = `reeve() { '${process.execPath}' '${join(root, 'dist/cli/main.js')}' "$@"; }\n`;
    writeFileSync(join(directory, 'example.sh'), `set -e\n${reeve}${example.code}`);
    return ['sh', 'example.sh'];
  }
  writeFileSync(join(directory, 'example.ts'), example.code);
  const compiled = await run(directory, [join(root, 'node_modules/typescript/bin/tsc')]);
  expect(compiled, 'it compiles').toEqual({ code: 0, output: '' });
  return ['example.js'];
}

test("the example of an application's own test passes", async () => {
  const { code, output } = await run(root, ['--test', 'examples/shop/tree.test.mjs']);
  expect(output).toMatch(/pass 2/);
  expect(code).toBe(0);
});

test('README and guide have examples to run', () => {
  expect(new Set(examples.map(({ document }) => document))).toEqual(new Set(documents));
});

describe.each(examples)('the example in $document, line $line', (example) => {
  test('runs, ends with code 0 and leaves nothing behind', async () => {
    const directory = application();
    const REEVE_STATE_DIR = join(directory, 'state');
    const EXAMPLE_ID = randomUUID(); // inherited by all that comes of it
    const args = await prepare(example, directory);
    const { code, output } = await run(directory, args, { REEVE_STATE_DIR, EXAMPLE_ID });
    expect(code, output).toBe(0);
    expect(processesWith(`EXAMPLE_ID=${EXAMPLE_ID}`)).toEqual([]);
    const runs = join(REEVE_STATE_DIR, 'runs'); // there is none when nothing real was started
    expect(existsSync(runs) ? readdirSync(runs) : []).toEqual([]);
  });
});

test('every file that README and the documents link to or name is there', () => {
  const all = ['README.md', ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })]
    .map((name) => (name === 'README.md' ? name : join('docs', name)))
    .filter((name) => name.endsWith('.md'));
  const missing = all.flatMap((document) => {
    const text = readFileSync(join(root, document), 'utf8');
    const prose = text.replace(/^```.*?^```$/gms, ''); // in code, `](` is no link
    const linked = [...prose.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map((match) =>
      join(document, '..', match[1]!),
    );
    const named = [...text.matchAll(/`((?:src|test|property-tests|examples)\/[^`\s]+\.[a-z]+)`/g)].map(
      (match) => match[1]!,
    );
    return [...linked, ...named]
      .filter((target) => !existsSync(join(root, target)))
      .map((target) => `${document}: ${target}`);
  });
  expect(missing).toEqual([]);
});
