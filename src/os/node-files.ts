/** Files on the machine's disk, private to their user. */
import { chmod, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { codeOf } from '../errors.ts';
import type { Files } from './os.ts';

export const PRIVATE_FILE = 0o600;
const PRIVATE_DIRECTORY = 0o700;

export const nodeFiles: Files = {
  async read(path) {
    try {
      return await readFile(path, 'utf8');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  },
  write: (path, text) => writeFile(path, text, { mode: PRIVATE_FILE }),
  rename: (from, to) => rename(from, to),
  remove: (path) => rm(path, { force: true, recursive: true }),
  async list(directory) {
    try {
      return (await readdir(directory)).sort();
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return [];
      throw error;
    }
  },
  absolute: (path) => resolve(path),
  async makePrivateDirectory(path) {
    await makeDirectory(path);
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0) await chmod(path, PRIVATE_DIRECTORY);
  },
};

/** With its parents. Node's own recursive mkdir says ENOENT where the file system is read-only: this says why. */
async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: PRIVATE_DIRECTORY });
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return;
    if (codeOf(error) !== 'ENOENT' || dirname(path) === path) throw error;
    await makeDirectory(dirname(path));
    await mkdir(path, { mode: PRIVATE_DIRECTORY }).catch((again: unknown) => {
      if (codeOf(again) !== 'EEXIST') throw again; // somebody else was faster
    });
  }
}
