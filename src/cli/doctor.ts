/** `reeve doctor`: what this machine offers, and what that means for Reeve. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, uptime } from 'node:os';
import { dirname, join } from 'node:path';
import { messageOf } from '../errors.ts';
import { startHost } from '../host/host.ts';
import { kernelHere } from '../os/kernels.ts';
import { runsDirectory } from '../registry/run-paths.ts';
import { table } from './table.ts';

export interface DoctorOptions {
  readonly stateDirectory: string;
  readonly json: boolean;
}

interface Finding {
  readonly name: string;
  /** False: Reeve does not work like this. */
  readonly ok: boolean;
  readonly value: string | number | boolean | null;
  readonly note: string;
}

/** Exits with 1 when something that Reeve needs is missing. */
export async function doctor({ stateDirectory, json }: DoctorOptions): Promise<void> {
  const findings = [
    nodeVersion(),
    kernel(),
    ps(),
    limit('open files', 'open_files', 256, 'each piped worker takes two or three'),
    limit('processes', 'max_user_processes', 64, 'of this user, threads included'),
    ...pids(),
    stateDirectoryFinding(stateDirectory),
    ...(await forker()),
  ];
  if (json) console.log(JSON.stringify({ ok: findings.every(({ ok }) => ok), findings }));
  else
    console.log(
      table(findings.map(({ name, ok, value, note }) => [ok ? 'ok' : 'NO', name, String(value), note])),
    );
  if (!findings.every(({ ok }) => ok)) process.exitCode = 1;
}

function nodeVersion(): Finding {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const ok = major! > 20 || (major === 20 && minor! >= 19);
  return { name: 'node', ok, value: process.version, note: ok ? '' : 'Reeve needs 20.19 or later' };
}

function kernel(): Finding {
  const name = kernelHere();
  const note =
    name === 'linux'
      ? 'processes are identified through /proc'
      : 'no usable /proc: processes are identified through ps, slower and by the second';
  return { name: '/proc', ok: true, value: name === 'linux', note };
}

function ps(): Finding {
  const needed = kernelHere() === 'portable';
  try {
    execFileSync('ps', ['-p', String(process.pid)], { stdio: 'ignore' });
    return { name: 'ps', ok: true, value: true, note: needed ? '' : 'not needed here' };
  } catch {
    return {
      name: 'ps',
      ok: !needed,
      value: false,
      note: needed ? 'Reeve needs it here' : 'not needed here',
    };
  }
}

function limit(name: string, key: string, least: number, note: string): Finding {
  const report = process.report.getReport() as unknown as {
    userLimits?: Record<string, { soft: string | number }>;
  };
  const soft = report.userLimits?.[key]?.soft ?? null;
  const ok = typeof soft !== 'number' || soft >= least;
  return { name, ok: true, value: soft, note: ok ? note : `few: ${note}` };
}

/** How soon a pid comes back: the whole range, at the rate at which this machine has forked since its start. */
function pids(): readonly Finding[] {
  const max = readNumber('/proc/sys/kernel/pid_max', /^(\d+)/);
  const forks = readNumber('/proc/stat', /^processes (\d+)/m);
  if (max === undefined || forks === undefined) return [];
  const hours = max / (forks / uptime()) / 3_600;
  const likely = hours < 24 * 7;
  const note = `at this machine's rate of forks, pids come round every ${hours.toPrecision(2)} hours`;
  return [
    { name: 'pid_max', ok: true, value: max, note: '' },
    { name: 'pid reuse likely', ok: true, value: likely, note },
  ];
}

function readNumber(path: string, pattern: RegExp): number | undefined {
  try {
    const match = pattern.exec(readFileSync(path, 'utf8'));
    return match === null ? undefined : Number(match[1]);
  } catch {
    return undefined;
  }
}

/** Of a run of some ten workers. */
const RUN_FILE_BYTES = 4_096;

/** Writes something there, or where it would be made: what rights say is nothing on a read-only or full disk. */
function stateDirectoryFinding(stateDirectory: string): Finding {
  let existing = runsDirectory(stateDirectory);
  while (!existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing);
  try {
    const directory = mkdtempSync(join(existing, 'reeve-doctor-'));
    try {
      writeFileSync(join(directory, 'file'), 'x'.repeat(RUN_FILE_BYTES));
    } finally {
      rmSync(directory, { recursive: true });
    }
    return { name: 'state directory', ok: true, value: stateDirectory, note: '' };
  } catch (error) {
    const note = `${messageOf(error)}; set REEVE_STATE_DIR`;
    return { name: 'state directory', ok: false, value: stateDirectory, note };
  }
}

/** Starts one, to see. */
async function forker(): Promise<readonly Finding[]> {
  const stateDirectory = mkdtempSync(join(tmpdir(), 'reeve-doctor-'));
  try {
    await using host = await startHost({ stateDirectory, name: 'doctor', signals: false });
    const started = host.events.recent().find((event) => event.type === 'forker.started')!;
    const memory = readNumber(`/proc/${started.pid}/smaps_rollup`, /^Pss:\s+(\d+)/m);
    const note = memory === undefined ? '' : `it takes ${(memory / 1_024).toFixed(1)} MiB of memory (PSS)`;
    return [{ name: 'forker start (ms)', ok: true, value: Math.round(started.ms), note }];
  } catch (error) {
    return [{ name: 'forker start (ms)', ok: false, value: null, note: messageOf(error) }];
  } finally {
    rmSync(stateDirectory, { recursive: true, force: true });
  }
}
