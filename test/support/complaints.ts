/** What an `OptionsError` says, and where it points. */
import { OptionsError } from '../../src/errors.ts';

/** Its path and its message; fails when nothing, or something else, is thrown. */
export function complaint(parse: () => unknown): { path: string; message: string } {
  try {
    parse();
  } catch (error) {
    if (error instanceof OptionsError) return { path: error.path, message: error.message };
    throw error;
  }
  throw new Error('nothing was complained about');
}
