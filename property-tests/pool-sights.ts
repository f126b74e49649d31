/** What there was to be seen in the lives of pools: a campaign that never comes upon these proves nothing about them. */

import type { PoolStats } from '../src/pool/pool-info.ts';
import { type Asked, ON_ITS_WAY_MS, type PoolJudge } from './pool-judge.ts';
import { keepsSessions, type PoolPlan } from './pool-plan.ts';

const codeOf = ({ error }: Asked) => (error as { code?: unknown } | undefined)?.code;
const failedWith = (code: string) => (asked: Asked) => codeOf(asked) === `ERR_REEVE_${code}`;
const wasHeard = ({ heard }: Asked) => heard.length > 0;
const timedOut = (phase: string) => (asked: Asked) =>
  failedWith('TIMEOUT')(asked) && (asked.error as { phase?: unknown }).phase === phase;
const wasCancelled = ({ error }: Asked) => (error as { name?: unknown } | undefined)?.name === 'AbortError';

/** Of single calls. */
const OF_CALLS = {
  'a worker crashed amid a call': (asked) => failedWith('WORKER_CRASHED')(asked) && wasHeard(asked),
  'a call given up as poison': failedWith('POISON'),
  'a call tried again, and answered': ({ heard, state }) => heard.length > 1 && state === 'ok',
  'a call refused by a full queue': failedWith('QUEUE_FULL'),
  'a call that waited for too long': timedOut('queued'),
  'a call that ran for too long': timedOut('running'),
  'a call cancelled while it ran': (asked) => wasCancelled(asked) && wasHeard(asked),
  'a call cancelled in the queue': (asked) =>
    wasCancelled(asked) && !wasHeard(asked) && asked.settledAt - asked.madeAt > ON_ITS_WAY_MS,
  'a call cancelled before it was made': (asked) => wasCancelled(asked) && asked.settledAt === asked.madeAt,
  'a worker that threw': failedWith('REMOTE'),
  'a worker that broke the protocol': failedWith('PROTOCOL'),
  'a worker that did not answer whether it lives': failedWith('UNHEALTHY'),
  'a worker ended amid a call': (asked) => failedWith('WORKER_ENDED')(asked) && wasHeard(asked),
  'a call that no worker could be started for': failedWith('NO_WORKER'),
  'a session lost': failedWith('SESSION_LOST'),
  'a session too many': failedWith('SESSION_LIMIT'),
  'a pool that ended amid a call': (asked) => failedWith('POOL_CLOSED')(asked) && wasHeard(asked),
  'a call to a pool that is closed': (asked) => failedWith('POOL_CLOSED')(asked) && !wasHeard(asked),
} satisfies Record<string, (asked: Asked) => boolean>;

/** Of whole lives. */
const OF_LIVES = [
  'a pool that did not open',
  'a forker killed',
  'a call tried again',
  'a worker recycled',
  'a worker lost',
  'a start that failed',
  'a worker lent',
  'a lease lost',
  'a session moved',
  'a map taken to its end',
  'a stream taken to its end',
] as const;

export type Sight = keyof typeof OF_CALLS | (typeof OF_LIVES)[number];
export type SightCounts = Readonly<Record<Sight, number>>;

const SIGHTS: readonly Sight[] = [...(Object.keys(OF_CALLS) as (keyof typeof OF_CALLS)[]), ...OF_LIVES];

export class Sights {
  readonly counts = Object.fromEntries(SIGHTS.map((sight) => [sight, 0])) as Record<Sight, number>;

  saw(sight: Sight, count = 1): void {
    this.counts[sight] += count;
  }

  add(counts: SightCounts): void {
    for (const sight of SIGHTS) this.saw(sight, counts[sight]);
  }

  /** Those that were never seen. */
  get missing(): readonly Sight[] {
    return SIGHTS.filter((sight) => this.counts[sight] === 0);
  }

  /** At a life's end. */
  lookBack(judge: PoolJudge, { calls, workers }: PoolStats, plan: PoolPlan): void {
    for (const [sight, isIt] of Object.entries(OF_CALLS))
      this.saw(sight as Sight, judge.asked.filter(isIt).length);
    this.saw('a call tried again', calls.retried);
    this.saw('a worker recycled', workers.recycled);
    this.saw('a worker lost', workers.lost);
    this.saw('a start that failed', workers.failed);
    this.saw('a worker lent', judge.seen.leases);
    this.saw('a lease lost', judge.seen.leasesLost);
    this.saw('a map taken to its end', judge.seen.maps);
    this.saw('a stream taken to its end', judge.seen.streams);
    if (plan.savesSessions === true && keepsSessions(plan)) this.saw('a session moved', movedSessions(judge));
  }
}

/** Sessions that were never lost, and whose calls were heard by more than one worker. */
function movedSessions({ asked }: PoolJudge): number {
  const visits = new Set(asked.flatMap(({ visit }) => visit ?? []));
  return [...visits].filter((one) => {
    const calls = asked.filter(({ visit }) => visit === one);
    const workers = new Set(calls.flatMap(({ heard }) => heard.map(({ by }) => by)));
    return workers.size > 1 && !calls.some(failedWith('SESSION_LOST'));
  }).length;
}
