// npm run mutants -- [--only PART] [--seeds N] [--shrink] [--json] [--list FILE]: plants known bugs, one at a time, in a
// copy of the sources, and lets the simulation look for each. What it does not find, it would not find in earnest either.
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { flagsOf, SEEDS } from './flags.mjs';
import { Copy, edited, ListError } from './mutant-copy.mjs';

/** Lifetimes in which each must be found: those of hosts with their trees, then the kept ones; or of pools, or of tasks. */
const BUDGETS = { trees: 8_000, pools: 3_000, tasks: 1_000 };
/** More at once would need more memory than it saves time. */
const MOST_AT_ONCE = 2;

const USAGE = `npm run mutants -- [options]: plants known bugs, one at a time, and lets the simulation look for each; exit code 1
when one survives, or the sources are broken without any; 2 for what cannot be meant.
  --only PART  those with this in their names
  --seeds N    lives in which each must be found, in place of ${Object.entries(BUDGETS)
    .map(([of, lives]) => `${lives} of ${of}`)
    .join(', ')}
  --shrink     prints the shortest life that gives each away
  --list FILE  a list of its own: a module that exports MUTANTS
  --json       one line of JSON`;

const { values, wholeNumber, refuse } = flagsOf(
  'mutants',
  {
    only: { type: 'string' },
    seeds: { type: 'string' },
    shrink: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    list: { type: 'string', default: join(import.meta.dirname, 'mutant-list.mjs') },
  },
  USAGE,
);
// A campaign begins with seed 1.
const seeds = values.seeds === undefined ? undefined : wholeNumber('seeds', 1, SEEDS - 1);
if (values.only === '') refuse('--only: expected a part of a name, which every name has');
const MUTANTS = await mutantsOf(values.list).catch((error) =>
  refuse(`--list: ${String(error?.message ?? error).split('\n', 1)[0]}`),
);
const chosen = MUTANTS.filter(({ name }) => values.only === undefined || name.includes(values.only));
if (chosen.length === 0) {
  refuse(
    `--only: no name has '${values.only}' in it; there are\n${MUTANTS.map(({ name }) => `  ${name}`).join('\n')}`,
  );
}
for (const mutant of chosen) blaming(mutant, () => edited(mutant.edits));

const directory = mkdtempSync(join(tmpdir(), 'reeve-mutants-'));
const copies = [];
process.on('exit', () => {
  for (const copy of copies) copy.kill();
  rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, () => process.exit(signal === 'SIGINT' ? 130 : signal === 'SIGTERM' ? 143 : 129));
}
copies.push(new Copy(join(directory, '0')));
for (const campaign of new Set(chosen.map(campaignOf))) await requireSound(copies[0], campaign);
while (copies.length < Math.min(chosen.length, availableParallelism(), MOST_AT_ONCE)) {
  copies.push(copies[0].another(join(directory, String(copies.length))));
}

const survivors = [];
const left = [...chosen];
await Promise.all(copies.map(work));
const caught = chosen.length - survivors.length;
console.log(
  values.json
    ? JSON.stringify({ planted: chosen.length, caught, survivors })
    : `${caught} of ${chosen.length} caught`,
);
process.exitCode = survivors.length === 0 ? 0 : 1;

/** What a list exports. Throws when it is none, or when one of them could not be planted anywhere. */
async function mutantsOf(list) {
  const { MUTANTS } = await import(pathToFileURL(resolve(list)).href);
  if (!Array.isArray(MUTANTS)) throw new ListError(`${list} exports no array MUTANTS`);
  if (MUTANTS.length === 0) throw new ListError(`MUTANTS of ${list} is empty`);
  for (const [index, mutant] of MUTANTS.entries()) {
    const complaint = complaintAbout(mutant);
    if (complaint !== undefined) throw new ListError(`MUTANTS[${index}] of ${list} ${complaint}`);
  }
  return MUTANTS;
}

/** Undefined when there is none. */
function complaintAbout(mutant) {
  if (typeof mutant?.name !== 'string' || mutant.name === '') return 'has no name';
  if (!Array.isArray(mutant.edits) || mutant.edits.length === 0) return 'has no edits';
  const isEdit = (edit) => ['file', 'find', 'replace'].every((key) => typeof edit?.[key] === 'string');
  if (!mutant.edits.every(isEdit)) return 'has an edit without file, find or replace';
  if (!Object.hasOwn(BUDGETS, campaignOf(mutant))) return `is of no campaign: '${mutant.campaign}'`;
  return undefined;
}

/** What is found where nothing is planted would be found with every mutant. */
async function requireSound(copy, campaign) {
  const begun = performance.now();
  const { kind, why } = await hunt(copy, { name: 'nothing planted', edits: [], campaign });
  say(begun, kind, `nothing planted  (${why})`);
  if (kind === 'sound') return;
  console.error(`mutants: without any mutant it is ${kind} already: ${why}`);
  process.exit(1);
}

/** One mutant after the other, in one copy. */
async function work(copy) {
  for (let mutant = left.shift(); mutant !== undefined; mutant = left.shift()) {
    const begun = performance.now();
    const { kind, why, plan } = await hunt(copy, mutant);
    if (kind !== 'caught') survivors.push(mutant.name);
    say(begun, kind === 'sound' ? 'SURVIVED' : kind, `${mutant.name}  (${why})`);
    if (plan !== undefined && !values.json) console.log(JSON.stringify(plan));
  }
}

function hunt(copy, mutant) {
  const campaign = campaignOf(mutant);
  const orders = { campaign, seeds: seeds ?? BUDGETS[campaign], shrink: values.shrink };
  return copy.hunt(mutant, orders).catch((error) =>
    blaming(mutant, () => {
      throw error;
    }),
  );
}

/** By whose lives it is to be found. */
function campaignOf({ campaign = 'trees' }) {
  return campaign;
}

function say(begun, outcome, what) {
  if (values.json) return;
  const seconds = ((performance.now() - begun) / 1_000).toFixed(1).padStart(6);
  console.log(`${seconds} s  ${outcome.padEnd(12)}  ${what}`);
}

/** A mutant that cannot be planted, built or loaded is no mutant: the list is wrong. */
function blaming({ name }, action) {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof ListError)) throw error;
    return refuse(`'${name}': ${error.message}`);
  }
}
