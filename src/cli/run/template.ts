/** Commands with places for values: `{}` and its relatives, by GNU parallel's rules, without a shell. */
import { posix } from 'node:path';

/** What becomes of a value: itself, or a part of it as if it were a path. */
const PARTS: Readonly<Record<string, (value: string) => string>> = {
  '': (value) => value,
  '.': withoutExtension,
  '/': baseName,
  '//': (value) => posix.dirname(value),
  '/.': (value) => withoutExtension(baseName(value)),
};

/** `{}`, `{.}`, `{2}`, `{2.}`, and `{#}`. */
const PLACE = /\{(?:(#)|([1-9]\d*)?(\/\/|\/\.|\.|\/)?)\}/g;
/** A place for all values that is a word of its own. */
const WORD_OF_ALL = /^\{(\/\/|\/\.|\.|\/)?\}$/;

export class Template {
  readonly #words: readonly string[];

  /** Without any place in its words, the values come last. @param sources how many values there are each time */
  constructor(words: readonly string[], sources: number) {
    const hasPlace = words.some((word) => placesOf(word, sources).length > 0);
    this.#words = hasPlace ? words : [...words, '{}'];
  }

  /**
   * The words of one command. Each stays one word, whatever its value holds; but several values in a place of its own,
   * as in `cp {}`, are as many words. @param seq the number of the job, from 1
   */
  expand(values: readonly string[], seq: number): string[] {
    return this.#words.flatMap((word) => {
      const alone = WORD_OF_ALL.exec(word);
      if (alone !== null) return values.map(PARTS[alone[1] ?? '']!);
      return word.replace(PLACE, (place, number?: string, position?: string, part = '') => {
        if (number !== undefined) return String(seq);
        if (position === undefined) return values.map(PARTS[part]!).join(' ');
        const value = values[Number(position) - 1];
        return value === undefined ? place : PARTS[part]!(value); // as in `grep -E 'a{7}'`
      });
    });
  }
}

const placesOf = (word: string, sources: number): string[] =>
  [...word.matchAll(PLACE)].flatMap(([place, , position]) =>
    position === undefined || Number(position) <= sources ? [place] : [],
  );

/** Every choice of one value from each group; the last group's change first. */
export function* product(groups: readonly (readonly string[])[]): Generator<readonly string[]> {
  const [first, ...rest] = groups;
  if (first === undefined) {
    yield [];
    return;
  }
  for (const value of first) for (const others of product(rest)) yield [value, ...others];
}

function baseName(value: string): string {
  return value.slice(value.lastIndexOf('/') + 1);
}

function withoutExtension(value: string): string {
  return value.replace(/\.[^/.]*$/, '');
}
