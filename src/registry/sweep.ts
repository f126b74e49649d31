/** Finds what dead runs left behind, proves that it is theirs, and ends it. */
import { messageOf } from '../errors.ts';
import { SharedCensus } from '../os/census.ts';
import type { Os } from '../os/os.ts';
import { damagedDirectory, parseRunName, runFilePath, runsDirectory, socketPath } from './run-paths.ts';
import { parseRunFile, type RunFile } from './run-file.ts';
import { clearRun, type SweptProcess } from './clear-run.ts';
import { hostVerdict } from './verdict.ts';

/**
 * `alive`: its host lives, hands off · `elsewhere`: on another machine or in another pid namespace · `other-version`:
 * written by another Reeve, hands off · `cleared`: nothing of it is left, its file is gone · `kept`: something is left
 * that could not be proven or ended; its file stays.
 */
export type SweepOutcome = 'alive' | 'elsewhere' | 'other-version' | 'cleared' | 'kept' | 'would-clear';

export interface SweptRun {
  readonly runId: string;
  readonly name: string;
  readonly host: { readonly pid: number | null; readonly alive: boolean };
  readonly outcome: SweepOutcome;
  readonly processes: readonly SweptProcess[];
  /** What was odd: a damaged file, and where it is kept now. */
  readonly notes: readonly string[];
}

export interface SweepReport {
  readonly runs: readonly SweptRun[];
}

export interface SweepOptions {
  readonly os: Os;
  readonly stateDirectory: string;
  /** The run that sweeps, never swept itself. */
  readonly ownRunId: string | undefined;
  /** Look and judge, but do nothing. */
  readonly dryRun: boolean;
}

/** A socket between its bind and its listen refuses too: a refusal is believed when it comes twice. */
const KNOCK_AGAIN_AFTER_MS = 50;

/** What a damaged file does not say. */
const DEFAULT_GRACE_MS = 2_000;

export async function sweep(options: SweepOptions): Promise<SweepReport> {
  const { os, stateDirectory, ownRunId } = options;
  const census = new SharedCensus(os.processes);
  const names = await os.files.list(runsDirectory(stateDirectory));
  const files = names.flatMap((name) => {
    const found = parseRunName(name);
    return found === undefined || found.runId === ownRunId ? [] : [found];
  });
  const withFile = new Set(files.filter(({ kind }) => kind === 'file').map(({ runId }) => runId));
  const runs = await Promise.all(
    [...withFile].map((runId) => sweepRun(options, census, runId).catch((error) => notSwept(runId, error))),
  );
  const leftovers = files.filter(({ kind, runId }) => kind === 'socket' && !withFile.has(runId));
  if (!options.dryRun) await Promise.all(leftovers.map(({ runId }) => removeDeadSocket(options, runId)));
  return { runs: runs.filter((run) => run !== undefined) };
}

/** One run that cannot be swept does not keep the others from it. */
function notSwept(runId: string, error: unknown): SweptRun {
  const notes = [`it could not be swept: ${messageOf(error)}`];
  return { runId, name: '', host: UNKNOWN_HOST, outcome: 'kept', processes: [], notes };
}

async function sweepRun(
  options: SweepOptions,
  census: SharedCensus,
  runId: string,
): Promise<SweptRun | undefined> {
  const { os, stateDirectory } = options;
  const text = await os.files.read(runFilePath(stateDirectory, runId));
  if (text === undefined) return undefined; // it ended while we looked
  const parsed = parseRunFile(text, runId);
  if (parsed.kind === 'other-version') {
    const notes = [`written in version ${parsed.version} of the format, which this Reeve does not know`];
    return { runId, name: '', host: UNKNOWN_HOST, outcome: 'other-version', processes: [], notes };
  }
  if (parsed.kind === 'damaged') return sweepDamaged(options, census, runId, parsed.complaint);
  const { file } = parsed;
  const verdict = await judgeHost(options, file);
  const about = { runId, name: file.name, host: { pid: file.host.pid, alive: verdict === 'alive' }, notes: [] };
  if (verdict !== 'dead') return { ...about, outcome: verdict, processes: [] };
  const { processes, empty } = await clearRun({ ...options, census, runId, file, grace: file.orphanGrace });
  return { ...about, outcome: await conclude(options, runId, empty), processes };
}

/** Its run is known by its name; whatever carries that run's mark is all that can be said to be its. */
async function sweepDamaged(
  options: SweepOptions,
  census: SharedCensus,
  runId: string,
  complaint: string,
): Promise<SweptRun> {
  const { os, stateDirectory, dryRun } = options;
  const notes = [`its file is damaged: ${complaint}`];
  const about = { runId, name: '', host: UNKNOWN_HOST };
  const answer = await knockTwice(options, runId);
  // Without a socket to ask, a living forker says that the run lives, or is being cleared up by it.
  const seen = (await census.take()).workersSeen(runId);
  if (answer === 'answered' || (answer !== 'refused' && seen.has(''))) {
    return { ...about, host: { pid: null, alive: true }, outcome: 'alive', processes: [], notes };
  }
  const cleared = await clearRun({ ...options, census, runId, file: undefined, grace: DEFAULT_GRACE_MS });
  if (dryRun) return { ...about, outcome: 'would-clear', processes: cleared.processes, notes };
  const kept = `${damagedDirectory(stateDirectory)}/${runId}.json`;
  await os.files.makePrivateDirectory(damagedDirectory(stateDirectory));
  await os.files.rename(runFilePath(stateDirectory, runId), kept);
  await os.files.remove(socketPath(stateDirectory, runId));
  notes.push(`kept as ${kept}`);
  return { ...about, outcome: cleared.empty ? 'cleared' : 'kept', processes: cleared.processes, notes };
}

async function judgeHost(options: SweepOptions, file: RunFile) {
  const { processes, network } = options.os;
  const seen = await processes.inspect(file.host.pid);
  const answer = await network.knock(socketPath(options.stateDirectory, file.runId));
  const first = hostVerdict(file.host, processes.self, seen, answer);
  if (first !== 'dead' || answer !== 'refused') return first;
  return hostVerdict(file.host, processes.self, seen, await knockTwice(options, file.runId));
}

async function knockTwice({ os, stateDirectory }: SweepOptions, runId: string) {
  const answer = await os.network.knock(socketPath(stateDirectory, runId));
  if (answer !== 'refused') return answer;
  await new Promise<void>((resolve) => void os.clock.setTimeout(resolve, KNOCK_AGAIN_AFTER_MS));
  return os.network.knock(socketPath(stateDirectory, runId));
}

async function removeDeadSocket(options: SweepOptions, runId: string): Promise<void> {
  if ((await knockTwice(options, runId)) !== 'refused') return;
  await options.os.files.remove(socketPath(options.stateDirectory, runId));
}

async function conclude(
  { os, stateDirectory, dryRun }: SweepOptions,
  runId: string,
  empty: boolean,
): Promise<SweepOutcome> {
  if (dryRun) return 'would-clear';
  if (!empty) return 'kept';
  await os.files.remove(socketPath(stateDirectory, runId));
  await os.files.remove(runFilePath(stateDirectory, runId));
  return 'cleared';
}

const UNKNOWN_HOST = { pid: null, alive: false } as const;
