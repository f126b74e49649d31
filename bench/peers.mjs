// Installs the pools that we compare with, on first use: they are no dependencies of ours.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const directory = fileURLToPath(new URL('./peers', import.meta.url));
const stamp = join(directory, 'node_modules/.reeve-ready');

/** Without their scripts, and without what is native code for other machines. */
const INSTALL = ['ci', '--ignore-scripts', '--omit=optional', '--no-fund', '--no-audit', '--loglevel=error'];

export function installPeers() {
  const hash = createHash('sha256').update(process.version);
  for (const name of ['package.json', 'package-lock.json']) hash.update(readFileSync(join(directory, name)));
  const wanted = hash.digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  console.error('reeve: installing the pools to compare with');
  const { status, error } = spawnSync('npm', INSTALL, { cwd: directory, stdio: ['ignore', 2, 2] });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
  writeFileSync(stamp, wanted);
}
