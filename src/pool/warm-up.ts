/** What is done with a new worker before anybody else gets it. */
import { StartError } from '../errors.ts';
import type { Clock, Timer } from '../os/os.ts';
import type { Lender } from './lender.ts';
import type { Member } from './member.ts';
import type { NewWorker } from './pool-options.ts';

const NEVER = Number.POSITIVE_INFINITY;

/** Rejects with what it rejects with, with why the worker was gone first, or when it takes too long. */
export async function runWarmUp(
  warmUp: (worker: NewWorker) => unknown,
  member: Member,
  lender: Lender,
  { clock, startTimeout }: { readonly clock: Clock; readonly startTimeout: number },
): Promise<void> {
  const gone = new Promise<never>((_, reject) => {
    member.onGone = reject;
  });
  gone.catch(() => {}); // it may come later
  let timer: Timer | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new StartError(member.path, `was not warmed up within ${startTimeout} ms`, '');
    timer = clock.setTimeout(() => reject(error), startTimeout);
  });
  const { path, pid } = member;
  const call = (method: string, params?: unknown) => lender.call(planFor(method, params), undefined, member);
  const notify = (method: string, params?: unknown) => member.notify(method, params);
  try {
    await Promise.race([warmUp({ path, pid, call, notify }), gone, late]);
  } finally {
    clock.clearTimeout(timer!);
  }
  if (member.endedFor !== undefined) throw member.endedFor; // it is about to go
}

const planFor = (method: string, params: unknown) => ({
  method,
  params,
  priority: 0,
  timeout: NEVER,
  queueTimeout: NEVER,
  idempotent: false,
  prefer: undefined,
  signal: undefined,
  onProgress: undefined,
  items: undefined,
});
