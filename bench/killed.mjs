// From SIGKILL of a host with fifty workers until all of them are gone, against as many sleeps that are signalled by pid.
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { atEnd, interleave, median, round, temporaryDirectory } from './measure.mjs';

const ROUNDS = 5;
const ORPHAN_GRACE = 2_000;
const SUBJECT = fileURLToPath(new URL('./subjects/killed-host.mjs', import.meta.url));

export async function bench() {
  const results = await interleave(ROUNDS, { ours: killHost, plain: signalSleeps });
  const of = (name) => results.ours.map((times) => times[name]);
  const figures = {
    obedientMs: round(median(of('obedient')), 0),
    allMs: round(median(of('all')), 0),
    obedientWorstMs: round(Math.max(...of('obedient')), 0),
    allWorstMs: round(Math.max(...of('all')), 0),
    plainMs: round(median(results.plain), 0),
  };
  return {
    table: {
      columns: ['milliseconds until they are gone', 'median', 'worst'],
      rows: [
        ['workers that end on SIGTERM, their children too', figures.obedientMs, figures.obedientWorstMs],
        [`all: some ignore it for the grace of ${ORPHAN_GRACE}`, figures.allMs, figures.allWorstMs],
        ['baseline: fifty sleeps, signalled by pid', figures.plainMs, round(Math.max(...results.plain), 0)],
      ],
    },
    notes: [`${ROUNDS} alternating rounds; the clock starts at the SIGKILL of the host`],
    json: { ...figures, graceMs: ORPHAN_GRACE, workers: 50 },
  };
}

async function killHost() {
  const host = fork(SUBJECT, [temporaryDirectory(), String(ORPHAN_GRACE)]);
  const forget = atEnd(() => host.kill('SIGKILL'));
  const [runId] = await once(host, 'message');
  const run = processesOfRun(runId);
  const isHard = ({ environment }) => /REEVE_WORKER_ID=(crowd\/stubborn:|\0|$)/m.test(environment);
  const obedient = run.filter((seen) => !isHard(seen) && seen.parent !== host.pid);
  const begun = performance.now();
  host.kill('SIGKILL');
  const since = async (seen) => {
    while (seen.some(({ pid }) => lives(pid))) await pause(2);
    return performance.now() - begun;
  };
  const [obedientMs, allMs] = await Promise.all([since(obedient), since(run)]);
  forget();
  return { obedient: obedientMs, all: allMs };
}

async function signalSleeps() {
  const sleeps = Array.from({ length: 50 }, () => spawn('sleep', ['1000'], { stdio: 'ignore' }));
  const forget = atEnd(() => {
    for (const sleep of sleeps) sleep.kill('SIGKILL');
  });
  const ended = sleeps.map((sleep) => once(sleep, 'exit'));
  await Promise.all(sleeps.map((sleep) => once(sleep, 'spawn')));
  const begun = performance.now();
  for (const sleep of sleeps) sleep.kill();
  await Promise.all(ended);
  forget();
  return performance.now() - begun;
}

const processesOfRun = (runId) =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), environment: read(name, 'environ'), parent: parentOf(name) }))
    .filter(({ environment }) => environment.includes(runId));

/** A zombie is dead. */
function lives(pid) {
  const stat = read(pid, 'stat');
  return stat !== '' && !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
}

function parentOf(pid) {
  const stat = read(pid, 'stat');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

function read(pid, what) {
  try {
    return readFileSync(`/proc/${pid}/${what}`, 'latin1');
  } catch {
    return ''; // it has ended
  }
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
