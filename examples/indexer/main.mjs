// Indexes the text files of a directory with two pools of workers, beside the services of the village: `npm start`.
// Python counts lines and words, Node makes the digests. Half-way one of the workers is killed: nothing is lost by it,
// and in the end the index must say what a plain count says.
import { join, resolve } from 'node:path';
import { startHost } from 'reeve';
import village from '../village.mjs';
import { digestOfAll, plainCount, sum, textFiles } from './files.mjs';
import { openScreen } from './screen.mjs';
import { summaryOf } from './summary.mjs';
import { listen } from './tell.mjs';
import { treeOf } from './tree.mjs';

const here = import.meta.dirname;
const directory = resolve(process.argv[2] ?? join(here, '../..'));
const files = textFiles(directory);
if (files.length === 0) {
  console.error(`no text files in ${directory}`);
  process.exit(2);
}

const host = await startHost({ name: 'indexer' }); // from here on Ctrl-C stops in order whatever is started below
const screen = openScreen(process.stdout, () => treeOf(host));
const told = listen(host, screen);
try {
  screen.line(`${files.length} text files to index: lines and words in Python, digests in Node\n`);
  await startVillage();
  const words = await host.pool({
    name: 'words',
    worker: { command: 'python3', args: [join(here, 'count.py')] },
    min: 2,
    max: 2,
    tasksPerWorker: 2, // while a worker counts one file it has the next one already
  });
  const digests = await host.pool({
    name: 'digests',
    worker: { module: new URL('digest.mjs', import.meta.url) },
    min: 2,
    max: 2,
  });
  const index = await indexAll(words, digests);
  await told.replaced; // as a rule it was long ago
  screen.close();
  for (const line of treeOf(host)) screen.line(line);
  const plain = plainCount(directory, files);
  const { lines, addsUp } = summaryOf({ files, index, plain, pools: [words, digests], told });
  for (const line of lines) screen.line(line);
  if (!addsUp) process.exitCode = 1;
} catch (error) {
  process.exitCode = 1;
  if (!told.isStopping()) console.error(error); // after Ctrl-C calls are rejected, and that is no failure
} finally {
  screen.close();
  await host.stop('the job is done');
}

/** By the same configuration that `reeve up examples/village.mjs` takes. */
async function startVillage() {
  village.onHost(host);
  for (const supervisor of village.supervisors) await host.supervise(supervisor);
}

/** Calls each pool once for each file, and kills a worker when half of the answers are there. */
async function indexAll(words, digests) {
  const calls = 2 * files.length;
  let answered = 0;
  const each = async (pool, method) => {
    const paths = files.map((file) => join(directory, file));
    const results = [];
    // Idempotent: done twice it does no harm. When its worker dies, another one is given the call.
    for await (const result of pool.map(paths, { method, idempotent: true })) {
      results.push(result);
      answered += 1;
      screen.progress(answered / calls);
      if (answered === Math.floor(calls / 2)) killOneOf(words);
    }
    return results;
  };
  const [counts, hashes] = await Promise.all([each(words, 'count'), each(digests, 'digest')]);
  return { ...sum(counts), digest: digestOfAll(files, hashes) };
}

/** Kills the worker that has most to do, as the system does when memory runs out. */
function killOneOf(pool) {
  const [{ path, pid, load }] = [...pool.workers()].sort((a, b) => b.load - a.load);
  screen.line(`half-way: SIGKILL to ${path} (pid ${pid}), which has ${load} calls`);
  told.expectLossOf(path);
  process.kill(pid, 'SIGKILL');
}
