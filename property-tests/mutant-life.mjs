// node mutant-life.mjs DIRECTORY SEEDS SHRINK: lives a campaign of the copy built there, and tells of it, a line of JSON
// each: what has been lived now and then, and at the end what was broken, or thrown, or that all went well.
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';

/** Milliseconds between two times that it says how far it has come. */
const TELLS_EVERY_MS = 250;

const [directory, seeds, shrinks] = process.argv.slice(2);
const tell = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);
const end = (what) => process.stdout.write(`${JSON.stringify(what)}\n`, () => process.exit(0));
process.stdout.on('error', () => process.exit(1)); // nobody listens any more
// A lifetime without an end leaves no other way to notice that whoever wanted to know is dead.
const watchman = `const { ppid } = process;
  setInterval(() => process.ppid === ppid || process.kill(process.pid, 'SIGKILL'), 2_000);`;
new Worker(watchman, { eval: true }).unref();

const { campaign, live, Prng, planFrom, shrink } = await import(
  pathToFileURL(`${directory}/dist/sim/index.js`).href
).catch((error) => {
  end({ unloadable: String(error) });
  return new Promise(() => {});
});

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
  const { seeds: lived, violations } = await campaign({
    seeds: Number(seeds),
    untilBroken: true,
    onLifetime: (count) => {
      if (performance.now() - told < TELLS_EVERY_MS) return;
      told = performance.now();
      tell({ lived: count });
    },
  });
  if (violations.length === 0) end({ sound: lived });
  else await report(violations[0]);
} catch (error) {
  thrown(error);
}

async function report({ seed, invariant, detail }) {
  tell({ broken: invariant, seed, detail });
  if (shrinks !== 'true') return end({});
  const isBroken = async (plan) => (await live(plan)).violations.some((one) => one.invariant === invariant);
  end({ plan: await shrink(planFrom(seed, new Prng(seed)), isBroken) });
}
