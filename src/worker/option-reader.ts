/** Reads options once, at the door: complains with the path to the fault, and says what was probably meant. */
import { OptionsError } from '../errors.ts';
import { LONGEST_TIMER_MS } from '../os/longest-timer.ts';

export class OptionReader {
  readonly path: string;
  readonly #values: Record<string, unknown>;

  /** Refuses what is not an object, and any key that is not in `known`. */
  constructor(value: unknown, path: string, known: readonly string[]) {
    this.path = path;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new OptionsError(path, `expected an object, got ${show(value)}`);
    }
    this.#values = value as Record<string, unknown>;
    for (const [key, given] of Object.entries(value)) {
      if (!known.includes(key))
        throw new OptionsError(this.at(key), `unknown option${suggestion(key, known)}`);
      if (given === null) throw new OptionsError(this.at(key), 'expected a value, got null; leave it out');
    }
  }

  at(key: string): string {
    return this.path === '' ? key : `${this.path}.${key}`;
  }

  get(key: string): unknown {
    return this.#values[key];
  }

  has(key: string): boolean {
    return this.#values[key] !== undefined;
  }

  fail(key: string, complaint: string): never {
    throw new OptionsError(this.at(key), complaint);
  }

  /** A non-empty string that can cross into a process: no zero byte. */
  string(key: string, fallback?: string): string {
    const value = this.get(key) ?? fallback;
    if (typeof value !== 'string' || value === '')
      this.fail(key, `expected a non-empty string, got ${show(value)}`);
    if (value.includes('\0')) this.fail(key, 'must not hold a zero byte');
    return value;
  }

  strings(key: string, fallback: readonly string[]): readonly string[] {
    const value = this.get(key) ?? fallback;
    if (!Array.isArray(value)) this.fail(key, `expected an array of strings, got ${show(value)}`);
    return value.map((item: unknown, index) => {
      const at = `${key}[${index}]`;
      if (typeof item !== 'string') this.fail(at, `expected a string, got ${show(item)}`);
      if (item.includes('\0')) this.fail(at, 'must not hold a zero byte');
      return item;
    });
  }

  integers(key: string, fallback: readonly number[], least: number, most: number): readonly number[] {
    const value = this.get(key) ?? fallback;
    if (!Array.isArray(value)) this.fail(key, `expected an array of whole numbers, got ${show(value)}`);
    return value.map((item: unknown, index) => {
      if (typeof item === 'number' && Number.isInteger(item) && item >= least && item <= most) return item;
      return this.fail(
        `${key}[${index}]`,
        `expected a whole number from ${least} to ${most}, got ${show(item)}`,
      );
    });
  }

  /** These of the values that were given. */
  only(keys: readonly string[]): Record<string, unknown> {
    return Object.fromEntries(keys.filter((key) => this.has(key)).map((key) => [key, this.get(key)]));
  }

  boolean(key: string, fallback: boolean): boolean {
    const value = this.get(key) ?? fallback;
    if (typeof value !== 'boolean') this.fail(key, `expected true or false, got ${show(value)}`);
    return value;
  }

  /** Milliseconds; at most the longest that Node's timers can wait, 24.8 days. */
  milliseconds(key: string, fallback: number): number {
    return this.integer(key, fallback, 0, LONGEST_TIMER_MS);
  }

  integer(key: string, fallback: number, least: number, most: number): number {
    const value = this.get(key) ?? fallback;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
      this.fail(key, `expected a whole number from ${least} to ${most}, got ${show(value)}`);
    }
    return value;
  }

  number(key: string, fallback: number, least: number, most: number): number {
    const value = this.get(key) ?? fallback;
    if (typeof value !== 'number' || !(value >= least && value <= most)) {
      this.fail(key, `expected a number from ${least} to ${most}, got ${show(value)}`);
    }
    return value;
  }

  oneOf<const T extends string>(key: string, choices: readonly T[], fallback: T): T {
    const value = this.get(key) ?? fallback;
    if (!choices.includes(value as T)) {
      const hint = typeof value === 'string' ? suggestion(value, choices) : '';
      this.fail(
        key,
        `${show(value)} is not one of ${choices.map((choice) => `'${choice}'`).join(', ')}${hint}`,
      );
    }
    return value as T;
  }
}

export function show(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  return typeof value === 'function' ? 'a function' : String(value);
}

function suggestion(word: string, choices: readonly string[]): string {
  const near = choices
    .map((choice) => ({ choice, distance: editDistance(word.toLowerCase(), choice.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)[0];
  return near !== undefined && near.distance <= 1 + word.length / 4 ? `; did you mean '${near.choice}'?` : '';
}

/** Levenshtein's: how many letters must be added, taken away or changed. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
