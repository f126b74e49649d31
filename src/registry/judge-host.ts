/** Is the host of a recorded run alive? Looks at its pid, and knocks at its socket. */
import type { Os, SocketAnswer } from '../os/os.ts';
import { pause } from '../os/pause.ts';
import type { RunFile } from './run-file.ts';
import { socketPath } from './run-paths.ts';
import { type HostVerdict, hostVerdict } from './verdict.ts';

/** A socket between its bind and its listen refuses too: a refusal is believed when it comes twice. */
const KNOCK_AGAIN_AFTER_MS = 50;

export async function judgeHost(
  os: Os,
  stateDirectory: string,
  { host, runId }: RunFile,
): Promise<HostVerdict> {
  const seen = await os.processes.inspect(host.pid);
  return hostVerdict(host, os.processes.self, seen, await knockTwice(os, stateDirectory, runId));
}

/** The answer at a run's socket; `refused` only when it was refused twice. */
export async function knockTwice(os: Os, stateDirectory: string, runId: string): Promise<SocketAnswer> {
  const path = socketPath(stateDirectory, runId);
  const answer = await os.network.knock(path);
  if (answer !== 'refused') return answer;
  await pause(os.clock, KNOCK_AGAIN_AFTER_MS);
  return os.network.knock(path);
}
