/** A running supervisor, as its users hold it. */
import { OptionsError, StartError, SupervisorNotRunningError } from '../errors.ts';
import type { ExitReason } from '../events.ts';
import { describeExit } from '../worker/exit-reason.ts';
import { OptionReader } from '../worker/option-reader.ts';
import type { Incarnation, WorkerRuntime } from '../worker/worker-runtime.ts';
import type { ChildActors } from './child-actors.ts';
import { type ChildInfo, childInfo, unneeded } from './child-info.ts';
import { type PartitionKey, partitionOf } from './partition.ts';
import type { PendingCalls } from './pending-calls.ts';
import type { Answer, Changes, Request } from './plan.ts';
import { causeOf, refusal } from './refusal.ts';
import { type Child, type ChildCounts, countChildren, type Roster } from './roster.ts';
import {
  culpritOf,
  endOf,
  outcomeOf,
  type SupervisorActor,
  type SupervisorSnapshot,
} from './supervisor-actor.ts';
import type { SupervisorContext } from './supervisor-machine.ts';
import {
  type ChildOptions,
  type ChildSpec,
  parseChildSpecs,
  parseSupervisorSpec,
  type SupervisorOptions,
  type SupervisorSpec,
} from './supervisor-spec.ts';
import { type ExtraOptions, specOfChild } from './template.ts';
import type { SupervisorOutput } from './turn.ts';

/** What all supervisors of a host share. */
export interface Family {
  readonly actors: ChildActors;
  readonly calls: PendingCalls;
  readonly runtime: WorkerRuntime;
}

/**
 * A supervisor by its path. One that is below another is found anew at each call: after a restart it is the next
 * incarnation that answers. Calls are rejected with a `SupervisorNotRunningError` when there is none, with a
 * `SupervisionError` when it refuses, and with an `OptionsError` before anything is done when what is given cannot be
 * meant. They wait for what is under way with the child, or, in one_for_all and rest_for_one, with any child.
 */
export class Supervisor {
  readonly path: string;
  readonly #family: Family;
  #stopped: Promise<SupervisorOutput> | undefined;
  /** The one that it was made for; undefined for one that is found by its path. */
  readonly #actor: SupervisorActor | undefined;
  /** Once it has ended, by path: with whoever still holds this supervisor, and no longer with the host. */
  #last: ReadonlyMap<string, Incarnation> | undefined;

  /** @internal use `host.supervise`, or `supervisor` of the one above it */
  constructor(path: string, family: Family, actor?: SupervisorActor) {
    this.path = path;
    this.#family = family;
    this.#actor = actor;
    if (actor !== undefined) this.#stopped = this.#ended(); // whoever holds it keeps its children's last words
  }

  /**
   * Resolves when all its children are down: stopped, or given up. Of one below another: when the incarnation has ended
   * that lives when this is asked for first; rejects with a `SupervisorNotRunningError` when there is none.
   */
  get stopped(): Promise<SupervisorOutput> {
    this.#stopped ??= this.#ended();
    return this.#stopped;
  }

