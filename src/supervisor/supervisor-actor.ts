/** A supervisor's machine as those see it who wait for it from outside. */
import type { ActorRefFrom, SnapshotFrom } from 'xstate';
import type { ExitReason } from '../events.ts';
import type { supervisorMachine } from './supervisor-machine.ts';
import type { SupervisorOutput } from './turn.ts';

export type SupervisorActor = ActorRefFrom<typeof supervisorMachine>;
export type SupervisorSnapshot = SnapshotFrom<typeof supervisorMachine>;

/** Resolves with the last of its snapshots. */
export function endOf(actor: SupervisorActor): Promise<SupervisorSnapshot> {
  return first(actor, ({ status }) => status === 'done');
}

/** Resolves when all its children are ready, with undefined, or when it has ended. */
export async function outcomeOf(actor: SupervisorActor): Promise<SupervisorOutput | undefined> {
  const { output } = await first(
    actor,
    (snapshot) => snapshot.status === 'done' || snapshot.matches('running'),
  );
  return output;
}

function first(
  actor: SupervisorActor,
  isIt: (snapshot: SupervisorSnapshot) => boolean,
): Promise<SupervisorSnapshot> {
  const now = actor.getSnapshot();
  if (isIt(now)) return Promise.resolve(now);
  return new Promise((resolve) => {
    const subscription = actor.subscribe({
      next: (snapshot) => {
        if (!isIt(snapshot)) return;
        subscription.unsubscribe();
        resolve(snapshot);
      },
      error: () => {},
    });
  });
}

/** The child with which it began, however deep below. */
export function culpritOf(end: Extract<ExitReason, { readonly path: string }>): {
  readonly path: string;
  readonly reason: ExitReason;
} {
  return 'path' in end.reason ? culpritOf(end.reason) : end;
}
