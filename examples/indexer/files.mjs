// Which files are indexed, and what an index of them must say: counted plainly, here in the host, without any worker.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** What git ignores here, and git's own. */
const SKIPPED = new Set(['node_modules', 'dist', '.git', '__pycache__']);
/** Git, too, takes a file for binary that has a zero within so many bytes. */
const LOOKED_AT = 8_000;

/** The text files below `directory`: their paths from there, in alphabetical order. */
export function textFiles(directory) {
  const filesIn = (folder) =>
    readdirSync(folder, { withFileTypes: true })
      .filter(({ name }) => !SKIPPED.has(name) && !name.endsWith('.log'))
      .flatMap((entry) => {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) return filesIn(path);
        return entry.isFile() && isText(path) ? [relative(directory, path)] : [];
      });
  return filesIn(directory).sort();
}

const isText = (path) => !readFileSync(path).subarray(0, LOOKED_AT).includes(0);

/** Lines, words and bytes of all files, and one digest over the digests of them all. */
export function plainCount(directory, files) {
  const contents = files.map((file) => readFileSync(join(directory, file)));
  return {
    ...sum(contents.map((content) => ({ ...linesAndWords(content), bytes: content.length }))),
    digest: digestOfAll(files, contents.map(sha256)),
  };
}

export const sum = (counts) =>
  counts.reduce(
    (all, { lines, words, bytes }) => ({
      lines: all.lines + lines,
      words: all.words + words,
      bytes: all.bytes + bytes,
    }),
    { lines: 0, words: 0, bytes: 0 },
  );

/** As `sha256sum` would list them. */
export const digestOfAll = (files, digests) =>
  sha256(files.map((file, index) => `${digests[index]}  ${file}\n`).join(''));

const sha256 = (content) => createHash('sha256').update(content).digest('hex');

/** By bytes, as the Python worker does it: what either language takes for white space beyond ASCII is not the same. */
function linesAndWords(content) {
  const text = content.toString('latin1');
  return { lines: text.split('\n').length - 1, words: text.match(/[^ \t\n\r\v\f]+/g)?.length ?? 0 };
}
