/** What `ps` and kill(2) say about processes: slower and coarser than /proc, for macOS and other Unixes. */
import { type ExecFileSyncOptionsWithStringEncoding, execFileSync } from 'node:child_process';
import { hostname } from 'node:os';
import { setImmediate as nextTurn } from 'node:timers/promises';
import treeKill from 'tree-kill';
import { readCookies } from '../cookie.ts';
import { COMMAND_LINE_KEPT, type Kernel, type ProcessFacts, type SignalOutcome } from '../os.ts';
import { groupExists, sendSignal } from '../posix-signal.ts';
import { cookiesBehind, PS_COLUMNS, type PsRow, parsePidAndText, parsePsRow, runPs } from './ps.ts';

/** Start times are seconds, and the clock that they are told by may be set back a little. */
const SETTLES_IN_MS = 3_000;

export function portableKernel(): Kernel {
  const bootId = readBootSession();
  const own = parsePsRow(execFileSync('ps', ['-p', String(process.pid), '-o', PS_COLUMNS], PS_SYNC));
  if (own === undefined) throw new Error('ps gives no usable answer about this process');

  // A session cannot be asked for everywhere; a process that we forked leads its group and its session alike.
  const sighting = (row: PsRow, withEnvironment: string | undefined): ProcessFacts => ({
    bootId,
    pidNamespace: '',
    pid: row.pid,
    startTime: row.startTime,
    parent: row.parent,
    group: row.group,
    session: row.group,
    zombie: row.zombie,
    dying: false, // ps does not tell
    cookies: withEnvironment === undefined ? undefined : cookiesBehind(row.commandLine, withEnvironment),
    userId: row.userId,
    commandLine: row.commandLine.slice(0, COMMAND_LINE_KEPT),
  });

  async function look(which: readonly string[]): Promise<readonly ProcessFacts[]> {
    const [rows, environments] = await Promise.all([
      runPs([...which, '-ww', '-o', PS_COLUMNS]),
      runPs(['eww', ...which, '-o', 'pid=,args=']),
    ]);
    const texts = parsePidAndText(environments);
    return rows.split('\n').flatMap((line) => {
      const row = parsePsRow(line);
      return row === undefined ? [] : [sighting(row, texts.get(row.pid))];
    });
  }

  const inspect = sharing(look);

  return {
    self: {
      identity: { bootId, pidNamespace: '', pid: process.pid, startTime: own.startTime },
      userId: own.userId,
      machine: hostname(),
      cookies: readCookies((name) => process.env[name]),
    },
    settlesIn: SETTLES_IN_MS,
    startTimeNow: () => Math.floor(Date.now() / 1_000),
    lastPid: () => undefined,
    startTimeOf: async (pid) => (await inspect(pid))?.startTime,
    sight: inspect,
    inspect,
    census: () => look(['-A']),
    signal: (pid, signal) => (signal === 'SIGKILL' && pid > 1 ? killTree(pid) : sendSignal(pid, signal)),
    groupExists,
  };
}

/** Who ask in one turn share one ps: it takes some 10 ms, and workers that are started together settle together. */
function sharing(look: (which: readonly string[]) => Promise<readonly ProcessFacts[]>) {
  let next: { readonly pids: Set<number>; readonly answer: Promise<readonly ProcessFacts[]> } | undefined;
  return async (pid: number): Promise<ProcessFacts | undefined> => {
    if (next === undefined) {
      const pids = new Set<number>();
      const answer = nextTurn().then(() => {
        next = undefined;
        return look(['-p', [...pids].join(',')]);
      });
      next = { pids, answer };
    }
    next.pids.add(pid);
    return (await next.answer).find((found) => found.pid === pid);
  };
}

/** Those that are being killed: a second attempt could outlast the first, and hit the pid's next owner. */
const dying = new Set<number>();

/**
 * What it forked since we looked goes with it. Stopped, it forks no more, and keeps its pid until tree-kill has found
 * its children: once it is dead, they are nobody's. `ps` is known to be there, or tree-kill would crash us.
 */
function killTree(pid: number): SignalOutcome {
  if (dying.has(pid)) return 'sent';
  const outcome = sendSignal(pid, 'SIGSTOP');
  if (outcome !== 'sent') return outcome;
  dying.add(pid);
  treeKill(pid, 'SIGKILL', (error) => {
    dying.delete(pid);
    if (error) sendSignal(pid, 'SIGKILL');
  });
  return outcome;
}

const PS_SYNC = { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' } } as const;

/** macOS names each boot; elsewhere start times are dates, and those of two boots differ by themselves. */
function readBootSession(): string {
  try {
    const options: ExecFileSyncOptionsWithStringEncoding = {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    };
    return execFileSync('sysctl', ['-n', 'kern.bootsessionuuid'], options).trim();
  } catch {
    return '';
  }
}
