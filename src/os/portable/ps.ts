/** What `ps` says, for systems without /proc. Parsing is apart from running, so that it can be tested anywhere. */
import { execFile } from 'node:child_process';
import { type Cookie, OUTER_VARIABLE, readCookies } from '../cookie.ts';
import type { Usage } from '../os.ts';

export interface PsRow {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly userId: number;
  readonly zombie: boolean;
  /** Seconds since 1970. */
  readonly startTime: number;
  readonly commandLine: string;
}

const MAX_OUTPUT = 64 * 1_024 * 1_024;

/** Runs ps with fixed language and time zone: its dates are to be parsed. Processes that do not exist give no row. */
export function runPs(args: readonly string[]): Promise<string> {
  const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' };
  return new Promise((resolve, reject) => {
    execFile('ps', args, { env, maxBuffer: MAX_OUTPUT }, (error, stdout) => {
      // ps exits with 1 when none of the pids asked for exists.
      if (error !== null && typeof error.code !== 'number') reject(error);
      else resolve(stdout);
    });
  });
}

export const PS_COLUMNS = 'pid=,ppid=,pgid=,uid=,stat=,lstart=,args=';

/** A row of `PS_COLUMNS`: `lstart` is five words, `args` is the rest. */
export function parsePsRow(line: string): PsRow | undefined {
  const match =
    /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\w{3} \w{3} +\d+ \d\d:\d\d:\d\d \d{4})\s?(.*)$/s.exec(line);
  if (match === null) return undefined;
  const [, pid, parent, group, userId, state, started, commandLine] = match;
  return {
    pid: Number(pid),
    parent: Number(parent),
    group: Number(group),
    userId: Number(userId),
    zombie: state!.startsWith('Z'),
    startTime: Date.parse(`${started} UTC`) / 1_000,
    commandLine: commandLine!,
  };
}

/** Rows of `pid=,args=`. */
export function parsePidAndText(output: string): Map<number, string> {
  const rows = new Map<number, string>();
  for (const line of output.split('\n')) {
    const match = /^\s*(\d+) (.*)$/.exec(line);
    if (match !== null) rows.set(Number(match[1]), match[2]!);
  }
  return rows;
}

/**
 * `ps e` prints the environment right behind the arguments. What stands in the arguments is no mark: anybody may
 * search for a run ID by name. Undefined when nothing but the arguments is shown, as for other users' processes.
 */
export function cookiesBehind(commandLine: string, withEnvironment: string): readonly Cookie[] | undefined {
  if (!withEnvironment.startsWith(commandLine)) return undefined;
  const environment = withEnvironment.slice(commandLine.length);
  if (environment.trim() === '') return undefined;
  return readCookies((name) => valueIn(environment, name));
}

function valueIn(environment: string, name: string): string | undefined {
  const start = environment.indexOf(` ${name}=`);
  if (start === -1) return undefined;
  const value = environment.slice(start + name.length + 2);
  // The outer marks are separated by spaces themselves: they end where the next variable begins.
  const end = name === OUTER_VARIABLE ? value.search(/ [A-Za-z_][A-Za-z_0-9]*=/) : value.indexOf(' ');
  return end === -1 ? value : value.slice(0, end);
}

export async function psUsage(pid: number): Promise<Usage | undefined> {
  const match = /^\s*(\d+)\s+(\S+)/.exec(
    await runPs(['-p', String(pid), '-o', 'rss=,stat=']).catch(() => ''),
  );
  return match === null
    ? undefined
    : { memory: Number(match[1]) * 1_024, stopped: match[2]!.startsWith('T') };
}
