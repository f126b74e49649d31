/** Files on the machine's disk, private to their user. */
import { chmod, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { codeOf } from '../errors.ts';
import type { Files } from './os.ts';

const PRIVATE_FILE = 0o600;
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
  remove: (path) => rm(path, { force: true }),
  async list(directory) {
    try {
      return (await readdir(directory)).sort();
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return [];
      throw error;
    }
  },
  async makePrivateDirectory(path) {
    await mkdir(path, { recursive: true, mode: PRIVATE_DIRECTORY }).catch((error: unknown) => {
      // The recursive mkdir says ENOENT when the file system is read-only; the plain one says why.
      if (codeOf(error) !== 'ENOENT') throw error;
      return mkdir(path, { mode: PRIVATE_DIRECTORY });
    });
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0) await chmod(path, PRIVATE_DIRECTORY);
  },
};
