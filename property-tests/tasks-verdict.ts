/** What is wrong with a task's start, or with its result, when one knows what it was to do and what its processes did. */
import type { TaskResult, TaskStatus } from '../src/tasks/result.ts';
import type { Outcome } from './tasks-breakers.ts';
import { HOPELESS, isMissing } from './tasks-jobs.ts';
import { AUTO_TIMEOUT_MS, SHUTDOWN_MS, TAIL_BYTES, type TaskPlan } from './tasks-plan.ts';
import type { Asked, Born, Ran } from './tasks-records.ts';

/** How long what is ordered at one moment may be on its way, ms: until a process is there, or is told to end. */
const ON_ITS_WAY_MS = 60;
/** How long the end of a task may take over its stop plan, ms: what left its group is looked for. */
const ENDS_WITHIN_MS = 1_500;
/** How long the news of an end may take, ms: its last words are waited for. */
const LAST_WORDS_MS = 200;
const LACKS: ReadonlySet<unknown> = new Set(['EAGAIN', 'EMFILE', 'ENOMEM']);
const NEED_HELP: ReadonlySet<TaskStatus> = new Set(['failed', 'timed-out', 'terminated-early', 'blocked']);

/** Whether this process did what it was to do. */
const isWell = ({ isFinished, number, job }: Born): boolean => isFinished && number >= job.wellFrom;

/** Whether what it said and exited with is of a kind that never heals. */
const isHopeless = (born: Born): boolean =>
  born.isFinished && !isWell(born) && (HOPELESS.has(born.job.kind) || saysOnlyFatal(born));

/** The words on its standard error come first; without any, those on the other stream count. */
const saysOnlyFatal = ({ job: { kind, manner } }: Born): boolean =>
  manner === 'says-something-fatal' && kind === 'fails';

export function timeLimitsOf({ timeout }: TaskPlan, { plan }: Ran): { least: number; most: number } {
  const given = timeout ?? (plan.totalTimeout === 'auto' ? AUTO_TIMEOUT_MS : Number.POSITIVE_INFINITY);
  return typeof given === 'number' ? { least: given, most: given } : { least: given.idle, most: given.max };
}

/** Milliseconds for all of a run. */
export function totalTimeOf(ran: Ran): number {
  const { totalTimeout, concurrency } = ran.plan;
  if (totalTimeout !== 'auto') return totalTimeout ?? Number.POSITIVE_INFINITY;
  const longest = Math.max(...ran.asked.map(({ plan }) => timeLimitsOf(plan, ran).most));
  return Math.ceil(1.5 * longest * Math.max(1, Math.ceil(ran.asked.length / concurrency)));
}

/** Why a task may not begin an attempt now. */
export function wrongStart(asked: Asked, now: number, late: number): string | undefined {
  const { ran, dependsOn, heard } = asked;
  const { concurrency, stagger, how } = ran.plan;
  if (ran.abortedAt !== undefined && how !== 'one') return 'begins when it is wanted no more';
  if (now > (ran.firstAt ?? now) + totalTimeOf(ran) + late) return 'begins when the time for all is over';
  if (now < ran.lastAt + stagger - late) return `begins ${now - ran.lastAt} ms after another`;
  const isOk = (id: string) => ran.asked.find((other) => other.id === id)!.result?.status === 'ok';
  if (!dependsOn.every(isOk)) return 'begins before what it depends on is ok';
  if (heard.at(-1)?.status === 'running') return 'begins twice';
  const others = ran.asked.filter((other) => other !== asked && isUnderWay(other)).length;
  return others >= concurrency ? `begins beside ${others} others` : undefined;
}

const isUnderWay = ({ heard, result }: Asked): boolean => heard.length > 0 && result === undefined;

