/** What is known of tasks, of their runs and of their processes, by whoever judges them. */
import type { SimProcess } from '../src/os/sim/process.ts';
import type { TaskResult } from '../src/tasks/result.ts';
import type { TaskProgress } from '../src/tasks/run-options.ts';
import type { Birth } from './tasks-jobs.ts';
import type { RunPlan, TaskPlan } from './tasks-plan.ts';

/** A process of a task. */
export interface Born extends Birth {
  readonly asked: Asked;
  readonly part: 'own' | 'fallback';
  readonly process: SimProcess;
  readonly at: number;
  diedAt: number | undefined;
}

/** One task, as whoever asked for it knows it. */
export interface Asked {
  readonly ran: Ran;
  readonly index: number;
  readonly id: string;
  readonly dependsOn: readonly string[];
  readonly plan: TaskPlan;
  readonly births: Born[];
  readonly heard: { readonly status: TaskProgress['status']; readonly at: number }[];
  /** What is under way, and since when. */
  attempt: { readonly at: number; readonly bornBefore: number } | undefined;
  result: TaskResult | undefined;
  endedAt: number;
}

/** A run of tasks. */
export interface Ran {
  readonly n: number;
  readonly plan: RunPlan;
  readonly asked: readonly Asked[];
  readonly madeAt: number;
  /** When it began its first task; then the time for all has begun before. */
  firstAt: number | undefined;
  lastAt: number;
  /** It is wanted no more since then. */
  abortedAt: number | undefined;
  done: number;
}
