/** Commands as a shell reads them, each on one line. */
import { shorten } from '../table.ts';

const PLAIN = /^[\w@%+=:,./-]+$/;
const CONTROL = /[\x00-\x1f\x7f]/g;
const LONGEST_NAME = 120;

/** One word. What cannot stand on a line is written as bash, zsh and ksh read it: `$'a\nb'`. */
export function quote(word: string): string {
  if (PLAIN.test(word)) return word;
  if (word.search(CONTROL) === -1) return `'${word.replaceAll("'", `'"'"'`)}'`;
  return `$'${word.replace(/[\\']/g, '\\$&').replace(CONTROL, escaped)}'`;
}

export const quoteAll = (words: readonly string[]): string => words.map(quote).join(' ');

/** A command in a message for people. */
export const briefly = (commandLine: string): string => shorten(commandLine, LONGEST_NAME);

function escaped(control: string): string {
  if (control === '\n') return '\\n';
  if (control === '\t') return '\\t';
  return `\\x${control.charCodeAt(0).toString(16).padStart(2, '0')}`;
}
