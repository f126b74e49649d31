/** What there was to be seen in the lives of tasks: a campaign that never comes upon these proves nothing about them. */
import type { TasksCallers } from './tasks-callers.ts';
import type { TasksJudge } from './tasks-judge.ts';
import type { Asked } from './tasks-records.ts';

const own = ({ result }: Asked) => result?.fallbackOf ?? result;
const statusIs = (status: string) => (asked: Asked) => own(asked)?.status === status;
const wasHeard = (status: string) => (asked: Asked) => asked.heard.some((one) => one.status === status);
const wasBorn = ({ births }: Asked) => births.length > 0;
const helped = (fallback: string) => (asked: Asked) =>
  asked.plan.fallback === fallback && asked.result?.fallbackOf !== undefined;
const hasTotal = ({ ran }: Asked) => ran.plan.totalTimeout !== undefined;
const code = (asked: Asked) => (own(asked)?.error as { code?: unknown } | undefined)?.code;

/** Of single tasks. */
const OF_TASKS = {
  'a task tried again, and ok': (asked) => statusIs('ok')(asked) && wasHeard('retrying')(asked),
  'a task tried again in vain': (asked) => statusIs('failed')(asked) && asked.births.length > 2,
  'a fallback that is ok': (asked) => helped('task')(asked) && asked.result?.status === 'ok',
  'a fallback that fails': helped('failing-task'),
  'a fallback that is a text': helped('text'),
  'a fallback that throws': helped('throws'),
  'a task that timed out': statusIs('timed-out'),
  'a task that timed out with all that it had forked': (asked) =>
    statusIs('timed-out')(asked) && asked.plan.job.leaves === 'stubborn',
  'a task with more time, as it wrote': (asked) =>
    statusIs('ok')(asked) && typeof asked.plan.timeout === 'object' && asked.plan.job.ms >= 100,
  'a task told to end that exited with 0': (asked) =>
    !statusIs('ok')(asked) && own(asked)?.exitCode === 0 && wasBorn(asked),
  'a task without hope': statusIs('terminated-early'),
  'a task cancelled before it began': (asked) => statusIs('cancelled')(asked) && !wasHeard('running')(asked),
  'a task cancelled while it ran': (asked) => statusIs('cancelled')(asked) && wasBorn(asked),
  'a task blocked': statusIs('blocked'),
  'a retry that was not let through': (asked) =>
    statusIs('failed')(asked) &&
    asked.ran.abortedAt === undefined &&
    !hasTotal(asked) &&
    asked.heard.findLast(({ status }) => status === 'running' || status === 'retrying')?.status ===
      'retrying',
  'a source left that had no end': ({ ran }) => ran.plan.isEndless && ran.asked.some(wasBorn),
  'a task skipped for what it depends on': (asked) =>
    statusIs('skipped')(asked) && asked.dependsOn.length > 0 && !hasTotal(asked),
  'a task begun after what it depends on': (asked) => asked.dependsOn.length > 0 && wasBorn(asked),
  'a task skipped as the time for all was over': (asked) =>
    statusIs('skipped')(asked) && asked.dependsOn.length === 0,
  'a task ended as the time for all was over': (asked) =>
    statusIs('timed-out')(asked) && hasTotal(asked) && asked.plan.timeout === undefined,
  'a task that could not be started': (asked) => code(asked) === 'ENOENT',
  'a lack waited out': (asked) =>
    statusIs('ok')(asked) && wasHeard('retrying')(asked) && asked.births.length === 1,
  'a lack that lasted': (asked) => ['EAGAIN', 'EMFILE', 'ENOMEM'].includes(String(code(asked))),
  'a handle stopped': (asked) => asked.ran.plan.how === 'one' && statusIs('cancelled')(asked),
} satisfies Record<string, (asked: Asked) => boolean>;

/** Of whole lives. */
const OF_LIVES = [
  'a breaker opened',
  'a breaker opened fast',
  'a probe admitted',
  'a second probe refused',
  'a breaker closed by its probe',
  'a probe that showed nothing',
  'an end that counted no more',
  'a host with all processes that it may have',
  'a forker lost while tasks ran',
  'a source that threw',
  'a loop that was left',
  'a host stopped amid tasks',
  'a run refused by a host that has stopped',
] as const;

export type TaskSight = keyof typeof OF_TASKS | (typeof OF_LIVES)[number];
export type TaskSightCounts = Readonly<Record<TaskSight, number>>;

const SIGHTS: readonly TaskSight[] = [...(Object.keys(OF_TASKS) as (keyof typeof OF_TASKS)[]), ...OF_LIVES];

export class TaskSights {
  readonly counts = Object.fromEntries(SIGHTS.map((sight) => [sight, 0])) as Record<TaskSight, number>;

  saw(sight: TaskSight, count: number): void {
    this.counts[sight] += count;
  }

  add(counts: TaskSightCounts): void {
    for (const sight of SIGHTS) this.saw(sight, counts[sight]);
  }

  /** Those that were never seen. */
  get missing(): readonly TaskSight[] {
    return SIGHTS.filter((sight) => this.counts[sight] === 0);
  }

  /** At a life's end. */
  lookBack({ runs, breakers, seen, stoppedAt }: TasksJudge, callers: TasksCallers): void {
    const all = runs.flatMap(({ asked }) => asked);
    for (const [sight, isIt] of Object.entries(OF_TASKS))
      this.saw(sight as TaskSight, all.filter(isIt).length);
    this.saw('a breaker opened', breakers.seen.opened);
    this.saw('a breaker opened fast', breakers.seen.openedFast);
    this.saw('a probe admitted', breakers.seen.probed);
    this.saw('a second probe refused', breakers.seen.refused);
    this.saw('a breaker closed by its probe', breakers.seen.closed);
    this.saw('a probe that showed nothing', breakers.seen.voided);
    this.saw('an end that counted no more', breakers.seen.stale);
    this.saw('a host with all processes that it may have', seen.full);
    this.saw('a forker lost while tasks ran', seen.lost);
    this.saw('a source that threw', callers.seen.thrown);
    this.saw('a loop that was left', callers.seen.left);
    const isStopped = (asked: Asked) => statusIs('cancelled')(asked) && asked.endedAt >= stoppedAt;
    this.saw('a host stopped amid tasks', all.filter(isStopped).length);
    this.saw('a run refused by a host that has stopped', callers.seen.refused);
  }
}
