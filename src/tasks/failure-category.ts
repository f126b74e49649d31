/** What kind of failure a task's end was, as far as its exit and its words tell: some kinds heal by waiting, some never. */
import type { SpawnError } from '../errors.ts';

export const CATEGORIES = [
  'timeout',
  'rate-limit',
  'auth',
  'inference',
  'crash',
  'out-of-memory',
  'spawn',
  'resource',
  'transient',
  'permanent',
  'unknown',
] as const;
export type FailureCategory = (typeof CATEGORIES)[number];

/** Those that another attempt may mend. */
export const HEALING: ReadonlySet<FailureCategory> = new Set([
  'timeout',
  'rate-limit',
  'inference',
  'crash',
  'resource',
  'transient',
  'unknown',
]);

/** A line of text that tells of a kind of failure. A string must occur in it, whatever the case of its letters. */
export interface FailurePattern {
  readonly category: FailureCategory;
  /**
   * The host waits while it is looked for, and a line may have 64 KiB and more: an expression of yours with `.*` after
   * what may stand in a line often takes seconds for some, where `.{0,200}` takes milliseconds.
   */
  readonly pattern: RegExp | string;
  /** There is no use in waiting for the end of a task that has said so. Default false. */
  readonly fatal?: boolean;
}

/** What agents' command lines and the tools that people run say, the most telling first. Each reaches a bounded way. */
export const KNOWN_PATTERNS: readonly FailurePattern[] = [
  {
    category: 'rate-limit',
    pattern: /\brate[ _-]?limit|too many requests|\b429\b|quota exceeded|usage limit reached/i,
  },
  {
    category: 'auth',
    pattern:
      /invalid api key|\bunauthori[sz]ed\b|authentication[ _](failed|error)|\b401\b|not logged in|please run .{0,200}login/i,
    fatal: true,
  },
  {
    category: 'out-of-memory',
    pattern: /out of memory|cannot allocate memory|\bMemoryError\b|heap limit|\bOOM\b/i,
  },
  {
    category: 'inference',
    pattern:
      /\boverloaded(_error)?\b|model .{0,200}(not available|unavailable|is loading)|inference (failed|error)|context (length|window) exceeded|empty (response|completion)|\b529\b/i,
  },
  {
    category: 'resource',
    pattern:
      /\bE(MFILE|NFILE|NOSPC|AGAIN|DQUOT)\b|too many open files|no space left|resource temporarily unavailable/i,
  },
  {
    category: 'transient',
    pattern:
      /\bE(CONNRESET|CONNREFUSED|TIMEDOUT|PIPE|AI_AGAIN|HOSTUNREACH|NETUNREACH)\b|connection (reset|refused|timed out)|socket hang up|temporar(y|ily)|\b50[234]\b|bad gateway|service unavailable/i,
  },
  {
    category: 'permanent',
    pattern:
      /\b(syntax|usage) ?error\b|no such (file|command)|command not found|permission denied|unknown option|\b404\b/i,
  },
];

/** How an attempt ended that was no success. */
export type FailedEnd =
  | { readonly by: 'timeout' }
  | { readonly by: 'spawn'; readonly error: SpawnError }
  | { readonly by: 'exit'; readonly exitCode: number | null; readonly signal: string | null }
  | { readonly by: 'forker' };

/** @param words the end of what it wrote to its standard error and output, in this order */
export function categoryOf(
  end: FailedEnd,
  words: readonly string[],
  patterns: readonly FailurePattern[] = KNOWN_PATTERNS,
): FailureCategory {
  switch (end.by) {
    case 'timeout':
      return 'timeout';
    case 'forker':
      return 'transient';
    case 'spawn':
      return categoryOfSpawn(end.error);
    case 'exit':
      return fromWords(words, patterns) ?? fromExit(end);
  }
}

/** What has run out comes back; a program that is not there does not. */
function categoryOfSpawn({ code, phase }: SpawnError): FailureCategory {
  if (RUN_OUT.has(code)) return 'resource';
  return phase === 'forker' ? 'transient' : 'spawn';
}

const RUN_OUT = new Set(['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM', 'ENOSPC', 'EDQUOT']);

function fromWords(
  words: readonly string[],
  patterns: readonly FailurePattern[],
): FailureCategory | undefined {
  for (const text of words.map((word) => linesIn(word).join('\n'))) {
    const found = patterns.find(({ pattern }) => matches(pattern, text));
    if (found !== undefined) return found.category;
  }
  return undefined;
}

/** Exit codes as a shell knows them: 126 cannot be executed, 127 is not found; as GNU timeout does: 124. */
function fromExit({ exitCode, signal }: { exitCode: number | null; signal: string | null }): FailureCategory {
  if (signal === 'SIGKILL') return 'out-of-memory'; // nobody else kills so, as a rule
  if (signal !== null) return 'crash';
  if (exitCode === 124) return 'timeout';
  if (exitCode === 126 || exitCode === 127) return 'permanent';
  if (exitCode !== null && exitCode > 128 && exitCode < 160)
    return exitCode === 137 ? 'out-of-memory' : 'crash';
  return 'unknown';
}

/**
 * What a terminal is told beside the text: titles, which may not be whole yet, the colours of a console, control and
 * escape sequences (ECMA-48, ECMA-35), and the shifts of charsets.
 */
const FOR_TERMINALS =
  /\x1b(?:\](?:R|P[\da-fA-F]{7}|[^\x07\x1b\n\r\0\x1e]{0,2000}(?:\x07|\x1b\\|\x1b?$))|\[[0-?]*[ -/]*[@-~]|[ -/]*[0-Z\\^-~])|[\x0e\x0f]/g;

/** What ends a line: a progress bar goes back to its beginning, and records end with a zero byte, or begin with `RS`. */
const LINE_ENDS = ['\n', '\r', '\0', '\x1e'];
const BETWEEN_LINES = new RegExp(`[${LINE_ENDS.join('')}]+`);

/** Control characters that no text has, not even one for a terminal: tab, bell, backspace and escape may be. */
const NO_TEXT = /[\x01-\x06\x10-\x1a\x1c\x1d\x1f]/;

/** What stands for bytes that are no UTF-8: a letter or two of an older encoding, or of a letter cut in two. */
const NO_LETTER = /\ufffd/g;
/** Of the length of a line of text. */
const MOST_NO_LETTERS = 1 / 4;

/** Lines of text, without what is for terminals: in a picture, or an archive, any three letters come about by chance. */
export const linesIn = (output: string): readonly string[] =>
  output.replaceAll(FOR_TERMINALS, '').split(BETWEEN_LINES).filter(isText);

/** What follows the last end of a line. */
export const unended = (output: string): string =>
  output.slice(1 + Math.max(...LINE_ENDS.map((end) => output.lastIndexOf(end))));

const isText = (line: string): boolean =>
  line !== '' && !NO_TEXT.test(line) && (line.match(NO_LETTER)?.length ?? 0) <= line.length * MOST_NO_LETTERS;

export const matches = (pattern: RegExp | string, text: string): boolean =>
  typeof pattern === 'string'
    ? text.toLowerCase().includes(pattern.toLowerCase())
    : text.search(pattern) >= 0;
