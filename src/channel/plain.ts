/** Which values JSON carries without loss. */

/** Values looked at before it is given up: a structured clone is not much dearer then. */
const LOOKED_AT = 64;

/**
 * True when JSON gives back what it was given. False when it does not, or when that would take long to find out. What no
 * form carries does not count: what is not enumerable, what symbols name, the class of an object, and whether two are one.
 */
export function isPlain(value: unknown): boolean {
  left = LOOKED_AT;
  return look(value);
}

/** Shared by the calls of one look, and set at its beginning: an object for each would cost more than the look. */
let left = 0;

function look(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0);
    case 'object':
      return value === null || lookInside(value);
    default:
      return false;
  }
}

function lookInside(value: object): boolean {
  left -= 1;
  if (left < 0) return false; // also what holds itself
  if ((value as { toJSON?: unknown }).toJSON !== undefined) return false; // JSON would ask it, enumerable or not
  if (Array.isArray(value)) return lookThrough(value);
  if (Object.getPrototypeOf(value) !== Object.prototype) return false;
  for (const key in value) {
    left -= 1;
    if (left < 0 || !look((value as Record<string, unknown>)[key])) return false;
  }
  return true;
}

function lookThrough(array: readonly unknown[]): boolean {
  const { length } = array;
  if (length > left) return false;
  left -= length;
  for (let index = 0; index < length; index += 1) if (!look(array[index])) return false;
  return Object.keys(array).length === length; // a match of a regular expression has more than its items
}
