/** Files that grow, on the machine's disk. */
import { appendFile, type FileHandle, open } from 'node:fs/promises';
import { codeOf } from '../errors.ts';
import { PRIVATE_FILE } from './node-files.ts';
import type { Logs } from './os.ts';

export const nodeLogs: Logs = {
  append: (path, bytes) => appendFile(path, bytes, { mode: PRIVATE_FILE }),
  async read(path, from, most) {
    let file: FileHandle;
    try {
      file = await open(path, 'r');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(most), 0, most, from);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  },
};
