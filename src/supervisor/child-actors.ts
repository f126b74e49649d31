/**
 * The living actors of supervisors' children, beside the supervisors' snapshots: XState copies the children of a
 * snapshot whenever one comes or goes, which makes the work of thousands grow with their square.
 */
import { type ActorRefFrom, type AnyActorRef, createActor } from 'xstate';
import type { WorkerInput, workerMachine } from '../worker/worker-machine.ts';

type WorkerActor = ActorRefFrom<typeof workerMachine>;

export class ChildActors {
  readonly #logic: typeof workerMachine;
  readonly #actors = new Map<string, WorkerActor>();

  constructor(logic: typeof workerMachine) {
    this.#logic = logic;
  }

  /** Makes the actor. `parent` hears of its end as of any child's: `xstate.done.actor.<workerId>`. */
  prepare(parent: AnyActorRef, input: WorkerInput): void {
    const { workerId } = input;
    const actor = createActor(this.#logic, { parent, id: workerId, input });
    this.#actors.set(workerId, actor);
    actor.subscribe({ complete: () => this.#actors.delete(workerId), error: () => {} });
  }

  start(workerId: string): void {
    this.#actors.get(workerId)?.start();
  }

  stop(workerId: string): void {
    this.#actors.get(workerId)?.send({ type: 'stop' });
  }

  /** Undefined before it is made and after its end. */
  get(workerId: string): WorkerActor | undefined {
    return this.#actors.get(workerId);
  }
}
