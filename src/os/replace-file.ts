/** A file's text, replaced whole: whoever reads it sees the old or the new, also after a death in between. */
import type { Files } from './os.ts';

/** @param temporary a name beside `path` that nobody else uses meanwhile */
export async function replaceFile(
  files: Files,
  path: string,
  text: string,
  temporary: string,
): Promise<void> {
  try {
    await files.write(temporary, text);
    await files.rename(temporary, path);
  } catch (error) {
    await files.remove(temporary).catch(() => undefined);
    throw error;
  }
}
