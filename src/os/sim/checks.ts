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

function numberFrom(where: string, wanted: string, value: number, fits: boolean): number {
  const complaint = `${where}: expected ${wanted}, got ${seen(value)}`;
  if (typeof value !== 'number') throw new TypeError(complaint);
  if (!fits || value < 0) throw new RangeError(complaint);
  return value;
}

export function text(where: string, value: string): string {
  if (typeof value !== 'string') throw new TypeError(`${where}: expected a string, got ${seen(value)}`);
  return value;
}

export function callable<T>(where: string, value: T): T {
  if (typeof value !== 'function') throw new TypeError(`${where}: expected a function, got ${seen(value)}`);
  return value;
}

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
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
