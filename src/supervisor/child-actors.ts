/**
 * The living actors of supervisors' children, beside the supervisors' snapshots: XState copies the children of a
 * snapshot whenever one comes or goes, which makes the work of thousands grow with their square.
 */
import { type ActorRefFrom, type AnyActorRef, type AnyStateMachine, createActor } from 'xstate';
import type { Cause } from '../events.ts';
import type { workerMachine } from '../worker/worker-machine.ts';
import type { Child } from './roster.ts';

type WorkerActor = ActorRefFrom<typeof workerMachine>;

/** What a supervisor needs from outside. */
export interface SupervisorTools {
  /** Milliseconds that never jump. */
  readonly now: () => number;
  /** From 0 to 1, without 1. */
  readonly chance: () => number;
}

/** Of how many supervisors it is remembered how far their children were numbered, one by one. */
const NUMBERED_KEPT = 1_000;

/** `services` of `services/api`; nothing of `services`. */
export const supervisorOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

export class ChildActors {
  readonly #worker: typeof workerMachine;
  readonly #supervisor: AnyStateMachine;
  readonly #workers = new Map<string, WorkerActor>();
  /** By path: of two incarnations one is dead before the other is made. */
  readonly #supervisors = new Map<string, { readonly workerId: string; readonly actor: AnyActorRef }>();
  /** The highest number that a child of a supervisor of this path has had, the latest last. */
  readonly #highest = new Map<string, number>();
  /** The highest of those that are not remembered one by one. */
  #floor = 0;

  constructor(worker: typeof workerMachine, supervisor: (actors: ChildActors) => AnyStateMachine) {
    this.#worker = worker;
    this.#supervisor = supervisor(this);
  }

  /** Makes the actor. `parent` hears of its end as of any child's: `xstate.done.actor.<workerId>`. */
  prepare(parent: AnyActorRef, { spec, path, workerId, starts }: Child, tools: SupervisorTools): void {
    this.#noteNumber(supervisorOf(path), Number(workerId.slice(path.length + 1)));
    if (spec.type === 'worker') {
      const input = { spec, path, workerId, starts };
      const actor = createActor(this.#worker, { parent, id: workerId, input });
      this.#workers.set(workerId, actor);
      actor.subscribe({ complete: () => this.#workers.delete(workerId), error: () => {} });
    } else {
      const { now, chance } = tools; // of whoever is given, these alone
      const input = { spec, path, workerId, starts, now, chance, actors: this };
      const actor = createActor(this.#supervisor, { parent, id: workerId, input });
      this.#supervisors.set(path, { workerId, actor });
      actor.subscribe({ complete: () => this.#supervisors.delete(path), error: () => {} });
    }
  }

  start(workerId: string): void {
    this.#actor(workerId)?.start();
  }

  stop(workerId: string, cause: Cause | undefined): void {
    const worker = this.#workers.get(workerId);
    if (worker === undefined) this.#actor(workerId)?.send({ type: 'shutdown', cause });
    else worker.send({ type: 'stop' });
  }

  kill(workerId: string): void {
    this.#actor(workerId)?.send({ type: 'kill' });
  }

  /** Undefined before it is made and after its end. */
  worker(workerId: string): WorkerActor | undefined {
    return this.#workers.get(workerId);
  }

  /** The supervisor that lives at this path. */
  supervisor(path: string): AnyActorRef | undefined {
    return this.#supervisors.get(path)?.actor;
  }

  /**
   * A supervisor may have the path of an earlier one, which left a daemon that carries a worker's ID: its children are
   * numbered on from there, so that no ID is given out twice in a run.
   */
  lastNumberIn(supervisor: string): number {
    return this.#highest.get(supervisor) ?? this.#floor;
  }

  #actor(workerId: string): AnyActorRef | undefined {
    const path = workerId.slice(0, workerId.lastIndexOf(':'));
    const supervisor = this.#supervisors.get(path);
    return supervisor?.workerId === workerId ? supervisor.actor : this.#workers.get(workerId);
  }

  #noteNumber(supervisor: string, number: number): void {
    const highest = Math.max(number, this.lastNumberIn(supervisor));
    this.#highest.delete(supervisor);
    this.#highest.set(supervisor, highest);
    if (this.#highest.size <= NUMBERED_KEPT) return;
    const [oldest] = this.#highest;
    this.#highest.delete(oldest![0]);
    this.#floor = Math.max(this.#floor, oldest![1]);
  }
}
