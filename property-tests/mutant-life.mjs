// node mutant-life.mjs DIRECTORY trees|pools|tasks SEEDS SHRINK: lives a campaign of the copy built there, and tells of it, a line
// of JSON each: what has been lived now and then, and at the end what was broken, or thrown, or that all went well.
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';

/** Milliseconds between two times that it says how far it has come. */
const TELLS_EVERY_MS = 250;
/** Of the lives of pools and tasks: as `npm test` has them. */
const SEED = 20_261_121;

const [directory, kind, seeds, shrinks] = process.argv.slice(2);
const tell = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);
const end = (what) => process.stdout.write(`${JSON.stringify(what)}\n`, () => process.exit(0));
process.stdout.on('error', () => process.exit(1)); // nobody listens any more
// A lifetime without an end leaves no other way to notice that whoever wanted to know is dead.
const watchman = `const { ppid } = process;
  setInterval(() => process.ppid === ppid || process.kill(process.pid, 'SIGKILL'), 2_000);`;
new Worker(watchman, { eval: true }).unref();

/** What cannot be found is a fault of the copy, and not of what it does. */
const thrown = (error) => {
  const unloadable = [error, error?.cause].some(({ code } = {}) =>
    /^ERR_(MODULE|UNSUPPORTED)/.test(code ?? ''),
  );
  end(unloadable ? { unloadable: String(error) } : { thrown: String(error) });
};
process.on('uncaughtException', thrown); // rejections that nobody handles, too

let told = performance.now();
tell({ lived: 0 });
try {
  await (kind === 'trees' ? liveTrees() : livePlans());
} catch (error) {
  thrown(error);
}

async function liveTrees() {
  const sim = await load('sim/index.js');
  const kept = await load('kept-examples.js');
  const { seeds: lived, violations } = await sim.campaign({
    seeds: Number(seeds),
    untilBroken: true,
    onLifetime: tellOf,
  });
  if (violations.length > 0) await report(sim, violations[0]);
  else await liveKept(sim, kept, lived);
}

/** The first that is broken is told of at once; then only what breaks the same is looked at, for a shorter life. */
async function livePlans() {
  const [live, plans] =
    kind === 'pools'
      ? [(await load('pool-life.js')).livePool, (await load('pool-plan.js')).poolPlans]
      : [(await load('tasks-life.js')).liveTasks, (await load('tasks-plan.js')).tasksPlans];
  let lived = 0;
  let first;
  const property = fc.asyncProperty(plans, async (plan) => {
    const { violations } = await live(plan);
    lived += 1;
    tellOf(lived);
    const { invariant: broken, detail } = violations[0] ?? {};
    if (broken === undefined || (first !== undefined && broken !== first)) return;
    if (first === undefined) tell({ broken, seed: SEED, life: lived, detail });
    first = broken;
    throw new Error(detail);
  });
  const outcome = await fc.check(property, {
    seed: SEED,
    numRuns: Number(seeds),
    endOnFailure: shrinks !== 'true',
  });
  if (first !== undefined) end(shrinks === 'true' ? { plan: outcome.counterexample[0] } : {});
  else if (outcome.failed) thrown(outcome.errorInstance);
  else end({ sound: lived });
}

/** What chance seldom comes upon: the lives that once broke something, as `npm test` lives them, or fewer of each. */
async function liveKept({ live }, { KEPT_EXAMPLES, SEEDS_EACH }, lived) {
  const each = Math.min(SEEDS_EACH, lived);
  let count = lived;
  for (const { found, plan } of KEPT_EXAMPLES) {
    for (let seed = plan.seed; seed < plan.seed + each; seed += 1) {
      const [violation] = (await live({ ...plan, seed })).violations;
      if (violation !== undefined) return end({ broken: violation.invariant, seed, kept: found });
      count += 1;
      tellOf(count);
    }
  }
  return end({ sound: lived });
}

function tellOf(lived) {
  if (performance.now() - told < TELLS_EVERY_MS) return;
  told = performance.now();
  tell({ lived });
}

async function report({ live, Prng, planFrom, shrink }, { seed, invariant, detail }) {
  tell({ broken: invariant, seed, detail });
  if (shrinks !== 'true') return end({});
  const isBroken = async (plan) => (await live(plan)).violations.some((one) => one.invariant === invariant);
  end({ plan: await shrink(planFrom(seed, new Prng(seed)), isBroken) });
}

function load(module) {
  return import(pathToFileURL(`${directory}/dist/${module}`).href).catch((error) => {
    end({ unloadable: String(error) });
    return new Promise(() => {});
  });
}
