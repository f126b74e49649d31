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

  /** The highest number that a child of a supervisor of this path has had. */
  readonly #highest = new Map<string, number>();

  constructor(logic: typeof workerMachine) {
    this.#logic = logic;
  }

  /** Makes the actor. `parent` hears of its end as of any child's: `xstate.done.actor.<workerId>`. */
  prepare(parent: AnyActorRef, input: WorkerInput): void {
    const { path, workerId } = input;
    const supervisor = path.slice(0, path.lastIndexOf('/'));
    const number = Number(workerId.slice(path.length + 1));
    this.#highest.set(supervisor, Math.max(number, this.lastNumberIn(supervisor)));
    const actor = createActor(this.#logic, { parent, id: workerId, input });
    this.#actors.set(workerId, actor);
    actor.subscribe({ complete: () => this.#actors.delete(workerId), error: () => {} });
  }

  /**
   * A supervisor may have the path of an earlier one, which left a daemon that carries a worker's ID: its children are
   * numbered on from there, so that no ID is given out twice in a run.
   */
  lastNumberIn(supervisor: string): number {
    return this.#highest.get(supervisor) ?? 0;
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
