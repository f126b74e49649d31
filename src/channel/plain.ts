/** Which values JSON carries without loss. */

/** Values looked at before it is given up: a structured clone is not much dearer then. */
const LOOKED_AT = 64;

/** True when JSON gives back what it was given. False when it does not, or when that would take long to find out. */
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
  if (Array.isArray(value)) {
    if (value.length > left) return false;
    left -= value.length;
    for (let index = 0; index < value.length; index += 1) if (!look(value[index])) return false;
    return true;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return false;
  for (const key in value) {
    left -= 1;
    if (left < 0 || !look((value as Record<string, unknown>)[key])) return false;
  }
  return true;
}
