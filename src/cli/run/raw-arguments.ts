/** Our own arguments, as they were before Node has read them. */
import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { OptionsError } from '../../errors.ts';

/**
 * Throws an `OptionsError` when one is not UTF-8: Node has put other bytes in its place, and a command would be given the
 * name of another file. Where the system does not tell nothing can be said.
 */
export function requireUtf8(): void {
  let bytes: Buffer;
  try {
    bytes = readFileSync('/proc/self/cmdline');
  } catch {
    return;
  }
  if (!isUtf8(bytes))
    throw new OptionsError('', 'an argument is not UTF-8, and cannot be passed on as it is');
}
