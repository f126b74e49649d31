/** All who wait for a worker: for whichever comes first, or, with a session, for a certain one. */
import { Call } from './call.ts';
import type { Acquisition } from './lease.ts';
import type { Member } from './member.ts';
import { WaitQueue } from './wait-queue.ts';

export type Waiter = Call | Acquisition;

export class WaitingLine {
  readonly #shared = new WaitQueue<Waiter>();
  /** How many wait in the queues of certain workers. */
  #bound = 0;

  /** How many wait for whichever worker comes first. */
  get shared(): number {
    return this.#shared.size;
  }

  get size(): number {
    return this.#shared.size + this.#bound;
  }

  /** Of those that any worker can serve. */
  oldest(): Waiter | undefined {
    return this.#shared.oldest();
  }

  add(waiter: Waiter): void {
    this.#shared.add(waiter);
  }

  addFor(member: Member, call: Call): void {
    this.#bound += 1;
    member.queue.add(call);
  }

  /** It has been served before, in vain. */
  putBack(waiter: Waiter): void {
    this.#shared.putBack(waiter);
  }

  leave(waiter: Waiter): void {
    const { queue } = waiter;
    if (queue === undefined) return;
    if (queue !== this.#shared) this.#bound -= 1;
    queue.remove(waiter);
  }

  /** Everybody who waits for whichever worker; they leave. */
  clear(): readonly Waiter[] {
    return this.#shared.clear();
  }

  /** Everybody who waits for this worker; they leave. */
  clearFor(member: Member): readonly Call[] {
    const calls = member.queue.clear();
    this.#bound -= calls.length;
    return calls;
  }

  /** Who waits for the one waits for the other from now on. @param onLost told of those whose session is lost: they leave */
  move(from: Member, to: Member, onLost: (call: Call) => void): void {
    for (const call of this.clearFor(from)) {
      if (call.session!.lost === undefined) this.addFor(to, call);
      else onLost(call);
    }
  }

  /**
   * Whose turn it is with this worker: of those that only it can serve, and of all others, whoever came first.
   * @param onStray told of one whose session has found another worker meanwhile: it waits for that now
   */
  next(member: Member, onStray: (home: Member) => void): Waiter | undefined {
    for (;;) {
      const own = member.queue.next();
      const shared = this.#shared.next();
      if (own !== undefined && (shared === undefined || own.order < shared.order)) {
        member.queue.take(own);
        this.#bound -= 1;
        return own;
      }
      if (shared === undefined) return undefined;
      this.#shared.take(shared);
      const home = shared instanceof Call ? shared.session?.member : undefined;
      if (home === undefined || home === member) return shared;
      this.addFor(home, shared as Call);
      onStray(home);
    }
  }
}
