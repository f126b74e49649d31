/** What is done with a new worker before anybody else gets it. */
import type { Lender } from './lender.ts';
import type { Member } from './member.ts';
import type { NewWorker } from './pool-options.ts';

const NEVER = Number.POSITIVE_INFINITY;

/** Rejects with what it rejects with, or with why the worker was gone first. */
export async function runWarmUp(
  warmUp: (worker: NewWorker) => unknown,
  member: Member,
  lender: Lender,
): Promise<void> {
  const gone = new Promise<never>((_, reject) => {
    member.onGone = reject;
  });
  gone.catch(() => {}); // it may come later
  const { path, pid } = member;
  const call = (method: string, params?: unknown) => lender.call(planFor(method, params), undefined, member);
  const notify = (method: string, params?: unknown) => member.notify(method, params);
  await Promise.race([warmUp({ path, pid, call, notify }), gone]);
}

const planFor = (method: string, params: unknown) => ({
  method,
  params,
  priority: 0,
  timeout: NEVER,
  queueTimeout: NEVER,
  idempotent: false,
  signal: undefined,
  onProgress: undefined,
  items: undefined,
});
