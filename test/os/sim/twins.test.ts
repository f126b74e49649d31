/** Every ready-made program has a real twin in the cast, and every one of the cast is played. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import * as programs from '../../../src/os/sim/programs.ts';

const CASES = fileURLToPath(new URL('.', import.meta.url));
const CAST = fileURLToPath(new URL('../../support/fidelity/', import.meta.url));

/** Those that have no real twin, and why. This list only shrinks: what has one fails the test if it stands here. */
const WITHOUT_TWIN: Readonly<Record<string, string>> = {
  becomesRoot:
    'it takes a program that has been given the right; that root becomes another is compared instead',
};

/** What the code of these files takes from `namespace`. */
function namesUsed(namespace: string, folder: string, files: RegExp): readonly string[] {
  const code = readdirSync(folder)
    .filter((file) => files.test(file))
    .map((file) => readFileSync(join(folder, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, ''))
    .join('\n');
  return [
    ...new Set([...code.matchAll(new RegExp(`\\b${namespace}\\.(\\w+)`, 'g'))].map((match) => match[1]!)),
  ];
}

const CAST_FILES = /^actors.*\.ts$/;

test('every program is played by a real twin, too, or it is said why not', () => {
  const played = namesUsed('does', CAST, CAST_FILES);
  const without = Object.keys(programs).filter((name) => !played.includes(name));
  expect(without).toEqual(Object.keys(WITHOUT_TWIN));
});

test('everybody in the cast is played in some case', async () => {
  const files = readdirSync(CAST).filter((file) => CAST_FILES.test(file));
  const cast: Record<string, unknown>[] = await Promise.all(files.map((file) => import(join(CAST, file))));
  const played = namesUsed('actors', CASES, /^cases-.*\.ts$/);
  const idle = cast.flatMap(Object.keys).filter((name) => !played.includes(name));
  expect(idle).toEqual([]);
});
