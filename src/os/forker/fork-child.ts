/** Forks a real process; what is wrong when it is not born is told apart here. */
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { codeOf, messageOf, type SpawnFailure } from '../../errors.ts';
import { holdBack } from '../node-streams.ts';
import type { ForkedChild } from './children.ts';
import type { ForkOrder } from './messages.ts';
import { failure } from './spawn-failure.ts';

export interface NodeChild extends ForkedChild {
  /** Undefined when it was not born. */
  readonly process: ChildProcess | undefined;
}

export function forkChild(order: ForkOrder, env: NodeJS.ProcessEnv, stdio: StdioOptions): NodeChild {
  let child: ChildProcess;
  try {
    child = spawn(order.command, order.args, {
      cwd: order.cwd,
      env,
      stdio,
      detached: true, // a session and a group of its own
      windowsHide: true,
    });
  } catch (error) {
    const failed = Promise.resolve(spawnFailure(error, order.cwd));
    return { pid: undefined, failed, exited: never(), process: undefined };
  }
  if (child.pid === undefined) {
    const failed = new Promise<SpawnFailure>((resolve) =>
      child.once('error', (error) => resolve(spawnFailure(error, order.cwd))),
    );
    return { pid: undefined, failed, exited: never(), process: undefined };
  }
  for (const stream of child.stdio) if (stream && 'read' in stream) holdBack(stream);
  child.on('error', () => {}); // nothing that comes now is news
  const exited: ForkedChild['exited'] = new Promise((resolve) =>
    child.once('exit', (code, signal) => resolve({ code, signal })),
  );
  return { pid: child.pid, failed: never(), exited, process: child };
}

const never = (): Promise<never> => new Promise(() => {});

/** Too few processes, descriptors or too little memory: the program was never reached. */
const FORK_CODES = new Set(['EAGAIN', 'ENOMEM', 'EMFILE', 'ENFILE', 'ENOSYS']);

/** Linux reports a missing directory and a missing program alike: only a look at the directory tells. */
function spawnFailure(error: unknown, cwd: string | undefined): SpawnFailure {
  const code = codeOf(error);
  if (FORK_CODES.has(code)) return failure('fork', error);
  if (cwd !== undefined) {
    const complaint = complaintAbout(cwd);
    if (complaint !== undefined) return { ...failure('cwd', complaint), message: messageOf(complaint) };
  }
  return failure('exec', error);
}

function complaintAbout(directory: string): unknown {
  try {
    if (statSync(directory).isDirectory()) return undefined;
    return Object.assign(new Error(`ENOTDIR: not a directory, '${directory}'`), {
      code: 'ENOTDIR',
      errno: -20,
    });
  } catch (error) {
    return error;
  }
}
