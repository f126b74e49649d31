/** Is the host of a recorded run alive? Looks at its pid, and knocks at its socket. */
import { sameProcess } from '../os/identity.ts';
import type { Os, Sighting, SocketAnswer } from '../os/os.ts';
import { pause } from '../os/pause.ts';
import type { HostRecord, RunFile } from './run-file.ts';
import { socketPath } from './run-paths.ts';
import { type HostVerdict, hostVerdict } from './verdict.ts';

/** A socket between its bind and its listen refuses too: a refusal is believed when it comes twice. */
const KNOCK_AGAIN_AFTER_MS = 50;
/**
 * The threads of one that was killed are gone in some milliseconds, unless the disk holds one up. What has tens of GiB to
 * give back may take longer: its socket answers, it counts as alive, and a later sweep finds it.
 */
const DYING_PATIENCE_MS = 1_000;
const DYING_POLL_MS = 5;

export async function judgeHost(
  os: Os,
  stateDirectory: string,
  { host, runId }: RunFile,
): Promise<HostVerdict> {
  const { self } = os.processes;
  const seen = host.bootId === self.identity.bootId ? await seenEnded(os, host) : undefined;
  const answer = await knockTwice(os, stateDirectory, runId);
  return hostVerdict(host, self, seen, answer, os.network.refusalProvesDeath);
}

/** What is on its pid; when that is dying, once it is dead: until then its socket answers, as if it were alive. */
async function seenEnded(os: Os, host: HostRecord): Promise<Sighting | undefined> {
  const deadline = os.clock.monotonic() + DYING_PATIENCE_MS;
  for (;;) {
    const seen = await os.processes.sight(host.pid);
    if (seen?.dying !== true || !sameProcess(seen, host) || os.clock.monotonic() >= deadline) return seen;
    await pause(os.clock, DYING_POLL_MS);
  }
}

/**
 * As `knockTwice`, for a run of which nothing tells who its host was: it answers as if it lived until its last thread
 * has ended, so that an answer is believed only when it lasts.
 */
export async function knockForLong(os: Os, stateDirectory: string, runId: string): Promise<SocketAnswer> {
  const deadline = os.clock.monotonic() + DYING_PATIENCE_MS;
  for (;;) {
    const answer = await knockTwice(os, stateDirectory, runId);
    if (answer !== 'answered' || os.clock.monotonic() >= deadline) return answer;
    await pause(os.clock, KNOCK_AGAIN_AFTER_MS);
  }
}

/** The answer at a run's socket; `refused` only when it was refused twice. */
export async function knockTwice(os: Os, stateDirectory: string, runId: string): Promise<SocketAnswer> {
  const path = socketPath(stateDirectory, runId);
  const answer = await os.network.knock(path);
  if (answer !== 'refused') return answer;
  await pause(os.clock, KNOCK_AGAIN_AFTER_MS);
  return os.network.knock(path);
}
