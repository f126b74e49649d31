/** What the processes of tasks do, as a plan has them: each tells the judge when it ends of its own will. */
import { type Program, programs, type Running } from '../src/sim/index.ts';
import type { TaskOptions } from '../src/tasks/task-spec.ts';
import type { JobPlan } from './tasks-plan.ts';

/** What it says before it ends badly, and what it exits with; these are the words of the programs that people run. */
const ENDS: Readonly<Record<JobPlan['kind'], { readonly says: string; readonly code: number }>> = {
  fails: { says: '', code: 3 },
  limited: { says: 'HTTP 429 Too Many Requests\n', code: 1 },
  refused: { says: 'Error: please run the tool and login\nnot logged in\n', code: 1 },
  overloaded: { says: '{"type":"overloaded_error"}\n', code: 1 },
  useless: { says: '', code: 127 },
  'out-of-memory': { says: 'fatal: out of memory\n', code: 1 },
  missing: { says: '', code: 0 },
};

/** Another attempt is of no use: what the guide says of these kinds. */
export const HOPELESS: ReadonlySet<JobPlan['kind']> = new Set([
  'refused',
  'useless',
  'out-of-memory',
  'missing',
]);

const FATAL = 'Error: invalid API key\n';
export const FLOOD_BYTES = 5_000;
const CHATS_EVERY_MS = 40;

/** Which process of which task. */
export interface JobName {
  readonly run: number;
  readonly index: number;
  readonly part: 'own' | 'fallback';
}

/** One process of a task, as the judge knows it. */
export interface Birth {
  /** Among those of its part, from 1. */
  readonly number: number;
  readonly job: JobPlan;
  /** It ended of its own will, and not as it was told to. */
  isFinished: boolean;
}

export const isMissing = ({ kind, wellFrom }: JobPlan): boolean => kind === 'missing' && wellFrom > 1;

/** The command for it. */
export const commandOf = (name: JobName, job: JobPlan): TaskOptions => ({
  command: isMissing(job) ? 'nobody' : 'job',
  args: [JSON.stringify(name)],
});

/** Undefined for what is no task's process. */
export function nameOf(commandLine: string): JobName | undefined {
  return commandLine.startsWith('job {') ? JSON.parse(commandLine.slice('job '.length)) : undefined;
}

export function jobProgram(birthOf: (self: Running) => Birth): Program {
  return (self) => {
    const birth = birthOf(self);
    const { job, number } = birth;
    const { code, says } = number >= job.wellFrom ? { code: 0, says: 'done\n' } : ENDS[job.kind];
    if (job.onTerm === 'ignores') self.ignore('SIGTERM');
    if (job.onTerm === 'exits-with-0') self.on('SIGTERM', () => self.exit(0));
    leave(self, job);
    if (job.manner === 'says-something-fatal') self.write(FATAL);
    if (job.manner === 'floods') self.write(`${'x'.repeat(FLOOD_BYTES)}\n`);
    if (job.manner === 'chatty') chat(self);
    self.after(job.ms, () => {
      if (says !== '') self.write(says, code === 0 ? 'stdout' : 'stderr');
      birth.isFinished = true;
      self.exit(code);
    });
  };
}

function leave(self: Running, { leaves }: JobPlan): void {
  if (leaves === 'child') self.fork(programs.obeys);
  if (leaves === 'stubborn') self.fork(programs.ignoresTerm);
  if (leaves === 'daemon') self.fork(programs.obeys, { newSession: true });
}

function chat(self: Running): void {
  self.after(CHATS_EVERY_MS, () => {
    self.write('.\n');
    chat(self);
  });
}
