// Installs and builds what a checkout lacks, and is quick when nothing is lacking.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

function run(label, command, args) {
  console.error(`reeve: ${label}`);
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

function digest(files) {
  const hash = createHash('sha256').update(process.version);
  for (const file of files)
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(join(root, file)))
      .update('\0');
  return hash.digest('hex');
}

/** Runs `step` unless `stamp` says that it was done for these very files. */
function unlessDone(stamp, files, step) {
  const path = join(root, stamp);
  const wanted = digest(files);
  if (existsSync(path) && readFileSync(path, 'utf8') === wanted) return;
  step();
  writeFileSync(path, wanted);
}

const sources = () =>
  readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath.slice(root.length), entry.name))
    .sort();

unlessDone('node_modules/.reeve-ready', ['package.json', 'package-lock.json'], () =>
  run('installing dependencies', 'npm', ['ci', '--no-fund', '--no-audit', '--loglevel=error']),
);
unlessDone('dist/.reeve-ready', ['tsconfig.json', 'package-lock.json', ...sources()], () => {
  // Built beside and then put in place: whoever runs the old build at this moment is not disturbed for long.
  const fresh = join(root, `node_modules/.reeve-dist-${process.pid}`);
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  process.once('exit', () => rmSync(fresh, { recursive: true, force: true }));
  run('building', process.execPath, [tsc, '-p', 'src', '--outDir', fresh]);
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  renameSync(fresh, join(root, 'dist'));
});
