/** The shipped example, which `npm start` runs: pools that do a job beside the village, lose a worker, and leave nothing. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { type Command, openShell, type Shell } from '../support/cli.ts';
import { isAlive, processesOfRun } from '../support/processes.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = `${root}examples/indexer/main.mjs`;

/** The village keeps its log in the temporary directory, and another one may be running. */
const openOwnShell = () => openShell({ TMPDIR: temporaryDirectory() });

const start = (shell: Shell, ...args: readonly string[]): Command =>
  shell.exec(process.execPath, [MAIN, ...args]);

/** Some small text files, and beside them what is not to be indexed. */
function smallDirectory(count: number): string {
  const directory = temporaryDirectory();
  const put = (path: string, content: string | Buffer) => writeFileSync(`${directory}/${path}`, content);
  for (const folder of ['deep', 'deep/er', 'node_modules', 'dist', '.git', '.ci'])
    mkdirSync(`${directory}/${folder}`);
  for (let nth = 0; nth < count; nth += 1) put(`deep/er/${nth}.txt`, 'three words here\n');
  put('empty', '');
  put('.ci/odd', 'no-break\u00a0space\u2028here\r\nno end'); // five words in Unicode, three to whoever goes by bytes
  for (const path of ['node_modules/a.js', 'dist/b.js', '.git/HEAD', 'c.log']) put(path, 'not this');
  put('picture', Buffer.from([1, 2, 0, 3]));
  return directory;
}

test('`npm start` indexes this repository, loses a worker half-way, and everything adds up', async () => {
  const { scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
    scripts: Record<string, string>;
  };
  expect(scripts['start']).toMatch(/node examples\/indexer\/main\.mjs$/);
  const shell = openOwnShell();
  const indexer = start(shell);
  const [, killed, pid] = await indexer.says(
    /SIGKILL to (words\/worker\.\d) \(pid (\d+)\), which has [12] call/,
  );
  const [run] = shell.runs();
  expect(await indexer.ended).toEqual({ code: 0, signal: null });
  const said = indexer.stdout();
  const afterwards = said.slice(said.indexOf('half-way'));
  expect(afterwards).toContain(`'${killed}' (${pid}) was killed (SIGKILL) by somebody else`);
  expect(afterwards).toMatch(/words\/worker\.3 \(pid \d+\) is ready/);
  expect(isAlive(Number(pid))).toBe(false);

  const [, files] = /^(\d+) files, [\d,]+ lines, [\d,]+ words, [\d,]+ bytes$/m.exec(said)!;
  expect(Number(files)).toBeGreaterThan(400);
  const all = `${files} calls made, ${files} ok, 0 failed`;
  expect(said).toMatch(new RegExp(`^words: +${all}, \\d retried; workers: 1 lost, 1 started again$`, 'm'));
  expect(said).toMatch(new RegExp(`^digests: +${all}, 0 retried; workers: 0 lost, 0 started again$`, 'm'));
  expect(said).toMatch(/^meanwhile in the village: [1-9]\d* visits/m);
  expect(said).toMatch(/^it adds up: /m);
  expect(said).toMatch(/nothing is left\n$/);
  expect(indexer.stderr()).toBe('');
  expect(processesOfRun(run!)).toEqual([]);
  expect(shell.runs()).toEqual([]);
});

test('it indexes what git would list, byte for byte, and no more', async () => {
  const shell = openOwnShell();
  const indexer = start(shell, smallDirectory(10));
  expect(await indexer.ended).toEqual({ code: 0, signal: null });
  expect(indexer.stdout()).toMatch(/^12 files, 11 lines, 33 words, 200 bytes$/m);
  expect(indexer.stdout()).toMatch(/^it adds up: /m);
});

test('Ctrl-C in the midst of its job ends it in order', async () => {
  const shell = openOwnShell();
  const indexer = start(shell, smallDirectory(500));
  await indexer.says(/10 % of the calls are answered/);
  const [run] = shell.runs();
  indexer.process.kill('SIGINT');
  expect(await indexer.ended).toEqual({ code: null, signal: 'SIGINT' });
  expect(indexer.stdout()).toMatch(
    /stopping in order \(SIGINT\)\nstopped: .*market\/store\nnothing is left\n$/,
  );
  expect(indexer.stderr()).toBe('');
  expect(processesOfRun(run!)).toEqual([]);
  expect(shell.runs()).toEqual([]);
});
