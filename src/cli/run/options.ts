/** What `reeve run` is told on its command line, and what it means. */
import { availableParallelism } from 'node:os';
import { OptionsError } from '../../errors.ts';
import { parseDuration } from './duration.ts';
import { type Halt, parseHalt } from './halt.ts';
import type { OutputForm } from './job-output.ts';
import type { Resumption } from './joblog.ts';

/** As they are written. */
export interface RunFlags {
  readonly argFile?: string;
  readonly delay?: string;
  readonly dryRun?: boolean;
  readonly halt?: string;
  readonly joblog?: string;
  readonly jobs?: string;
  readonly json?: boolean;
  readonly keepOrder?: boolean;
  readonly lineBuffer?: boolean;
  readonly runIfEmpty?: boolean;
  readonly null?: boolean;
  readonly resume?: boolean;
  readonly resumeFailed?: boolean;
  readonly retries?: string;
  readonly tag?: boolean;
  readonly tasks?: string;
  readonly timeout?: string;
  readonly totalTimeout?: string;
}

/** Where tasks come from. */
export type Origin =
  | {
      readonly kind: 'groups';
      readonly words: readonly string[];
      readonly groups: readonly (readonly string[])[];
    }
  | {
      readonly kind: 'lines';
      readonly words: readonly string[];
      /** `-` is standard input. */
      readonly path: string;
      readonly separator: '\n' | '\0';
      readonly skipsEmpty: boolean;
    }
  | { readonly kind: 'tasks'; readonly path: string };

export interface RunPlan {
  readonly origin: Origin;
  readonly jobs: number;
  readonly retries: number;
  /** Milliseconds; undefined: no limit. */
  readonly timeout: number | undefined;
  readonly totalTimeout: number | 'auto' | undefined;
  readonly delay: number;
  readonly form: OutputForm;
  readonly isOrdered: boolean;
  readonly isTagged: boolean;
  readonly json: boolean;
  readonly dryRun: boolean;
  readonly joblog: string | undefined;
  readonly resumption: Resumption;
  readonly halt: Halt | undefined;
}

const MOST_JOBS = 10_000;
const MOST_RETRIES = 1_000;
const GROUP = ':::';
const UNKNOWN_GROUPS = ['::::', ':::+', '::::+'];

/** Throws an `OptionsError`. @param operands what stands behind the options */
export function parseRun(operands: readonly string[], flags: RunFlags): RunPlan {
  const origin = parseOrigin(operands, flags);
  const halt = flags.halt === undefined ? undefined : parseHalt(flags.halt);
  const timeout = flags.timeout === undefined ? undefined : parseDuration(flags.timeout, '--timeout');
  const totalTimeout =
    flags.totalTimeout === undefined || flags.totalTimeout === 'auto'
      ? flags.totalTimeout
      : parseDuration(flags.totalTimeout, '--total-timeout');
  if (halt?.isPercent === true) requireGroups(origin, '--halt', 'a share of them');
  if (totalTimeout === 'auto') {
    requireGroups(origin, '--total-timeout', "'auto'");
    if (timeout === undefined) throw new OptionsError('--total-timeout', "'auto' needs --timeout");
  }
  requireMeant(flags);
  const resumes = flags.resume === true || flags.resumeFailed === true;
  if (resumes && flags.joblog === undefined) throw new OptionsError('--resume', 'needs --joblog');
  return {
    origin,
    jobs: parseCount(flags.jobs ?? String(availableParallelism()), '--jobs', 1, MOST_JOBS),
    retries: parseCount(flags.retries ?? '0', '--retries', 0, MOST_RETRIES),
    timeout,
    totalTimeout: totalTimeout === 'auto' ? 'auto' : totalTimeout,
    delay: flags.delay === undefined ? 0 : parseDuration(flags.delay, '--delay', 0),
    form: formOf(flags),
    isOrdered: flags.keepOrder === true,
    isTagged: flags.tag === true,
    json: flags.json === true,
    dryRun: flags.dryRun === true,
    joblog: flags.joblog,
    resumption: resumes ? (flags.resumeFailed === true ? 'ok' : 'all') : 'none',
    halt,
  };
}

