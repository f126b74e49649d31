/** The configuration of `reeve up`: where it is found, in which forms, and what is said when it cannot be meant. */
import { describe, expect, test } from 'vitest';
import { once, openShell } from '../support/cli.ts';

const loadsTypeScript = Boolean((process.features as { typescript?: unknown }).typescript);
const asModule = (config: object) => `export default ${JSON.stringify(config)};\n`;

describe('the forms', () => {
  test.each([
    ['reeve.config.mjs', asModule(once('echo done'))],
    ['reeve.config.json', JSON.stringify(once('echo done'))],
    ['reeve.config.mjs', `export default async () => (${JSON.stringify(once('echo done'))});\n`],
  ])('%s is found in the working directory', async (name, content) => {
    const shell = openShell();
    shell.put(name, content);
    const { code, stdout, stderr } = await shell.run('up');
    expect(stderr).toBe('');
    expect(stdout).toContain('s/w | done\n');
    expect(code).toBe(0);
  });

  test('any file may be named, and its workers run where it is', async () => {
    const shell = openShell();
    const path = shell.put('other.mjs', asModule(once('pwd -P')));
    const elsewhere = openShell();
    const { code, stdout } = await elsewhere.run('up', path);
    expect(stdout).toContain(`s/w | ${shell.directory}\n`);
    expect(code).toBe(0);
  });

  test('a directory may be named that holds one of the known names', async () => {
    const shell = openShell();
    shell.put('reeve.config.mjs', asModule(once('pwd -P')));
    const elsewhere = openShell();
    const { code, stdout } = await elsewhere.run('up', shell.directory);
    expect(stdout).toContain(`s/w | ${shell.directory}\n`);
    expect(code).toBe(0);
    expect(await shell.run('up', '.')).toMatchObject({ code: 0, stderr: '' });
  });

  test('JSON may begin with a byte order mark', async () => {
    const shell = openShell();
    shell.put('reeve.config.json', `\uFEFF${JSON.stringify(once('echo done'))}`);
    const { code, stdout } = await shell.run('up');
    expect(stdout).toContain('s/w | done\n');
    expect(code).toBe(0);
  });

  test('a relative directory of a worker counts from there', async () => {
    const shell = openShell();
    const config = once('pwd -P');
    Object.assign(config.supervisors[0]!.children[0]!, { cwd: '..' });
    shell.put('reeve.config.json', config);
    const { stdout } = await shell.run('up');
    expect(stdout).toContain(`s/w | ${shell.directory.replace(/\/[^/]+$/, '')}\n`);
  });

  test(`TypeScript is ${loadsTypeScript ? 'loaded' : 'refused in clear words'} by this Node`, async () => {
    const shell = openShell();
    const path = shell.put(
      'reeve.config.ts',
      `const script: string = 'echo done';\nexport default ${JSON.stringify(once('?')).replace('"?"', 'script')};\n`,
    );
    const { code, stdout, stderr } = await shell.run('up');
    if (loadsTypeScript) {
      expect(stdout).toContain('s/w | done\n');
      expect(code).toBe(0);
    } else {
      expect(stderr).toBe(
        `reeve: ${path}: Node ${process.version} cannot load TypeScript; use 22.18 or later, or .mjs\n`,
      );
      expect(code).toBe(2);
    }
  });
});

describe('what cannot be meant ends with 2 and starts nothing', () => {
  const good = once('echo started').supervisors[0]!;
  const child = good.children[0]!;

  test.each<[string, string, RegExp]>([
    ['a list', '[]', /: expected an object, got an array\n$/],
    ['no supervisors', '{}', /: supervisors: expected an array of at least one supervisor, got undefined\n$/],
    ['none of them', '{"supervisors":[]}', /: supervisors: expected an array of at least one/],
    [
      'a misspelt key',
      JSON.stringify({ supervisor: [good] }),
      /: supervisor: .*did you mean 'supervisors'\?\n$/,
    ],
    [
      'a misspelt key of a supervisor',
      JSON.stringify({ supervisors: [{ ...good, intensty: 1 }] }),
      /: supervisors\[0\]\.intensty: unknown option; did you mean 'intensity'\?\n$/,
    ],
    [
      'a fault in the second supervisor',
      JSON.stringify({ supervisors: [good, { id: 't', children: [{ ...child, comand: 'x' }] }] }),
      /: supervisors\[1\]\.children\[0\]\.comand: unknown option; did you mean 'command'\?\n$/,
    ],
    [
      'a supervisor that is none',
      JSON.stringify({ supervisors: [good, null] }),
      /: supervisors\[1\]: expected an object, got null\n$/,
    ],
    [
      'two supervisors of one id',
      JSON.stringify({ supervisors: [good, good] }),
      /: supervisors\[1\]\.id: 's' is the id of supervisors\[0\] already\n$/,
    ],
    [
      'a host option out of range',
      JSON.stringify({ supervisors: [good], orphanGrace: -1 }),
      /: orphanGrace: expected a whole number from 0/,
    ],
    ['no JSON', '{', /reeve\.config\.json: .*JSON/],
  ])('%s', async (_, text, complaint) => {
    const shell = openShell();
    const path = shell.put('reeve.config.json', text);
    const { code, stdout, stderr } = await shell.run('up');
    expect(stderr).toMatch(complaint);
    expect(stderr.startsWith(`reeve: ${path}: `)).toBe(true);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  test('no configuration at all', async () => {
    const shell = openShell();
    const { code, stderr } = await shell.run('up');
    expect(stderr).toMatch(/^reeve: none of reeve\.config\.ts, .* is in \/.*\n$/);
    expect(code).toBe(2);
  });

  test('a directory without one', async () => {
    const shell = openShell();
    const { code, stderr } = await shell.run('up', shell.stateDirectory);
    expect(stderr).toContain(` is in ${shell.stateDirectory}\n`);
    expect(code).toBe(2);
  });

  test('a file that is not there', async () => {
    const shell = openShell();
    const { code, stderr } = await shell.run('up', 'nowhere.mjs');
    expect(stderr).toBe(`reeve: ${shell.directory}/nowhere.mjs: no such file\n`);
    expect(code).toBe(2);
  });

  test('a module that throws', async () => {
    const shell = openShell();
    const path = shell.put('reeve.config.mjs', 'throw new Error("not today");\n');
    const { code, stderr } = await shell.run('up');
    expect(stderr).toBe(`reeve: ${path}: not today\n`);
    expect(code).toBe(2);
  });

  test('a module without a default export', async () => {
    const shell = openShell();
    const path = shell.put('reeve.config.mjs', 'export const config = {};\n');
    const { code, stderr } = await shell.run('up');
    expect(stderr).toBe(`reeve: ${path}: expected an object, got undefined\n`);
    expect(code).toBe(2);
  });
});
