// A thousand times `true`, eight at a time: tasks against GNU parallel and plain child processes; then ten thousand.
import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { interleave, median, round, temporaryDirectory } from './measure.mjs';
import { startSubject } from './subject.mjs';

const COUNT = 1_000;
const AT_A_TIME = 8;
const ROUNDS = 7;
const LONG_ROUNDS = 3;
const LONG = 10 * COUNT;
const REEVE = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const STATE = temporaryDirectory();
const VALUES = Array.from({ length: COUNT }, (_, n) => String(n));

export async function bench() {
  const ours = await startSubject('tasks-ours', temporaryDirectory());
  const plain = await startSubject('spawn-plain', 0);
  const hasParallel = await findParallel();
  const rates = await interleave(ROUNDS, {
    ours: async () => (await ours.ask({ count: COUNT, atATime: AT_A_TIME, keep: true })).perSecond,
    plain: async () => (await plain.ask({ count: COUNT })).perSecond,
    command: () => timed(process.execPath, [REEVE, 'run', `-j${AT_A_TIME}`, '/bin/true', ':::', ...VALUES]),
    ...(hasParallel && {
      parallel: () => timed('parallel', [`-j${AT_A_TIME}`, '/bin/true', ':::', ...VALUES]),
    }),
  });
  const lengths = await interleave(LONG_ROUNDS, {
    short: () => ours.ask({ count: COUNT, atATime: AT_A_TIME }),
    long: () => ours.ask({ count: LONG, atATime: AT_A_TIME }),
  });
  await Promise.all([ours.end(), plain.end()]);
  const rate = (side) => median(rates[side] ?? [Number.NaN]);
  const of = (side, figure) => median(lengths[side].map((result) => result[figure]));
  const timeRatio10x = of('long', 'ms') / of('short', 'ms');
  const heapGrowthMb = of('long', 'heapMb') - of('short', 'heapMb');
  const row = (name, side) => [name, round(rate(side), 0), `${round(rate('ours') / rate(side))} ×`];
  return {
    table: {
      columns: [`${COUNT} × true, ${AT_A_TIME} at a time`, 'jobs a second', 'reeve'],
      rows: [
        row('reeve: host.runAll', 'ours'),
        row('reeve run, with its own start and end', 'command'),
        ...(hasParallel ? [row(`GNU parallel -j${AT_A_TIME}`, 'parallel')] : []),
        row('plain: child_process.spawn with three pipes', 'plain'),
      ],
    },
    notes: [
      `medians of ${ROUNDS} alternating rounds`,
      `${LONG} take ${round(timeRatio10x)} × the time of ${COUNT}; after a collection the heap is ${round(heapGrowthMb)} MB larger`,
      ...(hasParallel ? [] : ['GNU parallel is not installed, and cannot be']),
    ],
    json: {
      ratioParallel: hasParallel ? round(rate('ours') / rate('parallel'), 3) : null,
      ratioPlain: round(rate('ours') / rate('plain'), 3),
      oursPerSecond: round(rate('ours'), 1),
      parallelPerSecond: hasParallel ? round(rate('parallel'), 1) : null,
      commandPerSecond: round(rate('command'), 1),
      plainPerSecond: round(rate('plain'), 1),
      timeRatio10x: round(timeRatio10x),
      heapGrowthMb: round(heapGrowthMb),
      jobs: COUNT,
      atATime: AT_A_TIME,
    },
  };
}

/** Jobs a second. */
async function timed(program, args) {
  const begun = performance.now();
  const env = { ...process.env, REEVE_STATE_DIR: STATE };
  const running = promisify(execFile)(program, args, { env });
  running.child.stdin.end();
  await running;
  return (COUNT * 1_000) / (performance.now() - begun);
}

/** GNU parallel, and not another program of that name; installed where that can be done. */
async function findParallel() {
  if (isThere()) return true;
  const install = ['install', '-y', '-qq', '--no-install-recommends', 'parallel'];
  for (const args of [['update', '-qq'], install]) spawnSync('apt-get', args, { stdio: 'ignore' });
  return isThere();
}

function isThere() {
  const { stdout } = spawnSync('parallel', ['--version'], { encoding: 'utf8' });
  return stdout?.startsWith('GNU parallel') ?? false;
}
