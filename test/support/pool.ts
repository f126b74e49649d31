/** A pool on a host of its own, closed when the test is over. */
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { PoolOptions, UnknownApi } from '../../src/index.ts';
import type { Pool } from '../../src/pool/pool.ts';
import { openHost, type TestHost } from './host.ts';

/** The path of a worker in `test/fixtures/pool`. */
export const fixture = (name: string): string =>
  fileURLToPath(new URL(`../fixtures/pool/${name}`, import.meta.url));

/** It does whatever a test asks for. */
export const WORKER = { module: fixture('worker.mjs') };

export interface TestPool extends TestHost {
  readonly pool: Pool<UnknownApi>;
}

/** With two workers of `WORKER`, unless it is told otherwise. */
export async function openPool(options: Partial<PoolOptions> = {}): Promise<TestPool> {
  const opened = await openHost({ eventsKept: 100_000 });
  const { max = Math.max(2, options.min ?? 2), min = Math.min(2, max) } = options;
  const pool = await opened.host.pool({ name: 'p', worker: WORKER, ...options, min, max });
  return { ...opened, pool };
}

/** What a promise is rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<Error> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: Error) => ({ error }),
  );
  expect(outcome).toHaveProperty('error');
  return (outcome as { error: Error }).error;
}

/** A call that has begun in its worker, and goes on until it is cancelled. */
export async function hangingCall(
  pool: Pool<UnknownApi>,
  options: { readonly signal?: AbortSignal; readonly timeout?: number; readonly idempotent?: boolean } = {},
): Promise<{ readonly outcome: Promise<unknown> }> {
  let tellBegun: () => void = () => {};
  const begun = new Promise<void>((resolve) => {
    tellBegun = resolve;
  });
  const outcome = pool.call('hang', undefined, { ...options, onProgress: tellBegun });
  outcome.catch(() => {}); // the test looks at it later
  await begun;
  return { outcome };
}
