/** `reeve run`: commands with arguments, many at a time, each to its end. */
import { messageOf } from '../../errors.ts';
import { startHost } from '../../host/host.ts';
import { DEFAULT_MAX_PROCESSES } from '../../tasks/tasks-settings.ts';
import { endOnBrokenOutput } from '../stdout.ts';
import { CommandRun } from './command-run.ts';
import { type Drafts, draftsOfGroups, draftsOfLines, draftsOfTasks } from './drafts.ts';
import { EXIT_OTHER } from './ending.ts';
import { MANY_FAILED } from './halt.ts';
import { outputOf } from './job-output.ts';
import { Joblog } from './joblog.ts';
import { Jobs } from './jobs.ts';
import { Lines } from './lines.ts';
import type { Origin, RunPlan } from './options.ts';

/** Resolves with the exit code; rejects with what has nothing to do with any one task. */
export async function run(plan: RunPlan, stateDirectory: string): Promise<number> {
  const drafts = draftsOf(plan.origin);
  const joblog = joblogOf(plan);
  if (plan.dryRun) return tellCommands(drafts, joblog);
  try {
    const total = plan.resumption === 'none' ? drafts.total : await countLeft(drafts, joblog);
    const host = await startHost({
      name: 'run',
      stateDirectory,
      signals: false, // what they mean here is said below
      tasks: { maxProcesses: Math.max(DEFAULT_MAX_PROCESSES, plan.jobs) },
    });
    return await new CommandRun({ host, plan, drafts, joblog, total }).run();
  } finally {
    joblog?.close();
  }
}

function joblogOf({ joblog: path, resumption, dryRun }: RunPlan): Joblog | undefined {
  return path === undefined ? undefined : new Joblog({ path, resumption, isReadOnly: dryRun });
}

function draftsOf(origin: Origin): Drafts {
  if (origin.kind === 'groups') return draftsOfGroups(origin.words, origin.groups);
  if (origin.kind === 'tasks') return draftsOfTasks(new Lines(origin.path, '\n'));
  return draftsOfLines(origin.words, new Lines(origin.path, origin.separator), origin.skipsEmpty);
}

/** How many have to be run, if that can be known. Throws a `JoblogError` before anything is begun if the joblog is of other commands. */
async function countLeft(drafts: Drafts, joblog: Joblog | undefined): Promise<number | undefined> {
  if (drafts.total === undefined) return undefined;
  let count = 0;
  for await (const _ of jobsWithoutOutput(drafts, joblog).left()) count += 1;
  return count;
}

/** `--dry-run`: the commands, as they could be given to a shell. */
async function tellCommands(drafts: Drafts, joblog: Joblog | undefined): Promise<number> {
  let problems = 0;
  process.stdout.removeAllListeners('error').on('error', (error) => endOnBrokenOutput(error, EXIT_OTHER));
  for await (const { commandLine, problem } of jobsWithoutOutput(drafts, joblog).left()) {
    if (problem === undefined) {
      if (!process.stdout.write(`${commandLine}\n`)) {
        await new Promise((resolve) => process.stdout.once('drain', resolve));
      }
      continue;
    }
    problems += 1;
    console.error(`reeve: ${messageOf(problem)}`);
  }
  return Math.min(problems, MANY_FAILED);
}

const jobsWithoutOutput = (drafts: Drafts, joblog: Joblog | undefined): Jobs =>
  new Jobs({
    drafts,
    joblog,
    outputOf: () => outputOf('none', undefined, () => Promise.resolve()),
    gate: { room: () => Promise.resolve(), open: () => {} },
  });
