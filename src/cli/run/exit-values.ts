/** How a task has ended, in the numbers of the joblog and of shells. */
import { constants } from 'node:os';
import { SpawnError } from '../../errors.ts';
import type { TaskResult } from '../../tasks/result.ts';

/** As shells have it, for a program that is not there, and for one that cannot be executed. */
const NOT_THERE = 127;
const NOT_EXECUTABLE = 126;
/** As GNU parallel has it, for what was ended by us; and for what could not be begun for another reason. */
const ENDED_BY_US = -1;

export interface ExitValues {
  readonly exitval: number;
  readonly signal: number;
}

export function exitValuesOf({ status, exitCode, signal, error }: TaskResult): ExitValues {
  const number = signal === null ? 0 : (constants.signals[signal as NodeJS.Signals] ?? 0);
  if (status === 'ok') return { exitval: 0, signal: 0 };
  if (status !== 'failed') return { exitval: ENDED_BY_US, signal: number };
  if (signal !== null) return { exitval: 0, signal: number };
  if (error instanceof SpawnError && error.phase === 'cwd') return { exitval: ENDED_BY_US, signal: 0 };
  if (error instanceof SpawnError && error.code === 'ENOENT') return { exitval: NOT_THERE, signal: 0 };
  if (error instanceof SpawnError && error.code === 'EACCES') return { exitval: NOT_EXECUTABLE, signal: 0 };
  return { exitval: exitCode === null || exitCode === 0 ? ENDED_BY_US : exitCode, signal: 0 };
}

/** The exit code of a shell that had run it. */
export function shellCodeOf(result: TaskResult): number {
  const { exitval, signal } = exitValuesOf(result);
  return exitval === 0 && signal > 0 ? 128 + signal : exitval & 0xff;
}

/** Whether it came to an end of its own, which no other run has to repeat: not so when it was given up, or never begun. */
export function hasRun({ status, attempts, error }: TaskResult): boolean {
  if (status === 'failed') return attempts > 0 || error instanceof SpawnError;
  return status === 'ok' || status === 'timed-out' || status === 'terminated-early';
}
