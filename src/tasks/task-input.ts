/** What a task reads from its standard input. */
import type { ByteSink } from '../os/os.ts';
import { show } from '../worker/option-reader.ts';

/** A string or bytes can be given to a second attempt, too; anything else is read once. */
export type TaskInput = string | Uint8Array | AsyncIterable<string | Uint8Array>;

const isWhole = (input: TaskInput): input is string | Uint8Array =>
  typeof input === 'string' || input instanceof Uint8Array;

/** Whether it can be read by another attempt when one has begun to. */
export const canBeReadAgain = (input: TaskInput | undefined): boolean =>
  input === undefined || isWhole(input);

/**
 * Writes it all, as fast as it is read, and ends the process's input. A process that reads no more, or dies, is no fault:
 * many read only the beginning. Returns how to stop; the source is told then that no more is wanted.
 * @param onError told when the source has failed; the process's input ends there
 */
export function feed(sink: ByteSink, input: TaskInput, onError: (error: unknown) => void): () => void {
  if (isWhole(input)) {
    const written = input.length > 0 ? sink.write(input) : Promise.resolve();
    written.then(
      () => sink.end(),
      () => sink.end(),
    );
    return () => {};
  }
  const pieces = input[Symbol.asyncIterator]();
  let isStopped = false;
  const stop = (): void => {
    if (isStopped) return;
    isStopped = true;
    sink.end();
    pieces.return?.().catch(() => {}); // it may be waiting for something that never comes
  };
  void pump(pieces, sink, () => isStopped).then(stop, (error: unknown) => {
    if (!isStopped) onError(error);
    stop();
  });
  return stop;
}

/** Rejects when the source does. */
async function pump(
  pieces: AsyncIterator<string | Uint8Array>,
  sink: ByteSink,
  isStopped: () => boolean,
): Promise<void> {
  for (;;) {
    const { done, value } = await pieces.next();
    if (done === true || isStopped()) return;
    if (typeof value !== 'string' && !(value instanceof Uint8Array))
      throw new TypeError(`it gave ${show(value)}, which is neither a string nor bytes`);
    const isRead = await sink.write(value).then(
      () => true,
      () => false,
    );
    if (!isRead) return;
  }
}
