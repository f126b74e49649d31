/** The calls to supervisors that are not answered yet. Each is settled once, whatever becomes of the supervisor. */
import type { AnyActorRef } from 'xstate';
import type { Answer, Request } from './plan.ts';

export class PendingCalls {
  readonly #pending = new Map<number, (answer: Answer) => void>();
  #last = 0;

  /** Resolves with `'not-running'` when there is no such supervisor, or when it ends before it has answered. */
  ask(path: string, actor: AnyActorRef | undefined, request: Request): Promise<Answer> {
    const notRunning: Answer = { is: 'refused', because: 'not-running', path };
    if (actor === undefined || actor.getSnapshot().status !== 'active') return Promise.resolve(notRunning);
    this.#last += 1;
    const callId = this.#last;
    return new Promise((settle) => {
      // It may end with the call in its mailbox, unread.
      const watch = actor.subscribe({ complete: () => this.settle(callId, notRunning), error: () => {} });
      this.#pending.set(callId, (answer) => {
        watch.unsubscribe();
        settle(answer);
      });
      actor.send({ type: 'call', callId, request });
    });
  }

  settle(callId: number, answer: Answer): void {
    const pending = this.#pending.get(callId);
    this.#pending.delete(callId);
    pending?.(answer);
  }
}
