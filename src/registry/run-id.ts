/** Names one incarnation of a host, as Erlang's "beam run" IDs: when it began, and something nobody else has. */
import { customRandom } from 'nanoid';
import type { Clock, Random } from '../os/os.ts';

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';
const RANDOM_LENGTH = 12;

/** `<microseconds since 1970>_<12 of 36 letters>`: fit for a file name, a variable and a command line. */
export function newRunId(clock: Clock, random: Random): string {
  // The wall clock has milliseconds; what is finer only tells two calls apart.
  const microseconds = clock.now() * 1_000 + Math.floor((clock.monotonic() % 1) * 1_000);
  const letters = customRandom(LETTERS, RANDOM_LENGTH, (count) => random.bytes(count));
  return `${microseconds}_${letters()}`;
}

export const isRunId = (text: string): boolean => /^\d{1,20}_[a-z0-9]{1,64}$/.test(text);

/** Milliseconds since 1970, by the clock of the machine it began on. */
export const beganAt = (runId: string): number => Number(runId.split('_', 1)[0]) / 1_000;
