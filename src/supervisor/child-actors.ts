/**
 * The living actors of supervisors' children, beside the supervisors' snapshots: XState copies the children of a
 * snapshot whenever one comes or goes, which makes the work of thousands grow with their square.
 */
import {
  type ActorOptions,
  type ActorRefFrom,
  type AnyActorRef,
  type AnyStateMachine,
  createActor,
} from 'xstate';
import type { Cause, ExitReason } from '../events.ts';
import type { workerMachine } from '../worker/worker-machine.ts';
import type { Child } from './roster.ts';

type WorkerActor = ActorRefFrom<typeof workerMachine>;
export type Clock = NonNullable<ActorOptions<typeof workerMachine>['clock']>;

/** What a child tells the supervisor above it. */
export interface ChildReady {
  readonly type: 'child.ready';
  readonly workerId: string;
}

/**
 * Not XState's own event, `xstate.done.actor.<id>`: of each type that a machine has ever heard XState keeps for good which
 * transitions it selects, and a host may have millions of children.
 */
export interface ChildDone {
  readonly type: 'child.done';
  readonly workerId: string;
  readonly output: ExitReason;
}

/** What a supervisor needs from outside. */
export interface SupervisorTools {
  readonly clock: Clock;
  /** Milliseconds that never jump. */
  readonly now: () => number;
  /** From 0 to 1, without 1. */
  readonly chance: () => number;
}

/** Of how many supervisors it is remembered how far their children were numbered, one by one. */
const NUMBERED_KEPT = 1_000;

/** `services` of `services/api`; nothing of `services`. */
const supervisorOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

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

  /**
   * Makes the actor. `parent` hears when it is ready, and of its end. XState does not know of their kinship, or it would
   * tell of the end in its own way; and in a system of its own an end is cheap, for at each XState goes through all that
   * is scheduled in a system.
   */
  prepare(
    parent: AnyActorRef,
    { spec, path, workerId, starts }: Child,
    { clock, now, chance }: SupervisorTools,
  ): void {
    this.#noteNumber(supervisorOf(path), Number(workerId.slice(path.length + 1)));
    if (spec.type === 'worker') {
      const input = { spec, path, workerId, starts };
      const actor = createActor(this.#worker, { clock, id: workerId, input });
      this.#workers.set(workerId, actor);
      let isReady = false;
      // Not by an action of its own: XState does not like actors to be made while one runs, as the parent may do.
      actor.subscribe({
        next: ({ value }) => {
          if (isReady || value !== 'running') return;
          isReady = true;
          tellReady(parent, workerId);
        },
        complete: () => {
          this.#workers.delete(workerId);
          tellEnd(parent, workerId, actor);
        },
        error: raise,
      });
    } else {
      const input = { spec, path, workerId, starts, actors: this, clock, now, chance };
      const actor = createActor(this.#supervisor, { clock, id: workerId, input });
      this.#supervisors.set(path, { workerId, actor });
      actor.on('ready', () => tellReady(parent, workerId));
      actor.subscribe({
        complete: () => {
          this.#supervisors.delete(path);
          tellEnd(parent, workerId, actor);
        },
        error: raise,
      });
    }
  }

  start(workerId: string): void {
    this.#actor(workerId)?.start();
  }

  stop(workerId: string, cause: Cause | undefined): void {
    const worker = this.worker(workerId);
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
    return supervisor?.workerId === workerId ? supervisor.actor : this.worker(workerId);
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

function tellReady(parent: AnyActorRef, workerId: string): void {
  const ready: ChildReady = { type: 'child.ready', workerId };
  parent.send(ready);
}

function tellEnd(parent: AnyActorRef, workerId: string, child: AnyActorRef): void {
  const { output } = child.getSnapshot() as { readonly output: ExitReason };
  const done: ChildDone = { type: 'child.done', workerId, output };
  parent.send(done);
}

/** A machine that throws is a fault of ours, and not to be lived with. */
function raise(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
