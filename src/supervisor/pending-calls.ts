/** The calls to supervisors that are not answered yet. Each is settled once, whatever becomes of the supervisor. */
import type { AnyActorRef } from 'xstate';
import type { Answer, Request } from './plan.ts';

export class PendingCalls {
  readonly #pending = new Map<number, (answer: Answer) => void>();
  /** By supervisor: what it has not answered. Watched once each, for XState tells every watcher of every turn. */
  readonly #asked = new WeakMap<AnyActorRef, Set<number>>();
  #last = 0;

  /** Resolves with `'not-running'` when there is no such supervisor, or when it ends before it has answered. */
  ask(path: string, actor: AnyActorRef | undefined, request: Request): Promise<Answer> {
    const notRunning: Answer = { is: 'refused', because: 'not-running', path };
    if (actor === undefined || actor.getSnapshot().status !== 'active') return Promise.resolve(notRunning);
    this.#last += 1;
    const callId = this.#last;
    const asked = this.#asked.get(actor) ?? this.#watch(actor, notRunning);
    asked.add(callId);
    return new Promise((resolve) => {
      this.#pending.set(callId, (answer) => {
        asked.delete(callId);
        resolve(answer);
      });
      actor.send({ type: 'call', callId, request });
    });
  }

  settle(callId: number, answer: Answer): void {
    const settle = this.#pending.get(callId);
    this.#pending.delete(callId);
    settle?.(answer);
  }

  /** It may end with calls in its mailbox, unread. */
  #watch(actor: AnyActorRef, notRunning: Answer): Set<number> {
    const asked = new Set<number>();
    this.#asked.set(actor, asked);
    const over = () => {
      for (const callId of [...asked]) this.settle(callId, notRunning);
    };
    actor.subscribe({ complete: over, error: () => {} });
    return asked;
  }
}
