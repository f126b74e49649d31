// Stopping 200 trees of three processes: a supervisor's stop against tree-kill, until all 600 are gone.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import treeKill from 'tree-kill';
import { startHost } from '../dist/index.js';
import { atEnd, interleave, median, round, temporaryDirectory } from './measure.mjs';

const TREES = 200;
const ROUNDS = 3;
const SCRIPT = 'sleep 1000 & sleep 1000 & wait';

export async function bench() {
  const host = await startHost({ name: 'bench-stop', stateDirectory: temporaryDirectory(), signals: false });
  const times = await interleave(ROUNDS, { ours: () => stopOurs(host), treeKill: stopWithTreeKill });
  await host.stop();
  const ours = median(times.ours);
  const theirs = median(times.treeKill);
  const ratio = theirs / ours;
  return {
    table: {
      columns: [`${TREES} shells with two children each`, 'milliseconds until all are gone'],
      rows: [
        ['reeve: supervisor.stop()', round(ours, 1)],
        ['tree-kill, all at once', round(theirs, 0)],
      ],
    },
    notes: [`${round(ratio, 0)} × faster; medians of ${ROUNDS} alternating rounds`],
    json: { ratio: round(ratio, 1), oursMs: round(ours, 2), treeKillMs: round(theirs, 1), trees: TREES },
  };
}

async function stopOurs(host) {
  const supervisor = await host.supervise({
    id: 'trees',
    ordered: false,
    children: Array.from({ length: TREES }, (_, index) => ({
      id: `tree-${index}`,
      command: 'sh',
      args: ['-c', SCRIPT],
    })),
  });
  const pids = await fullTrees(supervisor.whichChildren().map(({ pid }) => pid));
  const begun = performance.now();
  await supervisor.stop();
  const ms = performance.now() - begun;
  const left = pids.filter(lives);
  if (left.length > 0) throw new Error(`stop() resolved while ${left.length} processes were left`);
  return ms;
}

async function stopWithTreeKill() {
  const shells = Array.from({ length: TREES }, () =>
    spawn('sh', ['-c', SCRIPT], { detached: true, stdio: 'ignore' }),
  );
  const forget = atEnd(() => {
    for (const { pid, exitCode, signalCode } of shells) {
      if (exitCode === null && signalCode === null) process.kill(-pid, 'SIGKILL');
    }
  });
  const pids = await fullTrees(shells.map(({ pid }) => pid));
  const begun = performance.now();
  await Promise.all(shells.map(({ pid }) => new Promise((resolve) => treeKill(pid, resolve))));
  for (const pid of pids) while (lives(pid)) await pause(2);
  const ms = performance.now() - begun;
  forget();
  return ms;
}

/** Waits until each shell has its two children; resolves with all pids. */
async function fullTrees(shells) {
  for (;;) {
    const members = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name) => {
        const stat = readStat(name);
        return stat !== undefined && shells.includes(stat.session) ? [Number(name)] : [];
      });
    if (members.length === shells.length * 3) return members;
    await pause(20);
  }
}

/** A zombie is dead: who should have reaped it is no part of this. */
const lives = (pid) => !['Z', 'X', undefined].includes(readStat(pid)?.state);

function readStat(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0], session: Number(fields[3]) };
  } catch {
    return undefined; // gone
  }
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