/** What would be without any effect was meant otherwise. */
function requireMeant({ lineBuffer, keepOrder, tag, json, ...flags }: RunFlags): void {
  if (flags.dryRun === true && json === true)
    throw new OptionsError('--dry-run', "prints commands: not together with '--json'");
  if (lineBuffer === true && keepOrder === true)
    throw new OptionsError('--line-buffer', 'lines that are shown at once have no order to keep');
  for (const [option, isSet] of Object.entries({ '--line-buffer': lineBuffer, '--tag': tag })) {
    if (isSet === true && json === true)
      throw new OptionsError(option, "not together with '--json', which does not show what tasks write");
  }
  const files = { '--arg-file': flags.argFile, '--tasks': flags.tasks, '--joblog': flags.joblog };
  for (const [option, path] of Object.entries(files)) {
    if (path === '') throw new OptionsError(option, "expected a file, got ''");
  }
}

function formOf({ json, lineBuffer }: RunFlags): OutputForm {
  if (json === true) return 'none';
  return lineBuffer === true ? 'lines' : 'held';
}

function parseOrigin(operands: readonly string[], flags: RunFlags): Origin {
  const [words = [], ...groups] = groupsOf(operands);
  const readings = {
    '--arg-file': flags.argFile !== undefined,
    '--null': flags.null === true,
    '--no-run-if-empty': flags.runIfEmpty === false,
  };
  for (const [option, isSet] of Object.entries(readings)) {
    if (isSet && groups.length > 0) throw new OptionsError(option, `not together with '${GROUP}'`);
    if (isSet && flags.tasks !== undefined)
      throw new OptionsError(option, "is about values that are read: not together with '--tasks'");
  }
  if (flags.tasks !== undefined) {
    if (operands.length > 0)
      throw new OptionsError(
        '--tasks',
        'each line has a command of its own: not together with another, or its arguments',
      );
    return { kind: 'tasks', path: flags.tasks };
  }
  if (words.length === 0) throw new OptionsError('', 'no command: what is to be run? (or else --tasks)');
  if (groups.length > 0) return { kind: 'groups', words, groups: requireValues(groups) };
  const separator = flags.null === true ? '\0' : '\n';
  return {
    kind: 'lines',
    words,
    path: flags.argFile ?? '-',
    separator,
    skipsEmpty: flags.runIfEmpty === false,
  };
}

/** One group without a value is a pattern that no file matches, and nothing to do; of several it is a mistake. */
function requireValues(groups: readonly (readonly string[])[]): readonly (readonly string[])[] {
  if (groups.length > 1 && groups.some(({ length }) => length === 0))
    throw new OptionsError(GROUP, 'one of several has no value after it, so that there is no combination');
  return groups;
}

/** What stands before the first `:::`, and after each. */
function groupsOf(operands: readonly string[]): string[][] {
  const groups: string[][] = [[]];
  for (const operand of operands) {
    if (UNKNOWN_GROUPS.includes(operand))
      throw new OptionsError(operand, "only ':::' is known; for arguments in a file there is --arg-file");
    if (operand === GROUP) groups.push([]);
    else groups.at(-1)!.push(operand);
  }
  return groups;
}

function requireGroups({ kind }: Origin, option: string, what: string): void {
  if (kind !== 'groups')
    throw new OptionsError(
      option,
      `${what} needs to know how many tasks there are: give arguments after '${GROUP}'`,
    );
}

function parseCount(text: string, option: string, least: number, most: number): number {
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= least && number <= most))
    throw new OptionsError(option, `expected a whole number from ${least} to ${most}, got '${text}'`);
  return number;
}