  /** The supervisor that is its child. */
  supervisor(childId: string): Supervisor {
    return new Supervisor(`${this.path}/${childId}`, this.#family);
  }

  /** The one of its children to which a key belongs: see the function `partition`. */
  partition(key: PartitionKey): Supervisor {
    const roster = this.#roster();
    const index = String(partitionOf(key, Math.max(1, roster.size)));
    if (roster.get(index)?.spec.type !== 'supervisor')
      throw new OptionsError('key', `'${this.path}' is not made of partitions`);
    return this.supervisor(index);
  }

  /** Newest-started first, as OTP tells them. Throws a `SupervisorNotRunningError` for one below another that is down. */
  whichChildren(): readonly ChildInfo[] {
    return [...this.#roster().values()].map((child) => this.#info(child.id)!).reverse();
  }

  /** Undefined when there is no such child. */
  whichChild(childId: string): ChildInfo | undefined {
    return this.#info(childId);
  }

  countChildren(): ChildCounts {
    const counts = countChildren(this.#roster());
    return this.#spec().strategy === 'simple_one_for_one' ? { ...counts, specs: 1 } : counts;
  }

  /** The complete form of what was given for a child; undefined when there is no such child. */
  getChildSpec(childId: string): ChildSpec | undefined {
    return this.#roster().get(childId)?.spec;
  }

  /** Throws an `OptionsError` for what `startChild` would not take, and for two of one id. */
  checkChildSpecs(children: readonly ChildOptions[]): void {
    const { strategy, autoShutdown } = this.#spec();
    parseChildSpecs(children, 'children', strategy, autoShutdown);
  }

  /**
   * Adds a child, after all others in the order, and starts it; resolves when it is ready, or not needed. Rejects with a
   * `StartError` when it does not start: then nothing is kept of it. To a simple_one_for_one supervisor what is given is
   * added to the template. The children of dynamic supervisors have numbered ids: see `id` of what this resolves with.
   */
  async startChild(child: ChildOptions | ExtraOptions | readonly string[] = []): Promise<ChildInfo> {
    return this.startSpec(specOfChild(this.#liveSpec(), child));
  }

  /** @internal as `startChild`, with a spec that is complete */
  async startSpec(spec: ChildSpec): Promise<ChildInfo> {
    return this.#childOf(await this.#ask({ call: 'startChild', spec }), spec);
  }

  /**
   * Stops a child on its own plan, and keeps it down; resolves when nothing is left of it, also when it was down already.
   * A start that is under way is given up. A temporary child, or one of a dynamic supervisor, is forgotten.
   */
  async terminateChild(childId: string): Promise<void> {
    await this.#ask({ call: 'terminateChild', id: childId });
  }

  /** Starts a child that is down; resolves and rejects as `startChild` does, but that it is kept. */
  async restartChild(childId: string): Promise<ChildInfo> {
    const spec = this.#roster().get(childId)?.spec;
    return this.#childOf(await this.#ask({ call: 'restartChild', id: childId }), spec!);
  }

  /** Forgets a child that is down. */
  async deleteChild(childId: string): Promise<void> {
    await this.#ask({ call: 'deleteChild', id: childId });
  }

  /**
   * Gives it other flags and specs, as OTP's code_change: what is up stays up, a changed spec counts from its next start
   * (but `restart`, `significant` and `backoff` at once), what is new is down, what is missing is kept. With `apply` those
   * that have changed are restarted, new ones started, and missing ones stopped and forgotten, in order: it resolves when
   * that is done, and rejects with a `StartError` for the first that did not start, which stays down, as the others do not.
   * A dynamic supervisor stays one, and a static one too; a new template counts for children to come.
   */
  async reconfigure(
    options: Omit<SupervisorOptions, 'id'>,
    how: { readonly apply?: boolean } = {},
  ): Promise<Changes> {
    const apply = new OptionReader(how, '', ['apply']).boolean('apply', false);
    const { id } = this.#liveSpec();
    const spec = parseSupervisorSpec({ ...options, id });
    this.#refuseOtherTypes(spec);
    const answer = await this.#ask({ call: 'reconfigure', spec, apply });
    return (answer as Extract<Answer, { is: 'reconfigured' }>).changes;
  }

  /**
   * The end of what a child's newest incarnation wrote, at most 64 KiB; empty for streams that go elsewhere. It can be
   * read when the child is down, and when the supervisor has ended, as long as this object is held: the host holds
   * neither then. Of children that are forgotten the host holds those of the last 32.
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

  /**
   * Stops the children in reverse order, each on its own plan; resolves when nothing is left of any. One below another
   * that is permanent is started again: `terminateChild` of the one above keeps it down.
   */
  async stop(): Promise<void> {
    const actor = this.#find();
    if (actor?.getSnapshot().status !== 'active') return; // it has ended, and all that is below it
    const ended = endOf(actor);
    actor.send({ type: 'shutdown' });
    await ended;
  }

  /** @internal resolves when every child is ready; rejects with a `StartError` when one is not, and all are stopped again */
  async started(): Promise<void> {
    const output = await outcomeOf(this.#actor!);
    // Its significant children may be done as soon as all have started.
    if (output === undefined || output.kind === 'ignored' || output.kind === 'auto-shutdown') return;
    if (output.kind === 'shutdown')
      throw new StartError(this.path, 'it was stopped before all were ready', '');
    if (output.kind === 'start-refused') throw this.#startError(this.path, output);
    const { path, reason } = culpritOf(output);
    throw this.#startError(path, reason);
  }

  /** What is up as one thing cannot go on as another. */
  #refuseOtherTypes({ children }: SupervisorSpec): void {
    for (const [index, { id, type }] of children.entries()) {
      const known = this.#roster().get(id)?.spec.type ?? type;
      if (known === type) continue;
      throw new OptionsError(`children[${index}]`, `'${id}' is a ${known}, and cannot become a ${type}`);
    }
  }

  /** The one to call: undefined when there is none. */
  #find(): SupervisorActor | undefined {
    return this.#actor ?? (this.#family.actors.supervisor(this.path) as SupervisorActor | undefined);
  }

  /** What it knows, or knew. */
  #snapshot(): SupervisorSnapshot {
    const actor = this.#find();
    if (actor === undefined) throw new SupervisorNotRunningError(this.path);
    return actor.getSnapshot();
  }

  #roster(): Roster {
    return this.#snapshot().context.roster;
  }

  #spec(): SupervisorSpec {
    return this.#snapshot().context.spec;
  }

  #liveSpec(): SupervisorSpec {
    const { status, context } = this.#snapshot();
    if (status !== 'active') throw new SupervisorNotRunningError(this.path);
    return context.spec;
  }

