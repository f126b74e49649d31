/** A supervisor's machine as those see it who wait for it from outside. */
import type { ActorRefFrom, SnapshotFrom } from 'xstate';
import type { ExitReason } from '../events.ts';
import type { supervisorMachine } from './supervisor-machine.ts';
import type { SupervisorOutput } from './turn.ts';

export type SupervisorActor = ActorRefFrom<typeof supervisorMachine>;
export type SupervisorSnapshot = SnapshotFrom<typeof supervisorMachine>;

/** Resolves with the last of its snapshots. */
export function endOf(actor: SupervisorActor): Promise<SupervisorSnapshot> {
  const now = actor.getSnapshot();
  if (now.status === 'done') return Promise.resolve(now);
  return new Promise((resolve) => {
    actor.subscribe({
      next: (snapshot) => {
        if (snapshot.status === 'done') resolve(snapshot);
      },
      error: () => {},
    });
  });
}

/** Resolves when all its children are ready, with undefined, or when it has ended. */
export function outcomeOf(actor: SupervisorActor): Promise<SupervisorOutput | undefined> {
  if (actor.getSnapshot().matches('running')) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    // It may be done in the same turn, and never be seen running.
    const subscription = actor.on('ready', () => {
      subscription.unsubscribe();
      resolve(undefined);
    });
    void endOf(actor).then(({ output }) => resolve(output));
  });
}

/** The child with which it began, however deep below. */
export function culpritOf(end: Extract<ExitReason, { readonly path: string }>): {
  readonly path: string;
  readonly reason: ExitReason;
} {
  return 'path' in end.reason ? culpritOf(end.reason) : end;
}
