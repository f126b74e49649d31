/** Clears one dead run: judges each record, ends the orphans and all that carries the run's mark, and tells of each. */

import { type Claim, isEnding, type Known, type OrphanedSession, type SharedCensus } from '../os/census.ts';
import { clear } from '../os/clear.ts';
import { type ProcessIdentity, sameProcess } from '../os/identity.ts';
import type { Os, Sighting, SignalOutcome } from '../os/os.ts';
import { pause } from '../os/pause.ts';
import type { RunFile } from './run-file.ts';
import { orphanVerdict, type Verdict } from './verdict.ts';

export interface SweptProcess {
  /** The worker's ID in its supervisor, or what the process's mark says. */
  readonly id: string;
  readonly workerId: string;
  /** Null for a record whose process never was, as far as can be seen. */
  readonly pid: number | null;
  readonly verdict: Verdict;
  readonly action: SweepAction;
  readonly evidence: string;
}

/** `ended-by-forker`: the run's own forker was still clearing up, and was let finish. `denied`: not ours to signal. */
export type SweepAction =
  | 'none'
  | 'ended'
  | 'killed'
  | 'would-end'
  | 'ended-by-forker'
  | 'denied'
  | 'survived';

export interface ClearRunOptions {
  readonly os: Os;
  readonly census: SharedCensus;
  readonly runId: string;
  /** Undefined when it could not be read: then the mark alone decides. */
  readonly file: RunFile | undefined;
  readonly ownRunId: string | undefined;
  readonly grace: number;
  readonly dryRun: boolean;
}

export interface ClearedRun {
  readonly processes: readonly SweptProcess[];
  /** Nothing is left of the run, not even a doubt. */
  readonly empty: boolean;
}

/** A forker clears up within its grace; then it is stuck, and cleared up itself. */
const FORKER_PATIENCE_MS = 1_000;
const FORKER_POLL_MS = 20;

interface Judged {
  readonly id: string;
  readonly workerId: string;
  readonly pid: number | null;
  readonly verdict: Verdict;
  readonly evidence: string;
  readonly known: Known | undefined;
  /** Its own, when it is gone. When that was nobody knows: what is amid its end there is waited for, and nobody is ended. */
  readonly leftSession: OrphanedSession | undefined;
  /** What was seen on its pid, unless that was something else. */
  readonly seen: ProcessIdentity | undefined;
}

/**
 * What was done to whom: several processes may have a pid in turn, so that the pid alone tells nothing. `none`: it was
 * only waited for.
 */
type Told = Map<string, { readonly target: Sighting; readonly action: SweepAction }>;

const keyOf = ({ pid, startTime }: ProcessIdentity): string => `${pid}:${startTime}`;

export async function clearRun(options: ClearRunOptions): Promise<ClearedRun> {
  const { os, census, runId, file, ownRunId, grace, dryRun } = options;
  const before = file === undefined ? [] : await judge(os, file);
  if (file !== undefined && !dryRun) await letForkerFinish(os, file, grace);
  const judged = file === undefined ? [] : await judge(os, file);
  const claim: Claim = {
    runId,
    workerId: undefined,
    known: judged.flatMap(({ known }) => known ?? []),
    orphanedSessions: judged.flatMap(({ leftSession }) => leftSession ?? []),
    ...(ownRunId === undefined ? {} : { spare: ownRunId }),
  };
  const told: Told = new Map();
  if (dryRun) {
    for (const target of (await census.take()).covered(claim)) {
      told.set(keyOf(target), { target, action: 'would-end' });
    }
    return { processes: report(runId, before, judged, told), empty: false };
  }
  const onSignal = (target: Sighting, signal: string, outcome: SignalOutcome) =>
    told.set(keyOf(target), { target, action: actionOf(signal, outcome) });
  const tools = { kernel: os.processes, clock: os.clock, census };
  const left = await clear(tools, { claim, emptyLooks: 2, onSignal }, grace);
  markSurvivors(left, told);
  const doubtful = judged.some(({ verdict }) => verdict === 'unverified' || verdict === 'foreign');
  return { processes: report(runId, before, judged, told), empty: left.length === 0 && !doubtful };
}

