/** Where the tasks of `reeve run` come from: values for a template, or lines of JSON; one by one, as they are needed. */
import { messageOf, OptionsError } from '../../errors.ts';
import type { TaskOptions } from '../../tasks/task-spec.ts';
import { OptionReader } from '../../worker/option-reader.ts';
import type { Line, Lines } from './lines.ts';
import { briefly, quote, quoteAll } from './quote.ts';
import { product, Template } from './template.ts';

/** A task, before it is known whether it has to be run. */
export interface Draft {
  readonly task: TaskOptions & { readonly id: string };
  /** As a shell reads it, on one line. */
  readonly commandLine: string;
  /** What `--tag` puts in front of its lines. */
  readonly tag: string;
  /** Why it cannot be run. */
  readonly problem?: Error;
}

export interface Drafts extends AsyncIterable<Draft> {
  /** Undefined while it is not known. */
  readonly total: number | undefined;
  /** There are no more, though there might have been. */
  close(): void;
}

/** The words of a command, with every choice of one value from each group. */
export function draftsOfGroups(words: readonly string[], groups: readonly (readonly string[])[]): Drafts {
  const template = new Template(words, groups.length);
  return {
    total: groups.reduce((total, { length }) => total * length, 1),
    close: () => {},
    async *[Symbol.asyncIterator]() {
      let seq = 0;
      for (const values of product(groups)) {
        seq += 1;
        yield draftOf(template, values, seq);
      }
    },
  };
}

/** The words of a command, with each line as its value. @param skipsEmpty lines without a character are left out */
export function draftsOfLines(words: readonly string[], lines: Lines, skipsEmpty: boolean): Drafts {
  const template = new Template(words, 1);
  return draftsFrom(
    lines,
    ({ text }) => skipsEmpty && text === '',
    (line, seq) =>
      line.text === undefined ? undraftable(line, seq, NOT_UTF8) : draftOf(template, [line.text], seq),
  );
}

/** Each line a task as JSON; empty ones are left out. */
export const draftsOfTasks = (lines: Lines): Drafts =>
  draftsFrom(lines, ({ text }) => text?.trim() === '', taskOf);

/** Read as they are needed, and numbered from 1. */
function draftsFrom(
  lines: Lines,
  isLeftOut: (line: Line) => boolean,
  draft: (line: Line, seq: number) => Draft,
): Drafts {
  return {
    total: undefined,
    close: () => lines.close(),
    async *[Symbol.asyncIterator]() {
      let seq = 0;
      for await (const line of lines) {
        if (isLeftOut(line)) continue;
        seq += 1;
        yield draft(line, seq);
      }
    },
  };
}

const NOT_UTF8 = 'not UTF-8, which an argument has to be';

function draftOf(template: Template, values: readonly string[], seq: number): Draft {
  const [command = '', ...args] = template.expand(values, seq);
  const commandLine = quoteAll([command, ...args]);
  return { task: { id: String(seq), command, args }, commandLine, tag: values.join(' ') };
}

function taskOf(line: Line, seq: number): Draft {
  if (line.text === undefined) return undraftable(line, seq, 'not UTF-8');
  try {
    const value: unknown = JSON.parse(line.text.replace(/^\uFEFF/, ''));
    const id = (value as { id?: unknown } | null)?.id ?? String(seq);
    const reader = new OptionReader(value, '', Object.keys(Object(value) as object)); // the host knows which there are
    const commandLine = quoteAll([reader.string('command'), ...reader.strings('args', [])]);
    return { task: { ...(value as TaskOptions), id: id as string }, commandLine, tag: String(id) };
  } catch (error) {
    return undraftable(line, seq, messageOf(error));
  }
}

function undraftable({ number, text = '' }: Line, seq: number, why: string): Draft {
  const id = String(seq);
  const problem = new OptionsError('', `line ${number}: ${why}`);
  return { task: { id, command: '' }, commandLine: briefly(quote(text.trim())), tag: id, problem };
}
