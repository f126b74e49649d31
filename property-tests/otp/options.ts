/** A tree as Reeve's options, its start functions asked from outside. */
import type { ChildOptions, SupervisorOptions } from '../../src/supervisor/supervisor-spec.ts';
import type { ChildPlan, Script, SupervisorPlan } from './sequence.ts';
import { idOf } from './step.ts';

/** Exit codes that stand for OTP's reasons `shutdown` and `{shutdown, tagged}`. */
export const EXIT_CODES = { normal: 0, boom: 1, shutdown: 10, tagged: 11 } as const;
/** All happens within one period, and no start takes too long. */
const LONGEST_MS = 2 ** 31 - 1;

export type StartAnswer = 'ignore' | undefined;
/** What a start function answers, or throws. */
export type Answers = (path: string, child: ChildPlan, script: Script) => StartAnswer | Promise<StartAnswer>;

export function optionsOf(tree: ChildPlan, answers: Answers): SupervisorOptions {
  const { kind, script } = tree;
  const start = ({ path }: { readonly path: string }) => answers(path, tree, script);
  return { id: tree.id, ...flagsOf(kind as SupervisorPlan, answers), start };
}

function flagsOf({ strategy, intensity, autoShutdown, children }: SupervisorPlan, answers: Answers) {
  const isTemplate = strategy === 'simple_one_for_one';
  return {
    strategy,
    intensity,
    autoShutdown,
    period: LONGEST_MS,
    children: children.map((child) => childOptionsOf(child, answers, isTemplate)),
  };
}

export function childOptionsOf(child: ChildPlan, answers: Answers, isTemplate = false): ChildOptions {
  const { id, kind, restart, significant, shutdown, script, scripts } = child;
  const start = ({ path }: { readonly path: string }) =>
    answers(path, child, isTemplate ? (scripts[numberOf(path) - 1] ?? []) : script);
  const rules = { id, restart, significant, start };
  if (kind !== 'worker') return { ...rules, type: 'supervisor', ...flagsOf(kind, answers) };
  return {
    ...rules,
    command: 'worker',
    stdout: 'ignore',
    stderr: 'ignore',
    startTimeout: LONGEST_MS,
    shutdownExitCodes: [EXIT_CODES.shutdown, EXIT_CODES.tagged],
    ...(shutdown === 'brutal' ? { shutdown: 'brutal_kill' as const } : {}),
  };
}

/** 3 of `top/t.3`. */
const numberOf = (path: string): number => Number(idOf(path).split('.').at(-1));