/** What the end of an attempt says of its key. @param result undefined when there is more to come of its task */
export function outcomeOf(
  { plan, ran }: Asked,
  born: Born | undefined,
  result: TaskResult | undefined,
  isHarmed: boolean,
): Outcome {
  if (result !== undefined) {
    const { status, category, error } = result.fallbackOf ?? result;
    if (status === 'ok') return 'ok';
    if (status === 'cancelled' || LACKS.has((error as { code?: unknown } | undefined)?.code)) return 'void';
    return category === 'inference' ? 'inference' : 'failed';
  }
  if (born === undefined) {
    if (isMissing(plan.job)) return isHarmed ? 'unclear' : 'failed';
    return isHarmed ? 'unclear' : 'void';
  }
  if (plan.job.kind !== 'overloaded' || !born.isFinished || isWell(born)) return 'failed';
  // What it said counts, unless it was ended at the same time.
  const mayBeEnded = Number.isFinite(timeLimitsOf(plan, ran).least) || plan.detect !== false;
  return mayBeEnded ? 'unclear' : 'inference';
}

export interface Circumstances {
  /** The forker was killed or stopped: not all that happened was told, nor in time. */
  readonly isHarmed: boolean;
  readonly stoppedAt: number;
}

export function wrongResult(asked: Asked, circumstances: Circumstances): readonly string[] {
  const result = asked.result!;
  const own = result.fallbackOf ?? result;
  return [
    ...wrongFacts(asked, result, own),
    ...wrongAttempts(asked, result, own, circumstances),
    ...wrongStatus(asked, own, circumstances),
    ...wrongFallback(asked, result, own, circumstances),
    ...wrongTimes(asked, circumstances),
  ];
}

function* wrongFacts(asked: Asked, result: TaskResult, own: TaskResult): Iterable<string> {
  const { id, index, plan, heard } = asked;
  for (const one of [result, own]) {
    if (one.id !== id || one.index !== index) yield `has a result of ${one.id}, ${one.index}`;
    if (one.stdout.length > TAIL_BYTES || one.stderr.length > TAIL_BYTES)
      yield 'has more words than are kept';
    if ((one.status === 'ok') !== (one.error === undefined)) yield `is ${one.status}: ${one.error?.message}`;
  }
  const { key, adhoc = key?.startsWith('temp') ?? false } = plan;
  if (own.key !== key || own.adhoc !== adhoc)
    yield `has the key ${own.key}, ${own.adhoc ? 'ad hoc' : 'regular'}`;
  const isBegun = heard.some(({ status }) => status === 'running');
  const hasBegun = result.startedAt !== undefined;
  const isSeen = asked.ran.plan.how !== 'one'; // of one alone nobody tells what begins and ends within one moment
  if (isBegun !== hasBegun && isSeen)
    yield hasBegun ? 'has a start, and never began' : 'has begun, and has no start';
  if (!isBegun && asked.births.length > 0) yield 'has a process, and never began';
}

function* wrongAttempts(
  { births, plan, ran }: Asked,
  result: TaskResult,
  own: TaskResult,
  { isHarmed }: Circumstances,
): Iterable<string> {
  const tried = births.filter(({ part }) => part === 'own');
  const instead = births.length - tried.length;
  const isRight = (count: number, births: number) => (isHarmed ? count <= births : count === births);
  if (!isRight(own.attempts, tried.length)) yield `says ${own.attempts} attempts, and had ${tried.length}`;
  const isTask = own !== result && (plan.fallback === 'task' || plan.fallback === 'failing-task');
  if (isTask && !isRight(result.attempts, instead))
    yield `says ${result.attempts} attempts instead of ${instead}`;
  if (tried.length > 1 + plan.retries) yield `is tried ${tried.length} times`;
  if (instead > 1) yield `has ${instead} fallbacks`;
  if (isHarmed) return; // who has lost the news of an end tries again
  if (plan.stdin === 'stream' && tried.length > 1) yield 'reads a stream twice';
  for (const born of tried.slice(0, -1)) {
    if (mayHaveBeenEnded(born, ran)) continue;
    if (isWell(born)) yield 'is tried again when it was done';
    if (isHopeless(born)) yield `is tried again when it was ${born.job.kind}`;
  }
}

