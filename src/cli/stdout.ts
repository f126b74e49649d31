/** Standard output that cannot be written: its reader has gone, or its disk is full. */
import { codeOf, messageOf } from '../errors.ts';

/** One of our streams cannot be written. */
export type OutputError = Error & { readonly code?: string };

/** For commands that only tell something. A reader that has gone, as `head` does: as if SIGPIPE had ended us. */
export function endOnBrokenOutput(error: OutputError, exitCode = 1): never {
  if (codeOf(error) !== 'EPIPE') console.error(complaintAbout(error));
  process.exit(codeOf(error) === 'EPIPE' ? 128 + 13 : exitCode);
}

/** For a command that has something to put in order first: `onBroken` is called once, with what to say of it. */
export function outliveBrokenOutput(onBroken: (complaint: string) => void): void {
  let broken = false;
  process.stdout.off('error', endOnBrokenOutput).on('error', (error: OutputError) => {
    if (broken) return;
    broken = true;
    onBroken(complaintAbout(error));
  });
}

const complaintAbout = (error: OutputError): string =>
  `reeve: standard output cannot be written: ${messageOf(error)}`;
