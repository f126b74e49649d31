/** Reads /proc: short synchronous reads, because nothing may happen between looking and acting. */
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync, statSync } from 'node:fs';
import { codeOf } from '../../errors.ts';
import { type Cookie, readCookies } from '../cookie.ts';
import { COMMAND_LINE_KEPT } from '../os.ts';

/** An answer shorter than this is the whole answer. */
const PAGE = 4_096;
const STAT_BYTES = 1_024;
const statBuffer = Buffer.allocUnsafe(STAT_BYTES);
/** Linux allows 2 MiB and more of environment; a cookie stands at its front unless a shell sorted it. */
const ENVIRONMENT_BYTES = 4 * 1_024 * 1_024;
let environmentBuffer = Buffer.allocUnsafe(64 * 1_024);

/** include/linux/sched.h */
const PF_EXITING = 0x00000004;
const PF_KTHREAD = 0x00200000;

const NO_DESCRIPTOR = new Set(['EMFILE', 'ENFILE']);

export interface Stat {
  readonly zombie: boolean;
  readonly dying: boolean;
  /** Its first thread is amid its end, and may have given its memory back, its environment with it. A zombie's is past it. */
  readonly exiting: boolean;
  /** A thread of the kernel itself: it has neither a command line nor an environment. */
  readonly kernelThread: boolean;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Clock ticks since boot. */
  readonly startTime: number;
}

/** proc_pid_stat(5). Undefined when there is no such process. */
export function readStat(pid: number): Stat | undefined {
  const length = readInto(`/proc/${pid}/stat`, statBuffer);
  if (length === undefined || length === 0) return undefined;
  return parseStat(statBuffer.toString('latin1', 0, length));
}

/** The second field, the name, may hold spaces, newlines and parentheses: fields are counted from its end. */
export function parseStat(text: string): Stat {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ', 20);
  const ended = fields[0] === 'Z' || fields[0] === 'X'; // its first thread, that is
  const threads = Number(fields[17]);
  const flags = Number(fields[6]);
  return {
    zombie: ended && threads <= 1,
    dying: ended && threads > 1,
    exiting: !ended && (flags & PF_EXITING) !== 0,
    kernelThread: (flags & PF_KTHREAD) !== 0,
    parent: Number(fields[1]),
    group: Number(fields[2]),
    session: Number(fields[3]),
    startTime: Number(fields[19]),
  };
}

/** What a process without any environment has. It may just be about to have one: see `hasCommandLine`. */
export const NO_ENVIRONMENT: readonly Cookie[] = [];

/** Undefined when the environment may not be read, or the process is gone. */
export function readProcessCookies(pid: number): readonly Cookie[] | undefined {
  return cookiesIn(`/proc/${pid}/environ`);
}

/** Of a process whose first thread has ended, and with it what /proc says of it under its pid: by another thread. */
export function readDyingCookies(pid: number): readonly Cookie[] | undefined {
  for (const thread of threadsOf(pid)) {
    const cookies = cookiesIn(`/proc/${pid}/task/${thread}/environ`);
    if (cookies !== undefined && cookies.length > 0) return cookies;
  }
  return undefined;
}

function threadsOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return []; // it is gone
  }
}

function cookiesIn(path: string): readonly Cookie[] | undefined {
  let length = readInto(path, environmentBuffer);
  while (length === environmentBuffer.length && length < ENVIRONMENT_BYTES) {
    environmentBuffer = Buffer.allocUnsafe(length * 2);
    length = readInto(path, environmentBuffer);
  }
  if (length === undefined) return undefined;
  if (length === 0) return NO_ENVIRONMENT;
  return parseCookies(environmentBuffer.subarray(0, length));
}

/** An environment as the kernel keeps it: `NAME=value`, each ended by a zero byte. */
export function parseCookies(environment: Buffer): readonly Cookie[] {
  return readCookies((name) => {
    const value = startOfValue(environment, `${name}=`);
    if (value === undefined) return undefined;
    const end = environment.indexOf(0, value);
    return environment.toString('utf8', value, end === -1 ? environment.length : end);
  });
}

/** Where what follows `name=` begins, in the first variable of that name. */
function startOfValue(environment: Buffer, key: string): number | undefined {
  if (environment.toString('latin1', 0, key.length) === key) return key.length;
  const before = environment.indexOf(`\0${key}`);
  return before === -1 ? undefined : before + 1 + key.length;
}

export function readCommandLine(pid: number): string {
  try {
    const text = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return text.replace(/\0$/, '').replaceAll('\0', ' ').slice(0, COMMAND_LINE_KEPT);
  } catch {
    return '';
  }
}

/** The effective user, or undefined when the process is gone. */
export function readUserId(pid: number): number | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const uid = /^Uid:\t\d+\t(\d+)/m.exec(status)?.[1];
    return uid === undefined ? undefined : Number(uid);
  } catch {
    return undefined;
  }
}

/** In the middle of execve(2) a process has neither an environment nor this. */
export const hasCommandLine = (pid: number): boolean => readInto(`/proc/${pid}/cmdline`, statBuffer) !== 0;

export const readBootId = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();

/** The pid that was given out last in our namespace; undefined on a kernel that does not tell. */
export function readLastPid(): number | undefined {
  const length = readInto('/proc/sys/kernel/ns_last_pid', statBuffer);
  return length === undefined ? undefined : Number(statBuffer.toString('latin1', 0, length));
}

/** Like `pid:[4026531836]`. */
export const readPidNamespace = (): string => readlinkSync('/proc/self/ns/pid');

/** False where /proc is missing, hides other processes' facts, or belongs to another pid namespace. */
export function procIsUsable(): boolean {
  try {
    return readlinkSync('/proc/self') === String(process.pid) && statSync('/proc/1/stat').isFile();
  } catch {
    return false;
  }
}

/** How many bytes were read, or undefined when the file may not be read or its process is gone. */
function readInto(path: string, buffer: Buffer): number | undefined {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if (NO_DESCRIPTOR.has(codeOf(error))) throw error; // which says nothing about the process
    return undefined;
  }
  try {
    let length = readSync(file, buffer, 0, buffer.length, null);
    for (let count = length; count >= PAGE && length < buffer.length; length += count) {
      count = readSync(file, buffer, length, buffer.length - length, null); // the kernel gives a page at a time
    }
    return length;
  } catch {
    return undefined; // ESRCH: it went while we read
  } finally {
    closeSync(file);
  }
}
