// A long life in short: two pools under mixed load while their workers and the forker are killed. In the end every call
// is accounted for, and the host holds no more than after its warm-up. `npm run soak -- --minutes 10 --json`
import { tracingChannel } from 'node:diagnostics_channel';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startHost } from '../dist/index.js';
import { round, temporaryDirectory } from './measure.mjs';
import { Faults } from './soak/faults.mjs';
import { Ledger } from './soak/ledger.mjs';
import { startLoad } from './soak/load.mjs';
import { atRest, processesOf, stateOf, TOLERANCE } from './soak/state.mjs';

/** Workers that each pool keeps. */
const MINIMUM = 2;
const POOL = {
  min: MINIMUM,
  max: 3,
  tasksPerWorker: 2,
  maxQueue: 50,
  cancelGrace: 300,
  idleTimeout: 1_000,
  sessionTtl: 2_000,
  closeTimeout: 5_000,
  heartbeat: { interval: 500, misses: 3 },
  backoff: { initial: 50, max: 500 },
  recycle: { afterCalls: 200, afterAge: 10_000, afterMemory: 256 * 1_024 * 1_024 },
};
/** Milliseconds that calls have to be settled when no more are made. */
const SETTLED_WITHIN = 60_000;
const TELL_EVERY = 60_000;

const { minutes, seed, json } = options();
const duration = minutes * 60_000;
const warmUp = Math.min(30_000, Math.max(2_000, duration / 5));

const own = (file) => fileURLToPath(new URL(`soak/${file}`, import.meta.url));
const stateDirectory = temporaryDirectory();
const host = await startHost({ name: 'soak', stateDirectory, signals: false, eventsKept: 50 });
const pools = await Promise.all([
  host.pool({ ...POOL, name: 'python', worker: { command: 'python3', args: [own('worker.py')] } }),
  host.pool({ ...POOL, name: 'node', worker: { module: own('worker.mjs') } }),
]);
const chance = random(seed);
const ledger = new Ledger();
const faults = new Faults(host, pools, chance);

/** Counted by neither the callers nor the pools: those of `map` one by one, and not those who only wait for a lease. */
const traced = { begun: 0, settled: 0 };
tracingChannel('reeve:call').subscribe({
  start() {
    traced.begun += 1;
  },
  asyncEnd() {
    traced.settled += 1;
  },
});

console.log(`soak: ${minutes} minutes after ${warmUp / 1_000} s of warm-up, seed ${seed}`);
await load(warmUp);
const start = await restingState();
await load(duration);
const end = await restingState();
const poolStats = pools.map((pool) => ({ pool: pool.name, ...pool.stats() }));
await Promise.all(pools.map((pool) => pool.close()));
await host.stop();
const left = processesOf(host.runId).length;
const complaints = complaintsOf();
report();
process.exitCode = complaints.length === 0 ? 0 : 1;

/** So many milliseconds of calls and faults; resolves when each call is settled. */
async function load(ms) {
  const finish = startLoad({ pools, ledger, chance });
  const calm = faults.start(ms);
  const teller = setInterval(tell, TELL_EVERY);
  await new Promise((resolve) => setTimeout(resolve, ms));
  calm();
  let late;
  await Promise.race([
    finish(),
    new Promise((resolve) => {
      late = setTimeout(resolve, SETTLED_WITHIN);
    }),
  ]);
  clearTimeout(late);
  clearInterval(teller);
}

async function restingState() {
  try {
    await atRest(pools, MINIMUM);
  } catch (error) {
    ledger.complain(error.message);
  }
  return stateOf(stateDirectory, host.runId);
}

function tell() {
  const { kills, stops, forkerKills } = faults;
  const heap = Math.round(process.memoryUsage().heapUsed / 2 ** 20);
  console.log(
    `  ${ledger.made} calls, ${kills} workers killed, ${stops} stopped, ${forkerKills} forkers, ${heap} MB`,
  );
}

/** What is not as it should be, in words. */
function complaintsOf() {
  const grown = Object.keys(TOLERANCE).filter((what) => !isFlat(what));
  const miscounted = poolStats.filter(
    ({ calls, queued, running }) => calls.made !== calls.ok + calls.failed || queued + running > 0,
  );
  const { wrong, pending } = ledger;
  return [
    ...wrong,
    ...grown.map((what) => `${what} grew from ${start[what]} to ${end[what]}`),
    ...miscounted.map(({ pool, calls }) => `the pool '${pool}' has miscounted: ${JSON.stringify(calls)}`),
    ...(traced.begun === traced.settled ? [] : [`${traced.begun} calls begun, ${traced.settled} settled`]),
    ...(pending.length === 0 ? [] : [`${pending.length} calls were never settled: ${[...new Set(pending)]}`]),
    ...(left === 0 ? [] : [`${left} processes are left`]),
  ];
}

function isFlat(what) {
  return end[what] - start[what] <= TOLERANCE[what](start[what]);
}

function report() {
  const line = (name, made, ok, others) =>
    `  ${name.padEnd(14)} ${made.padStart(8)} ${ok.padStart(8)}   ${others}`;
  console.log(line('call', 'made', 'ok', 'others'));
  for (const [kind, { ok = 0, ...others }] of [...ledger.kinds].sort()) {
    const made = Object.values(others).reduce((sum, count) => sum + count, ok);
    const told = Object.entries(others).map(([outcome, count]) => `${count} ${outcome}`);
    console.log(line(kind, String(made), String(ok), told.join(', ')));
  }
  const held = Object.fromEntries(Object.keys(TOLERANCE).map((what) => [what, [start[what], end[what]]]));
  for (const [what, [first, last]] of Object.entries(held)) {
    const more = TOLERANCE[what](first);
    console.log(
      `  ${what.padEnd(14)} ${String(first).padStart(8)} ${String(last).padStart(8)}   at most ${round(more)} more`,
    );
  }
  const { kills, stops, forkerKills } = faults;
  console.log(`  ${kills} workers killed, ${stops} stopped, ${forkerKills} forkers killed`);
  for (const complaint of complaints) console.log(`  WRONG: ${complaint}`);
  const flat = Object.keys(TOLERANCE).every(isFlat);
  console.log(
    complaints.length === 0 ? '  every call is accounted for, and all is flat' : '  it does not add up',
  );
  if (!json) return;
  const calls = { made: ledger.made, ...ledger.outcomes, unsettled: ledger.pending.length };
  const pools = poolStats.map(({ pool, calls, workers }) => ({ pool, calls, workers }));
  console.log(
    JSON.stringify({
      minutes,
      seed,
      calls,
      traced,
      kills,
      stops,
      forkerKills,
      ...held,
      pools,
      left,
      flat,
      complaints,
    }),
  );
}

function options() {
  const { values } = parseArgs({
    options: { minutes: { type: 'string' }, seed: { type: 'string' }, json: { type: 'boolean' } },
  });
  const minutes = Number(values.minutes ?? 10);
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 32));
  if (minutes > 0 && Number.isInteger(seed) && globalThis.gc !== undefined)
    return { minutes, seed, json: values.json === true };
  console.error('usage: npm run soak -- [--minutes <number>] [--seed <number>] [--json]');
  process.exit(2);
}

/** Mulberry32: from 0 to 1. */
function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
