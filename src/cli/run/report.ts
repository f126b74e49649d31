/** What is told of a task that is over. */
import { OptionsError } from '../../errors.ts';
import type { TaskResult } from '../../tasks/result.ts';
import { TaskSkippedError } from '../../tasks/task-errors.ts';
import type { Job } from './jobs.ts';
import { briefly } from './quote.ts';

/** The host's path to a task of ours, in the complaint about an option. */
const HOSTS_PATH = /^tasks\[\d+\]\.?/;

/** With what we know better than the host: why it could not be run at all. */
export function resultOf(job: Job, result: TaskResult): TaskResult {
  const { problem } = job;
  if (problem !== undefined) {
    const status = problem instanceof TaskSkippedError ? 'skipped' : 'failed';
    return { ...result, status, error: problem };
  }
  if (!(result.error instanceof OptionsError)) return result;
  return { ...result, error: new OptionsError('', result.error.message.replace(HOSTS_PATH, '')) };
}

/** `wc -l x: exited with code 1 (unknown)`. */
export function describeFailure({ task, commandLine, problem }: Job, { error }: TaskResult): string {
  const message = error?.message ?? '';
  if (problem !== undefined) return message; // it says itself where it stands
  const name = `'${task.id}' `;
  return `${briefly(commandLine)}: ${message.startsWith(name) ? message.slice(name.length) : message}`;
}

/** A line of `--json`. */
export function asJson(
  { seq, task, commandLine }: Job,
  result: TaskResult,
): Readonly<Record<string, unknown>> {
  const { fallbackOf, error, index: _, ...rest } = result;
  return {
    type: 'task',
    seq,
    ...rest,
    command: task.command,
    args: task.args ?? [],
    commandLine,
    error: error?.message,
    fallbackOf: fallbackOf?.status,
  };
}
