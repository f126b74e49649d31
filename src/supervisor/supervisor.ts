/** A running supervisor, as its users hold it. */
import type { ActorRefFrom, SnapshotFrom } from 'xstate';
import { OptionsError, StartError } from '../errors.ts';
import type { WorkerState } from '../events.ts';
import { describeExit } from '../worker/exit-reason.ts';
import type { Incarnation, WorkerRuntime } from '../worker/worker-runtime.ts';
import type { ChildActors } from './child-actors.ts';
import type { ChildStatus, SupervisorOutput, supervisorMachine } from './supervisor-machine.ts';

export type SupervisorActor = ActorRefFrom<typeof supervisorMachine>;

/** A child as `whichChildren` tells of it. */
export interface ChildInfo {
  readonly id: string;
  readonly path: string;
  readonly state: WorkerState;
  /** Of the newest incarnation; undefined before its fork. */
  readonly pid: number | undefined;
  /** How often it was started. */
  readonly starts: number;
  readonly command: string;
}

export class Supervisor {
  readonly path: string;
  /** Resolves when all children are down: stopped, or given up. */
  readonly stopped: Promise<SupervisorOutput>;
  readonly #actor: SupervisorActor;
  readonly #actors: ChildActors;
  readonly #runtime: WorkerRuntime;
  /** Once it has ended, by path: with whoever still holds this supervisor, and no longer with the host. */
  #last: ReadonlyMap<string, Incarnation | undefined> | undefined;

  constructor(path: string, actor: SupervisorActor, actors: ChildActors, runtime: WorkerRuntime) {
    this.path = path;
    this.#actor = actor;
    this.#actors = actors;
    this.#runtime = runtime;
    this.stopped = new Promise((resolve) => {
      const settle = (snapshot: SnapshotFrom<typeof supervisorMachine>) => {
        if (snapshot.status !== 'done') return;
        this.#last ??= new Map(snapshot.context.children.map(({ path }) => [path, runtime.take(path)]));
        resolve(snapshot.output!);
      };
      settle(actor.getSnapshot());
      actor.subscribe({ next: settle, error: () => {} });
    });
  }

  /** Newest-started first, as OTP tells them. */
  whichChildren(): readonly ChildInfo[] {
    const { children } = this.#actor.getSnapshot().context;
    return children
      .map((child) => ({
        id: child.spec.id,
        path: child.path,
        state: this.#stateOf(child),
        pid: this.#incarnation(child.path)?.pid,
        starts: child.incarnation,
        command: [child.spec.command, ...child.spec.args].join(' '),
      }))
      .reverse();
  }

  /**
   * The end of what a child's newest incarnation wrote, at most 64 KiB; empty for streams that go elsewhere. It can be
   * read when the child is down, and when the supervisor has ended, as long as this object is held: the host holds
   * neither then.
   */
  tail(childId: string, stream: 'stdout' | 'stderr' = 'stdout'): string {
    return this.#incarnation(`${this.path}/${childId}`)?.output[stream].text() ?? '';
  }

  /**
   * Writes to the standard input of a child whose `stdin` is `'pipe'`. Resolves when the system has taken it; rejects
   * when the child has no such input, or does not read any more.
   */
  async write(childId: string, data: string | Uint8Array): Promise<void> {
    const stdin = this.#incarnation(`${this.path}/${childId}`)?.stdin;
    if (stdin === undefined)
      throw new OptionsError('childId', `'${childId}' has no standard input to write to`);
    await stdin.write(data);
  }

  /** Ends a child's standard input: it reads to the end, and no more. */
  endInput(childId: string): void {
    this.#incarnation(`${this.path}/${childId}`)?.stdin?.end();
  }

  /** Stops the children in reverse order, each on its own plan; resolves when nothing is left of any. */
  async stop(): Promise<void> {
    this.#actor.send({ type: 'shutdown' });
    await this.stopped;
  }

  /** Resolves when every child is ready; rejects with a `StartError` when one is not, and all are stopped again. */
  async started(): Promise<void> {
    const output = await new Promise<SupervisorOutput | undefined>((resolve) => {
      const settle = (snapshot: SnapshotFrom<typeof supervisorMachine>) => {
        if (snapshot.matches('running')) resolve(undefined);
        if (snapshot.status === 'done') resolve(snapshot.output);
      };
      settle(this.#actor.getSnapshot());
      const subscription = this.#actor.subscribe({ next: settle, error: () => {} });
      void this.stopped.then(() => subscription.unsubscribe());
    });
    if (output === undefined) return;
    if (output.kind === 'shutdown')
      throw new StartError(this.path, 'it was stopped before all were ready', '');
    const { path, reason } = output;
    const stderr = this.#incarnation(path)?.output.stderr.text() ?? '';
    const cause = reason.kind === 'spawn-failed' ? { cause: reason.error } : {};
    throw new StartError(path, describeExit(reason), stderr, cause);
  }

  #incarnation(path: string): Incarnation | undefined {
    return this.#last === undefined ? this.#runtime.incarnation(path) : this.#last.get(path);
  }

  #stateOf(child: ChildStatus): WorkerState {
    const snapshot = this.#actor.getSnapshot();
    const actor = this.#actors.get(child.workerId);
    if (actor !== undefined) return topState(actor.getSnapshot().value);
    const itsTurnComes = child.state === 'waiting' && snapshot.matches('starting');
    return itsTurnComes ? 'spawning' : 'exited';
  }
}

/** A worker's machine has states below its four. */
function topState(value: string | object): WorkerState {
  return (typeof value === 'string' ? value : Object.keys(value)[0]) as WorkerState;
}
