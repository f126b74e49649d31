/** fork(2), execve(2) and wait(2) on a simulated machine, for hosts and forkers alike. */
import type { ForkedChild } from '../forker/children.ts';
import type { ForkOrder } from '../forker/messages.ts';
import { failure } from '../forker/spawn-failure.ts';
import type { Signal, SpawnerOptions } from '../os.ts';
import type { SimMachine } from './machine.ts';
import type { Pipe } from './pipe.ts';
import type { Descriptor, End, Origin, SimProcess } from './process.ts';
import { type Program, runProgram } from './running.ts';
import type { SimLine } from './sim-line.ts';
import { systemError } from './system-error.ts';

/** A machine with programs on it. */
export interface Installed {
  readonly machine: SimMachine;
  /** By command. What is not here cannot be started: ENOENT. */
  readonly programs: ReadonlyMap<string, Program>;
  /** The forkers of all hosts, for whoever wants to harm one. */
  readonly forkers: Map<SimProcess, SimLine>;
}

/** Where a run's children are born. */
export interface BirthPlace {
  readonly installed: Installed;
  readonly options: SpawnerOptions;
  /** By number, as orders name them. */
  readonly pipes: Map<number, Pipe>;
}

/** Tells when a child of this process is dead and reaped. */
export type Reaped = (
  child: SimProcess,
) => Promise<{ readonly code: number | null; readonly signal: Signal | null }>;

const DESCRIPTORS: readonly Descriptor[] = ['stdin', 'stdout', 'stderr', 'fd3'];

/** One listener for all children of a process, whoever of them waits. */
export function hearExits(self: SimProcess): Reaped {
  const waiting = new Map<SimProcess, (end: End) => void>();
  const before = self.onChildren;
  self.onChildren = (dead) => {
    before?.(dead);
    waiting.get(dead)?.(dead.end!);
    waiting.delete(dead);
  };
  return (child) => new Promise((resolve) => waiting.set(child, resolve));
}

/** fork(2) and execve(2) of an order, by whoever does it. */
export function forkOn(
  { installed, options, pipes }: BirthPlace,
  parent: SimProcess,
  reaped: Reaped,
  order: ForkOrder,
  env: NodeJS.ProcessEnv,
): ForkedChild {
  const { machine, programs } = installed;
  machine.boundary(parent, 'before a fork');
  const program = programs.get(order.command);
  let child: SimProcess;
  try {
    if (program === undefined) throw systemError('ENOENT', `spawn ${order.command}`);
    const origin: Origin = { runId: options.runId, workerId: order.workerId };
    child = machine.fork(parent, { session: undefined, group: undefined, origin });
  } catch (error) {
    const phase = isShort(error) ? 'fork' : 'exec';
    return { pid: undefined, failed: Promise.resolve(failure(phase, error)), exited: never() };
  }
  const exited = reaped(child);
  for (const [index, source] of order.streams.entries()) {
    const pipe = typeof source === 'number' ? pipes.get(source) : undefined;
    if (pipe !== undefined) child.descriptors.set(DESCRIPTORS[index]!, pipe.hold(child));
  }
  machine.boundary(parent, 'after a fork');
  exec(machine, child, { env, commandLine: [order.command, ...order.args].join(' '), program });
  return { pid: child.pid, failed: never(), exited };
}

/** Whoever forks waits for this. If he dies meanwhile, his child is for a moment what he was, marks and all. */
function exec(
  machine: SimMachine,
  child: SimProcess,
  { env, commandLine, program }: { env: NodeJS.ProcessEnv; commandLine: string; program: Program },
): void {
  const environment = flat(env);
  const become = (): void => {
    child.environment = environment;
    child.commandLine = commandLine;
    runProgram(machine, child, program);
  };
  if (child.reparented) machine.later(child, 0, become);
  else become();
}

const never = (): Promise<never> => new Promise(() => {});
const SHORT = new Set(['EAGAIN', 'ENOMEM', 'EMFILE', 'ENFILE']);
const isShort = (error: unknown): boolean => SHORT.has((error as { code: string }).code);

/** With all that it inherits, as spawn reads it. */
function flat(env: NodeJS.ProcessEnv): Readonly<Record<string, string | undefined>> {
  const all: Record<string, string | undefined> = {};
  for (const name in env) all[name] = env[name];
  return all;
}
