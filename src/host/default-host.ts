/** Pools and tasks without a host of one's own: a default one is started on first use, and stopped with the process. */
import type { ApiOf, UnknownApi } from '../pool/api.ts';
import type { Pool } from '../pool/pool.ts';
import type { PoolOptions } from '../pool/pool-options.ts';
import type { TaskResult } from '../tasks/result.ts';
import type { RunOptions } from '../tasks/run-options.ts';
import type { TaskSource } from '../tasks/tasks.ts';
import { type Host, startHost } from './host.ts';

let starting: Promise<Host> | undefined;

/** The same for all who ask; another one after a failure. */
export function defaultHost(): Promise<Host> {
  starting ??= startHost({ name: 'default' }).catch((error: unknown) => {
    starting = undefined;
    throw error;
  });
  return starting;
}

/** As `host.runAll`, on a host of its own making. */
export async function runAll(tasks: TaskSource, options: RunOptions = {}): Promise<readonly TaskResult[]> {
  return (await defaultHost()).runAll(tasks, options);
}

/** As `host.pool`, on a host of its own making. Names are unique among all pools that are made so. */
export async function createPool<T = UnknownApi>(options: PoolOptions): Promise<Pool<ApiOf<T>>> {
  return (await defaultHost()).pool<T>(options);
}
