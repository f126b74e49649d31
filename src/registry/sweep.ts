/** Finds what dead runs left behind, proves that it is theirs, and ends it. */
import { codeOf, messageOf } from '../errors.ts';
import { SharedCensus } from '../os/census.ts';
import type { Os, SocketAnswer } from '../os/os.ts';
import { clearRun, type SweepAction, type SweptProcess } from './clear-run.ts';
import { judgeHost, knockForLong, knockTwice } from './judge-host.ts';
import { parseRunFile } from './run-file.ts';
import { beganAt } from './run-id.ts';
import { damagedDirectory, parseRunName, runFilePath, runsDirectory, socketPath } from './run-paths.ts';

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

/** What a damaged file does not say. */
const DEFAULT_GRACE_MS = 2_000;
/** No first write takes this long: a temporary file of a run that has no other is a dead host's then. */
const TORN_WRITE_AFTER_MS = 600_000;

export async function sweep(options: SweepOptions): Promise<SweepReport> {
  const { os, stateDirectory, ownRunId } = options;
  const census = new SharedCensus(os.processes, os.clock);
  const names = await os.files.list(runsDirectory(stateDirectory));
  const files = names.flatMap((name) => {
    const found = parseRunName(name);
    return found === undefined || found.runId === ownRunId ? [] : [{ ...found, name }];
  });
  const withFile = new Set(files.filter(({ kind }) => kind === 'file').map(({ runId }) => runId));
  const runs = await Promise.all(
    [...withFile].map((runId) => sweepRun(options, census, runId).catch((error) => notSwept(runId, error))),
  );
  const swept = runs.filter((run) => run !== undefined);
  const cleared = new Set(swept.filter(({ outcome }) => outcome === 'cleared').map(({ runId }) => runId));
  if (!options.dryRun) {
    await Promise.all(files.map((file) => removeLeftover(options, file, cleared).catch(() => undefined)));
  }
  return { runs: swept };
}

/** What a knock at a run's socket may answer when somebody is at home, or nobody can say. */
const ALIVE_PERHAPS: ReadonlySet<SocketAnswer> = new Set(['answered', 'unclear']);

const ENDED: readonly SweepAction[] = ['ended', 'killed', 'ended-by-forker'];
const LEFT: readonly SweepAction[] = ['denied', 'survived'];

/** How many processes were ended, and how many were found to be a dead run's and could not be. */
export function countEnds({ runs }: SweepReport): { readonly killed: number; readonly left: number } {
  const actions = runs.flatMap(({ processes }) => processes.map(({ action }) => action));
  const count = (which: readonly SweepAction[]) => actions.filter((action) => which.includes(action)).length;
  return { killed: count(ENDED), left: count(LEFT) };
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
  const verdict = await judgeHost(os, stateDirectory, file);
  const about = {
    runId,
    name: file.name,
    host: { pid: file.host.pid, alive: verdict === 'alive' },
    notes: [],
  };
  if (verdict !== 'dead') return { ...about, outcome: verdict, processes: [] };
  const { processes, empty } = await clearRun({ ...options, census, runId, file, grace: file.orphanGrace });
  if (options.dryRun) return { ...about, outcome: 'would-clear', processes };
  if (!empty) return { ...about, outcome: 'kept', processes };
  try {
    await os.network.removeSocket(socketPath(stateDirectory, runId));
    await os.files.remove(runFilePath(stateDirectory, runId));
    return { ...about, outcome: 'cleared', processes };
  } catch (error) {
    return {
      ...about,
      outcome: 'kept',
      processes,
      notes: [`its file cannot be removed: ${messageOf(error)}`],
    };
  }
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
  const answer = await knockForLong(os, stateDirectory, runId);
  // Without a socket that tells, a living forker says that the run lives, or is being cleared up by it.
  const seen = (await census.take()).workersSeen(runId);
  const isDead = answer === 'refused' && os.network.refusalProvesDeath;
  if (answer === 'answered' || (!isDead && seen.has(''))) {
    return { ...about, host: { pid: null, alive: true }, outcome: 'alive', processes: [], notes };
  }
  if (answer === 'unclear') {
    return { ...about, outcome: 'kept', processes: [], notes: [...notes, 'whether it lives cannot be told'] };
  }
  const cleared = await clearRun({ ...options, census, runId, file: undefined, grace: DEFAULT_GRACE_MS });
  const { processes } = cleared;
  if (dryRun) return { ...about, outcome: 'would-clear', processes, notes };
  if (!cleared.empty) return { ...about, outcome: 'kept', processes, notes };
  try {
    notes.push(`kept as ${await putAside(options, runId)}`);
    return { ...about, outcome: 'cleared', processes, notes };
  } catch (error) {
    return {
      ...about,
      outcome: 'kept',
      processes,
      notes: [...notes, `it stays where it is: ${messageOf(error)}`],
    };
  }
}

async function putAside({ os, stateDirectory }: SweepOptions, runId: string): Promise<string> {
  const kept = `${damagedDirectory(stateDirectory)}/${runId}.json`;
  await os.files.makePrivateDirectory(damagedDirectory(stateDirectory));
  await os.files.rename(runFilePath(stateDirectory, runId), kept).catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw error; // another run that swept at the same time was first
  });
  await os.network.removeSocket(socketPath(stateDirectory, runId));
  return kept;
}

/** What a run without a file of its own left in the directory: a dead socket, its FIFOs, a write cut short. */
async function removeLeftover(
  { os, stateDirectory }: SweepOptions,
  { runId, kind, name }: { runId: string; kind: string; name: string },
  cleared: ReadonlySet<string>,
): Promise<void> {
  if (kind === 'file' || (await os.files.read(runFilePath(stateDirectory, runId))) !== undefined) return;
  if (kind === 'socket') {
    if ((await knockTwice(os, stateDirectory, runId)) !== 'refused') return;
    return os.network.removeSocket(socketPath(stateDirectory, runId));
  }
  if (!cleared.has(runId)) {
    if (os.clock.now() - beganAt(runId) < TORN_WRITE_AFTER_MS) return;
    if (kind === 'fifos' && ALIVE_PERHAPS.has(await knockTwice(os, stateDirectory, runId))) return;
  }
  await os.files.remove(`${runsDirectory(stateDirectory)}/${name}`);
}

const UNKNOWN_HOST = { pid: null, alive: false } as const;