  async #ask(request: Request): Promise<Answer> {
    const answer = await this.#family.calls.ask(this.path, this.#find(), request);
    if (answer.is === 'refused') throw refusal(answer);
    if (answer.is === 'failed') throw this.#startError(answer.path, answer.reason);
    return answer;
  }

  /** The child as a call has left it, even if another call, which waited for this one, has been at it since. */
  #childOf(answer: Answer, spec: ChildSpec): ChildInfo {
    const { id, path } = answer as Extract<Answer, { is: 'done' | 'ignored' }>;
    const state = answer.is === 'done' ? 'running' : 'exited';
    return { ...(this.#info(id) ?? unneeded(id, path, spec)), state };
  }

  #info(childId: string): ChildInfo | undefined {
    const snapshot = this.#snapshot();
    const child = snapshot.context.roster.get(childId);
    if (child === undefined) return undefined;
    const isStarting = snapshot.matches('starting') || snapshot.matches('deciding');
    return childInfo(child, {
      isStarting,
      worker: this.#family.actors.worker(child.workerId),
      supervisor: this.#below(child),
      incarnation: this.#incarnation(child.path),
    });
  }

  /** What a child that is a supervisor knows, while it lives. */
  #below({ path, workerId }: Child): SupervisorContext | undefined {
    const actor = this.#family.actors.supervisor(path) as SupervisorActor | undefined;
    const context = actor?.getSnapshot().context;
    return context?.workerId === workerId ? context : undefined;
  }

  #incarnation(path: string): Incarnation | undefined {
    return this.#last === undefined ? this.#family.runtime.incarnation(path) : this.#last.get(path);
  }

  #startError(path: string, reason: ExitReason): StartError {
    const last = this.#family.runtime.incarnation(path) ?? this.#last?.get(path);
    return new StartError(path, describeExit(reason), last?.output.stderr.text() ?? '', causeOf(reason));
  }

  #ended(): Promise<SupervisorOutput> {
    const actor = this.#find();
    if (actor === undefined) return Promise.reject(new SupervisorNotRunningError(this.path));
    return endOf(actor).then((snapshot) => {
      if (this.#actor !== undefined) this.#last ??= this.#family.runtime.takeChildrenOf(this.path);
      return snapshot.output!;
    });
  }
}
