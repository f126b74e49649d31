// npm run mutants -- [--only NAME] [--seeds N] [--shrink] [--json]: plants known bugs, one at a time, in a copy of the sources,
// and lets the simulation look for each. What it does not find, it would not find in earnest either.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { MUTANTS } from './mutant-list.mjs';

/** Lifetimes in which each must be found. */
const BUDGET = 8_000;
/** A mutant may make a lifetime endless. */
const LONGEST_MS = 180_000;

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    seeds: { type: 'string', default: String(BUDGET) },
    shrink: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const chosen = MUTANTS.filter(({ name }) => values.only === undefined || name === values.only);
if (chosen.length === 0) {
  console.error(`mutants: there is none called '${values.only}'`);
  process.exit(2);
}

const root = fileURLToPath(new URL('..', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'reeve-mutants-'));
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
for (const name of ['src', 'package.json', 'tsconfig.json'])
  cpSync(join(root, name), join(directory, name), { recursive: true });
symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));

const survivors = [];
for (const mutant of chosen) {
  const begun = performance.now();
  const found = hunt(mutant);
  if (found === undefined) survivors.push(mutant.name);
  if (!values.json) {
    const seconds = ((performance.now() - begun) / 1_000).toFixed(1).padStart(6);
    console.log(
      `${seconds} s  ${found === undefined ? 'SURVIVED' : 'caught  '}  ${mutant.name}${found === undefined ? '' : `  (${found})`}`,
    );
  }
}
const caught = chosen.length - survivors.length;
console.log(
  values.json
    ? JSON.stringify({ planted: chosen.length, caught, survivors })
    : `${caught} of ${chosen.length} caught`,
);
process.exitCode = survivors.length === 0 ? 0 : 1;

/** What gave it away, or undefined. */
function hunt({ edits }) {
  const sound = edits.map(({ file }) => readFileSync(join(directory, 'src', file), 'utf8'));
  try {
    for (const edit of edits) plant(edit);
    // A mutant need not please the type checker: unused names and the like do not keep it from being built.
    const compiler = join(root, 'node_modules/.bin/tsc');
    spawnSync(compiler, ['-p', join(directory, 'src'), '--noEmitOnError', 'false'], { cwd: directory });
    return live();
  } finally {
    edits.forEach(({ file }, index) => {
      writeFileSync(join(directory, 'src', file), sound[index]);
    });
  }
}

function plant({ file, find, replace }) {
  const path = join(directory, 'src', file);
  const sound = readFileSync(path, 'utf8');
  if (sound.split(find).length !== 2) throw new Error(`${file} does not have exactly one: ${find}`);
  writeFileSync(
    path,
    sound.replace(find, () => replace),
  );
}

function live() {
  const program = `import { campaign, live, Prng, planFrom, shrink } from '${directory}/dist/sim/index.js';
    const { violations } = await campaign({ seeds: ${Number(values.seeds)}, untilBroken: true });
    if (violations.length > 0) {
      const { seed, invariant } = violations[0];
      console.log(invariant);
      const isBroken = async (plan) => (await live(plan)).violations.some((one) => one.invariant === invariant);
      if (${values.shrink}) console.log(JSON.stringify(await shrink(planFrom(seed, new Prng(seed)), isBroken)));
    }`;
  try {
    const args = ['--input-type=module', '--eval', program];
    const output = execFileSync(process.execPath, args, {
      cwd: directory,
      timeout: LONGEST_MS,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return output.trim() === '' ? undefined : output.trim();
  } catch (error) {
    if (error.code === 'ETIMEDOUT') return 'it never ended';
    return `it broke: ${/^\w*Error.*$/m.exec(error.stderr ?? '')?.[0] ?? error.message.split('\n', 1)[0]}`;
  }
}
