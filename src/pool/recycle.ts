/** When a worker has done enough, and is to be replaced by a fresh one. */

/** Each is optional; without any, a worker stays as long as it is well. */
export interface RecycleOptions {
  /** Answered calls, at least 1. */
  readonly afterCalls?: number;
  /** Milliseconds since it was ready, at least 1,000. */
  readonly afterAge?: number;
  /** Bytes that it and all that it has forked hold in memory (RSS), at least 1 MiB. */
  readonly afterMemory?: number;
}

export type RecycleLimits = Required<RecycleOptions>;
export type RecycleCause = 'calls' | 'age' | 'memory' | 'request';

/** How one worker stands. */
export interface Wear {
  readonly calls: number;
  /** Milliseconds. */
  readonly age: number;
  /** Bytes, as seen last. */
  readonly memory: number;
}

/** Infinite limits are no limits. */
export function recycleCause(limits: RecycleLimits, { calls, age, memory }: Wear): RecycleCause | undefined {
  if (calls >= limits.afterCalls) return 'calls';
  if (memory >= limits.afterMemory) return 'memory';
  return age >= limits.afterAge ? 'age' : undefined;
}