/** It ended when its time was over, too, so that it may be said to have timed out. */
function mayHaveBeenEnded({ at, diedAt, asked, job }: Born, ran: Ran): boolean {
  const lived = (diedAt ?? Number.POSITIVE_INFINITY) - at;
  const { detect } = asked.plan;
  const silence = typeof detect === 'object' ? detect.silence * detect.strikes : Number.POSITIVE_INFINITY;
  const isFatal = detect !== false && job.manner === 'says-something-fatal';
  return lived > Math.min(timeLimitsOf(asked.plan, ran).least, silence) - ON_ITS_WAY_MS || isFatal;
}

function* wrongStatus(asked: Asked, own: TaskResult, circumstances: Circumstances): Iterable<string> {
  const { births, plan, ran, heard } = asked;
  const { isHarmed } = circumstances;
  const last = births.findLast(({ part }) => part === 'own');
  const { status, exitCode, category, error } = own;
  const isBegun = heard.some((one) => one.status === 'running');
  if (status === 'ok') {
    if (last === undefined || !isWell(last)) yield 'is ok, and was not done';
    if (exitCode !== 0 || category !== undefined) yield `is ok, with ${exitCode} and ${category}`;
  }
  if (status === 'failed') {
    const isDone = births.some((one) => one.part === 'own' && isWell(one) && !mayHaveBeenEnded(one, ran));
    if (isDone && !isHarmed) yield `has failed, and was done: ${error?.message}`;
    if (exitCode !== null && exitCode !== last?.process.end?.code) yield `failed with ${exitCode}`;
    if (
      last === undefined &&
      !isMissing(plan.job) &&
      !isHarmed &&
      !LACKS.has((error as { code?: unknown }).code)
    )
      yield `has failed without a process: ${error?.message}`;
  }
  if (status === 'timed-out') {
    if (!isBegun) yield 'has timed out, and was never begun';
    if (category !== 'timeout') yield `has timed out, and is ${category}`;
    if (!isHarmed && !hadNoTime(asked, last)) yield 'has timed out, and had time';
  }
  if (status === 'terminated-early' && !isHopelessly(plan)) yield 'was ended early, and there was hope';
  if (
    status === 'cancelled' &&
    isBegun &&
    last !== undefined &&
    diedEarlier(last, asked, circumstances.stoppedAt)
  )
    yield 'is cancelled when it had ended';
  if (status === 'cancelled' && ran.abortedAt === undefined && asked.endedAt < circumstances.stoppedAt)
    yield 'is cancelled by nobody';
  if (status === 'blocked' && (plan.key === undefined || !ran.plan.breaker)) yield 'is blocked by nothing';
  if (status === 'blocked' && last !== undefined && !isHarmed) yield 'is blocked, and had a process';
  if (status === 'skipped') yield* wrongSkip(asked);
}

/** It ended of its own will, well before anybody wanted it no more, and no other attempt was begun. */
const diedEarlier = (
  { isFinished, diedAt }: Born,
  { ran, endedAt, heard }: Asked,
  stoppedAt: number,
): boolean =>
  isFinished &&
  diedAt !== undefined &&
  diedAt + LAST_WORDS_MS < Math.min(ran.abortedAt ?? endedAt, endedAt, stoppedAt) &&
  !heard.some(({ status, at }) => status === 'running' && at > diedAt);

/** Its own time was over, or that of all. */
function hadNoTime({ plan, ran, endedAt, heard }: Asked, last: Born | undefined): boolean {
  const begunAt = heard.findLast(({ status, at }) => status === 'running' && at <= (last?.at ?? at))?.at ?? 0;
  const isOver = endedAt >= ran.madeAt + totalTimeOf(ran);
  const lived = (last?.diedAt ?? endedAt) - begunAt;
  // It may have died just before, and the news of that have come after.
  return isOver || lived >= timeLimitsOf(plan, ran).least - ON_ITS_WAY_MS;
}

