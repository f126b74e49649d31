/** Waiting for a worker of one's own. */
import { CallTimeoutError } from '../call-errors.ts';
import { forgetAbort, onAbort } from '../flow/shared-signal.ts';
import type { Clock } from '../os/os.ts';
import { Acquisition } from './lease.ts';
import type { Lender } from './lender.ts';
import type { Member } from './member.ts';

export interface Wish {
  readonly priority: number;
  /** Milliseconds, or infinite. */
  readonly queueTimeout: number;
  readonly signal: AbortSignal | undefined;
}

/** Resolves with a worker that has nothing else to do, and that nobody else gets; whoever is told of it must lend it. */
export function acquireWorker(
  lender: Lender,
  clock: Clock,
  { priority, queueTimeout, signal }: Wish,
  lend: (member: Member) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason);
      return;
    }
    const giveUp = (why: unknown): void => {
      if (acquisition.settled) return;
      acquisition.fail(why);
      lender.withdraw(acquisition);
    };
    const aborted = (): void => giveUp(signal!.reason);
    const timer = Number.isFinite(queueTimeout)
      ? clock.setTimeout(() => giveUp(new CallTimeoutError('queued', queueTimeout, 'a lease')), queueTimeout)
      : undefined;
    const wish = { priority, order: lender.nextOrder(), madeAt: lender.now() };
    const acquisition = new Acquisition(wish, (outcome) => {
      if (timer !== undefined) clock.clearTimeout(timer);
      if (signal !== undefined) forgetAbort(signal, aborted);
      if ('error' in outcome) reject(outcome.error);
      else {
        lend(outcome.member);
        resolve();
      }
    });
    if (signal !== undefined) onAbort(signal, aborted);
    lender.acquire(acquisition);
  });
}
