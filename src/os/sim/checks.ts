/** What programs may be given. Refused at once, and in plain words: a NaN in virtual time would show much later. */
import { constants } from 'node:os';
import type { Signal } from '../os.ts';

/** What nobody can handle: signal(7). */
const UNSTOPPABLE: ReadonlySet<string> = new Set(['SIGKILL', 'SIGSTOP']);

/** @param where who is asked, such as `after()` */
export function milliseconds(where: string, value: number): number {
  return numberFrom(where, 'milliseconds, a finite number from 0 on', value, Number.isFinite(value));
}

export function wholeNumber(where: string, value: number): number {
  return numberFrom(where, 'a whole number from 0 on', value, Number.isSafeInteger(value));
}

export function exitCode(where: string, value: number): number {
  return numberFrom(where, 'a whole number from 0 to 255', value, Number.isInteger(value) && value <= 255);
}

/** One that somebody can be found at. */
export function port(where: string, value: number): number {
  const fits = Number.isInteger(value) && value >= 1 && value <= 65_535;
  return numberFrom(where, 'a whole number from 1 to 65535', value, fits);
}

/** How often, of all times. */
export function fraction(where: string, value: number): number {
  return numberFrom(where, 'a number from 0 to 1', value, value <= 1);
}

function numberFrom(where: string, wanted: string, value: number, fits: boolean): number {
  const complaint = `${where}: expected ${wanted}, got ${seen(value)}`;
  if (typeof value !== 'number') throw new TypeError(complaint);
  if (!fits || value < 0) throw new RangeError(complaint);
  return value;
}

export function trueOrFalse(where: string, value: boolean): boolean {
  if (typeof value !== 'boolean') {
    throw new TypeError(`${where}: expected true or false, got ${seen(value)}`);
  }
  return value;
}

export function oneOf<T>(where: string, value: T, choices: readonly T[]): T {
  if (choices.includes(value)) return value;
  const complaint = `${where}: expected one of ${choices.map(seen).join(', ')}, got ${seen(value)}`;
  throw choices.some((choice) => typeof choice === typeof value)
    ? new RangeError(complaint)
    : new TypeError(complaint);
}

/** How the value of each option is checked. */
export type Checks<Options extends object> = {
  readonly [Key in keyof Options]-?: (where: string, value: NonNullable<Options[Key]>) => unknown;
};

/** Options of which each may be left out, and that has no other. */
export function optional<Options extends object>(
  where: string,
  options: Options,
  checks: Checks<Options>,
): Options {
  // A promise is an object, too, and so is a Map: ones that have no options at all.
  if (Object.prototype.toString.call(options) !== '[object Object]') {
    throw new TypeError(`${where}: expected a plain object of options, got ${seen(options)}`);
  }
  for (const [key, value] of Object.entries(options)) {
    if (!Object.hasOwn(checks, key)) {
      throw new TypeError(`${where}: ${key}: unknown option; there are ${Object.keys(checks).join(', ')}`);
    }
    if (value !== undefined) checks[key as keyof Options](`${where}: ${key}`, value);
  }
  return options;
}

export function text(where: string, value: string): string {
  if (typeof value !== 'string') throw new TypeError(`${where}: expected a string, got ${seen(value)}`);
  return value;
}

export function callable<T>(where: string, value: T): T {
  if (typeof value !== 'function') throw new TypeError(`${where}: expected a function, got ${seen(value)}`);
  return value;
}

/** What a `function*` returns does nothing by itself. */
export function done<T>(result: T): T {
  if (isGenerator(result)) throw new TypeError('a function* does nothing here: nobody runs its generator');
  return result;
}

export const isGenerator = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (Symbol.iterator in value || Symbol.asyncIterator in value) &&
  'throw' in value;

/** One that a process can handle or ignore. */
export function handled(where: string, value: Signal): Signal {
  if (typeof value !== 'string') throw new TypeError(`${where}: expected a signal, got ${seen(value)}`);
  if (UNSTOPPABLE.has(value)) throw new RangeError(`${where}: ${value} cannot be handled or ignored`);
  if (!Object.hasOwn(constants.signals, value)) {
    throw new RangeError(`${where}: there is no signal '${value}'`);
  }
  return value;
}

function seen(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'function') return 'a function';
  if (value instanceof Promise) return 'a promise';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
