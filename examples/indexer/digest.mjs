// A worker of the pool `digests`: what the module exports can be called; `digest` gives the SHA-256 of a file.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';

/** Milliseconds for each file, as in count.py. */
const PACE = 20;

export async function digest(path, { signal }) {
  await setTimeout(PACE, undefined, { signal });
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}