const isHopelessly = ({ detect, job }: TaskPlan): boolean =>
  detect !== false &&
  (typeof detect === 'object' || job.manner === 'says-something-fatal' || job.kind === 'refused');

function* wrongSkip({ births, dependsOn, ran, endedAt }: Asked): Iterable<string> {
  if (births.length > 0) yield 'is skipped, and had a process';
  const isOk = (id: string) => ran.asked.find((other) => other.id === id)!.result?.status === 'ok';
  if (dependsOn.every(isOk) && endedAt < ran.madeAt + totalTimeOf(ran)) yield 'is skipped for nothing';
}

function* wrongFallback(
  asked: Asked,
  result: TaskResult,
  own: TaskResult,
  { stoppedAt }: Circumstances,
): Iterable<string> {
  const { plan, heard, ran, births, endedAt } = asked;
  const { status, error, stdout } = result;
  const isInstead = heard.some((one) => one.status === 'fallback');
  if (!isInstead) {
    const wantedUntil = Math.min(ran.abortedAt ?? stoppedAt, stoppedAt, ran.madeAt + totalTimeOf(ran));
    const isWanted = asked.endedAt < wantedUntil;
    if (ran.plan.how === 'one') return; // that it gives way is not to be seen when it is over within one moment
    if (own !== result || births.some(({ part }) => part === 'fallback'))
      yield 'has a fallback that was not told of';
    if (isWanted && plan.fallback !== 'none' && NEED_HELP.has(own.status)) yield 'has no fallback';
    return;
  }
  if (!NEED_HELP.has(own.status)) yield `has a fallback, and is ${own.status}`;
  const mayBeGivenUp =
    Math.min(ran.abortedAt ?? stoppedAt, stoppedAt, ran.madeAt + totalTimeOf(ran)) <= endedAt;
  const isGivenUp = own === result && mayBeGivenUp && !births.some(({ part }) => part === 'fallback');
  if ((plan.fallback === 'nothing') !== (own === result) && !isGivenUp)
    yield 'is not said to stand for another';
  if (isGivenUp) return;
  const isText = plan.fallback === 'text' || plan.fallback === 'late-text';
  if (isText && (status !== 'ok' || stdout !== 'instead')) yield `is not what stands for it, but ${status}`;
  const { code } = (error ?? {}) as { code?: unknown };
  if (plan.fallback === 'throws' && code !== 'ERR_REEVE_TASK_FALLBACK')
    yield `has a fallback that threw ${code}`;
  if (plan.fallback === 'failing-task' && status === 'ok') yield 'is ok by what failed';
}

function* wrongTimes(asked: Asked, { isHarmed, stoppedAt }: Circumstances): Iterable<string> {
  if (isHarmed) return;
  const { births, ran, endedAt } = asked;
  const wantedUntil = Math.min(ran.abortedAt ?? stoppedAt, stoppedAt);
  const { most } = timeLimitsOf(asked.plan, ran);
  for (const { at, diedAt, part } of births) {
    const lived = (diedAt ?? Number.POSITIVE_INFINITY) - at;
    if (part === 'own' && lived > most + SHUTDOWN_MS + ON_ITS_WAY_MS)
      yield `lives for ${lived} ms of ${most}`;
    if (at > wantedUntil + ON_ITS_WAY_MS) yield 'has a process when it is wanted no more';
  }
  const last =
    Math.min(wantedUntil, (ran.firstAt ?? endedAt) + totalTimeOf(ran)) + SHUTDOWN_MS + ENDS_WITHIN_MS;
  if (endedAt > Math.max(last, ran.madeAt + ENDS_WITHIN_MS)) yield `ends ${endedAt - last} ms late`;
}
