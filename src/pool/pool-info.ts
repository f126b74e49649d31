/** What is told of a pool: how it stands, and its workers one by one. */
import type { Durations } from './histogram.ts';
import type { Lender } from './lender.ts';
import type { Member } from './member.ts';

export interface PoolStats {
  /** Workers that are ready, and not on their way out. */
  readonly ready: number;
  readonly starting: number;
  /** Of those that are ready: they have at least one call, or are lent. */
  readonly busy: number;
  readonly leased: number;
  readonly sessions: number;
  /** Calls that wait for a worker. */
  readonly queued: number;
  /** Milliseconds that the one waits that has waited longest. */
  readonly queueAge: number;
  /** Calls that a worker has. */
  readonly running: number;
  /** Since the pool was made; `made` is `ok + failed` and those that wait or run. */
  readonly calls: {
    readonly made: number;
    readonly ok: number;
    /** With those below. */
    readonly failed: number;
    readonly timedOut: number;
    readonly cancelled: number;
    /** How often one was given to another worker after the one that had it died. */
    readonly retried: number;
  };
  /** Workers, since the pool was made. */
  readonly workers: {
    readonly started: number;
    readonly failed: number;
    readonly lost: number;
    readonly recycled: number;
  };
  /** From the call to its worker, and from there to its answer. */
  readonly wait: Durations;
  readonly run: Durations;
}

/** One worker of a pool, as `workers()` tells of it. */
export interface PoolWorkerInfo {
  readonly path: string;
  readonly pid: number;
  readonly state: string;
  readonly load: number;
  readonly calls: number;
  readonly sessions: number;
  readonly leased: boolean;
}

export const workerInfo = ({ path, pid, state, load, calls, sessions, lease }: Member): PoolWorkerInfo => ({
  path,
  pid,
  state,
  load,
  calls,
  sessions: sessions.size,
  leased: lease !== undefined,
});

export function statsOf(
  { members, queued, queueAge, counters }: Lender,
  starting: number,
  sessions: number,
): PoolStats {
  const ready = members.filter(({ state }) => state === 'ready');
  return {
    ready: ready.length,
    starting,
    busy: ready.filter(({ load, lease }) => load > 0 || lease !== undefined).length,
    leased: ready.filter(({ lease }) => lease !== undefined).length,
    sessions,
    queued,
    queueAge,
    running: members.reduce((sum, { load }) => sum + load, 0),
    calls: counters.calls(),
    workers: counters.workers(),
    ...counters.durations(),
  };
}
