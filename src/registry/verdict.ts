/** What may be said of a host and of a recorded process, from what is seen on its pid now. Pure, and cautious. */
import { type ProcessIdentity, sameProcess } from '../os/identity.ts';
import type { ProcessFacts, Self, Sighting, SocketAnswer } from '../os/os.ts';
import type { ActiveRecord, HostRecord } from './run-file.ts';

/** `elsewhere`: on another machine or in another pid namespace, where we cannot see it. */
export type HostVerdict = 'alive' | 'dead' | 'elsewhere';

/**
 * Whoever answers at the run's socket is alive. A socket that refuses proves death, whatever has the pid now, where the
 * kernel refuses for nothing else. Without a socket, or where a busy one refuses too, the identity decides.
 */
export function hostVerdict(
  host: HostRecord,
  self: Self,
  seen: Sighting | undefined,
  socket: SocketAnswer,
  refusalProvesDeath: boolean,
): HostVerdict {
  if (socket === 'answered') return 'alive';
  if (host.bootId !== self.identity.bootId) return host.machine === self.machine ? 'dead' : 'elsewhere';
  if (host.pidNamespace !== self.identity.pidNamespace) return 'elsewhere';
  if (socket === 'refused' && refusalProvesDeath) return 'dead';
  return seen !== undefined && !seen.zombie && sameProcess(seen, host) ? 'alive' : 'dead';
}

/** Only `orphan` may be signalled. */
export type Verdict =
  /** Nothing lives with this pid any more. */
  | 'gone'
  /** Another process has it. */
  | 'reused'
  /** Another user's, or in another pid namespace. */
  | 'foreign'
  /** Ours, proven, and without its host. */
  | 'orphan'
  /** It may be ours; nothing proves it. */
  | 'unverified';

export interface Judgement {
  readonly verdict: Verdict;
  /** What decided it, for the report. */
  readonly evidence: string;
}

export function orphanVerdict(
  runId: string,
  record: ActiveRecord,
  recordedUserId: number,
  self: Self,
  seen: ProcessFacts | undefined,
): Judgement {
  const was = record.process;
  if (was.bootId !== self.identity.bootId) return say('gone', 'the machine was started anew since');
  if (was.pidNamespace !== self.identity.pidNamespace) return say('foreign', 'in another pid namespace');
  if (seen === undefined) return say('gone', `no process ${was.pid}`);
  if (!sameProcess(was, seen)) return say('reused', startTimes(was, seen));
  if (seen.zombie) return say('gone', `process ${was.pid} is dead and not reaped`);
  const marks = seen.cookies ?? [];
  if (marks.some((mark) => mark.runId === runId && mark.workerId === record.workerId)) {
    return say('orphan', `start time ${seen.startTime} and the run's mark`);
  }
  // Nobody else can have the pid and the start time of one that was settled: it has put on that mark itself.
  if (marks.length > 0 && !record.settled) {
    return say('reused', `it carries the mark of run ${marks[0]!.runId}`);
  }
  if (seen.userId !== recordedUserId) return say('foreign', `it belongs to user ${seen.userId}`);
  if (seen.session !== record.session) return say('unverified', 'not its mark, and another session');
  if (!record.settled) return say('unverified', 'no mark, and recorded too soon after its start');
  return say(
    'orphan',
    `start time ${seen.startTime}, which it had outlived when it was recorded, and its session`,
  );
}

const say = (verdict: Verdict, evidence: string): Judgement => ({ verdict, evidence });

const startTimes = (was: ProcessIdentity, is: ProcessIdentity): string =>
  `process ${is.pid} started at ${is.startTime}, the worker at ${was.startTime}`;