async function judge(os: Os, file: RunFile): Promise<readonly Judged[]> {
  const { processes } = os;
  return Promise.all(
    Object.values(file.workers).map(async (record): Promise<Judged> => {
      const { id, workerId } = record;
      if (record.state === 'reserved') {
        const evidence = 'reserved: killed before its fork was known; only its mark could find it';
        return { id, workerId, pid: null, verdict: 'gone', evidence, ...NOBODY };
      }
      const { pid } = record.process;
      const seen = await processes.inspect(pid);
      const { verdict, evidence } = orphanVerdict(file.runId, record, file.host.userId, processes.self, seen);
      const isIt = seen !== undefined && verdict !== 'reused' && sameProcess(seen, record.process);
      // What its mark alone proves goes by its mark: it may die now, and somebody else be born in its tick. One that is
      // dead and not reaped has its pid still, so that what is left in its session is known by it.
      const isUnique = isIt && (verdict === 'orphan' || verdict === 'gone') && record.settled;
      const known = isUnique ? { ...record.process, session: seen.session } : undefined;
      const isGone = verdict === 'gone' && record.process.bootId === processes.self.identity.bootId;
      const leftSession = isGone ? { session: record.session, bornBy: Number.NEGATIVE_INFINITY } : undefined;
      return { id, workerId, pid, verdict, evidence, known, leftSession, seen: isIt ? seen : undefined };
    }),
  );
}

const NOBODY = { known: undefined, leftSession: undefined, seen: undefined } as const;

/** The forker outlives its host only to do what we are about to do, and does it better: it is the parent. */
async function letForkerFinish(os: Os, { forker }: RunFile, grace: number): Promise<void> {
  if (forker === null) return;
  const deadline = os.clock.monotonic() + grace + FORKER_PATIENCE_MS;
  while (os.clock.monotonic() < deadline) {
    const seen = await os.processes.sight(forker.pid);
    if (seen === undefined || seen.zombie || !sameProcess(seen, forker)) return;
    await pause(os.clock, FORKER_POLL_MS);
  }
}

/** To whom nothing was done, for nothing tells whose he was: he was amid his end all the time. */
const AWAITED: Omit<SweptProcess, 'pid'> = {
  id: '',
  workerId: '',
  verdict: 'unverified',
  action: 'none',
  evidence: "amid its end and without a mark, in one of the run's places or a worker's session",
};

function report(
  runId: string,
  before: readonly Judged[],
  judged: readonly Judged[],
  told: Told,
): readonly SweptProcess[] {
  const recorded = judged.map(({ known: _, leftSession: __, seen, ...entry }, index): SweptProcess => {
    const was = before[index]!;
    if (was.verdict === 'orphan' && entry.verdict === 'gone') {
      return { ...entry, verdict: 'orphan', evidence: was.evidence, action: 'ended-by-forker' };
    }
    const done = seen === undefined ? undefined : told.get(keyOf(seen));
    return { ...entry, action: done?.action ?? 'none' };
  });
  const recordedKeys = new Set(judged.flatMap(({ seen }) => (seen === undefined ? [] : [keyOf(seen)])));
  const found = [...told.values()]
    .filter(({ target }) => !recordedKeys.has(keyOf(target)))
    .map(({ target, action }): SweptProcess => {
      if (action === 'none') return { ...AWAITED, pid: target.pid };
      const workerId = (target.cookies ?? []).find((mark) => mark.runId === runId)?.workerId;
      const evidence = workerId === undefined ? "a descendant of one of the run's" : "the run's mark";
      const id = judged.find((entry) => entry.workerId === workerId)?.id ?? idIn(workerId ?? '');
      return { id, workerId: workerId ?? '', pid: target.pid, verdict: 'orphan', action, evidence };
    });
  // A reservation is resolved by what was found by its mark, and is not told of besides.
  const resolved = new Set(found.map(({ workerId }) => workerId));
  return [...recorded.filter(({ pid, workerId }) => pid !== null || !resolved.has(workerId)), ...found];
}

function actionOf(signal: string, outcome: SignalOutcome): SweepAction {
  if (outcome === 'denied') return 'denied';
  return signal === 'SIGKILL' ? 'killed' : 'ended';
}

function markSurvivors(survivors: readonly Sighting[], told: Told): void {
  for (const target of survivors) {
    const key = keyOf(target);
    const before = told.get(key);
    if (before?.action === 'denied') continue;
    // Amid its end it has no marks any more: what it was told of as tells whose it is, if it ever was.
    const action = before === undefined && isEnding(target) ? 'none' : 'survived';
    told.set(key, { target: before?.target ?? target, action });
  }
}

/** `api` of `services/api:2`: what a record would say. */
const idIn = (workerId: string): string => workerId.replace(/^.*\//, '').replace(/[:?].*$/, '');
