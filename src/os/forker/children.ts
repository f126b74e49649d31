/**
 * Forks children, reaps them, and signals each with everything under it. The forker does this for a host, and a host
 * with `spawner: 'direct'` does it for itself: this is the code of both, and of whatever kind of process is forked.
 */
import type { SpawnFailure } from '../../errors.ts';
import type { Known } from '../census.ts';
import { carryOut, clear, KILL_PATIENCE_MS } from '../clear.ts';
import { Clearing, type ClearingTools } from '../clearing.ts';
import { type Cookie, cookieVariables } from '../cookie.ts';
import type { ProcessIdentity } from '../identity.ts';
import type { Signal, Timer } from '../os.ts';
import type { ChildReport, ForkOrder } from './messages.ts';
import { failure } from './spawn-failure.ts';

/** How long after a death we look for what it may have left outside its group. One look serves all deaths. */
const STRAGGLER_LOOK_MS = 1_000;

/** A process that was just forked, or was not, as its parent sees it. */
export interface ForkedChild {
  /** Undefined when there is no process: `failed` resolves then. */
  readonly pid: number | undefined;
  /** Resolves, once, when there is no process; else never. */
  readonly failed: Promise<SpawnFailure>;
  /** Dead and reaped. */
  readonly exited: Promise<{ readonly code: number | null; readonly signal: Signal | null }>;
}

interface Child {
  readonly id: number;
  readonly workerId: string;
  readonly identity: ProcessIdentity;
  exited: boolean;
  asked: boolean;
  clearing: Clearing | undefined;
}

export interface ChildrenOptions {
  readonly tools: ClearingTools;
  readonly runId: string;
  readonly outer: readonly Cookie[];
  /** The environment that every child starts from. */
  readonly env: Readonly<Record<string, string>>;
  readonly orphanGrace: number;
  readonly report: (report: ChildReport) => void;
}

export class Children {
  readonly #options: ChildrenOptions;
  readonly #children = new Map<number, Child>();
  /** The IDs of those being forked: they carry their marks before we know of them. */
  readonly #births = new Set<string>();
  /** What is signalled of the dead, by the ID of whoever left it. */
  readonly #late = new Map<number, { readonly workerId: string; readonly clearing: Clearing }>();
  readonly #clearingStragglersOf = new Set<string>();
  #stragglerTimer: Timer | undefined;
  /** From now on one clearing is after everything. */
  #closing = false;
  /** Those that end the run: a second one when the host dies while it waits for the first. */
  readonly #endings = new Set<Clearing>();

  constructor(options: ChildrenOptions) {
    this.#options = options;
  }

  /**
   * Reports `forked` or `fork-failed`; who was born is returned as well. Before it first waits for anything there is a
   * process, or none.
   *
   * @param birth forks; throws when one of the streams cannot be opened
   */
  async fork<C extends ForkedChild>(
    order: ForkOrder,
    birth: (env: NodeJS.ProcessEnv) => C,
  ): Promise<C | undefined> {
    const { tools, report } = this.#options;
    const failed = (reason: SpawnFailure) => report({ is: 'fork-failed', id: order.id, failure: reason });
    let forked: C;
    try {
      forked = birth(this.#environment(order));
    } catch (error) {
      failed(failure('streams', error));
      return undefined;
    }
    const { pid } = forked;
    if (pid === undefined) {
      void forked.failed.then(failed);
      return undefined;
    }
    this.#births.add(order.workerId);
    // On Linux it cannot have been reaped before this turn of the event loop ends, so the pid is still its own.
    const startTime = (await tools.kernel.startTimeOf(pid).catch(unknown)) ?? tools.kernel.startTimeNow();
    const identity = { ...tools.kernel.self.identity, pid, startTime };
    const child: Child = {
      id: order.id,
      workerId: order.workerId,
      identity,
      exited: false,
      asked: false,
      clearing: undefined,
    };
    this.#children.set(order.id, child);
    this.#births.delete(order.workerId);
    report({ is: 'forked', id: order.id, identity });
    void forked.exited.then(({ code, signal }) => this.#exited(child, code, signal));
    return forked;
  }

  /** To the whole tree; `tree-empty` is reported when nothing is left of it. */
  signal(id: number, workerId: string, signal: Signal | null): void {
    const child = this.#children.get(id);
    if (child === undefined) this.#signalWhatIsLeft(id, workerId, signal);
    else void this.#signal(child, signal);
  }

  /** It died as the order was on its way, with nothing left in its group; what is elsewhere is to go all the same. */
  #signalWhatIsLeft(id: number, workerId: string, signal: Signal | null): void {
    const { tools, runId, report } = this.#options;
    let clearing = this.#late.get(id)?.clearing;
    if (clearing === undefined) {
      clearing = new Clearing(tools, { claim: { runId, workerId, known: [] }, emptyLooks: 1 });
      this.#late.set(id, { workerId, clearing });
      void clearing.done.then(() => {
        this.#late.delete(id);
        report({ is: 'tree-empty', id });
      });
    }
    if (signal !== null) clearing.raise(signal);
  }

  /**
   * Ends the run: everything of it, known or merely marked. Two looks in a row must find nothing. Resolves with the
   * pids of what outlives SIGKILL by `patience` milliseconds.
   */
  async clearAll(patience = KILL_PATIENCE_MS): Promise<readonly number[]> {
    const { tools, runId, orphanGrace } = this.#options;
    this.#closing = true;
    if (this.#stragglerTimer !== undefined) tools.clock.clearTimeout(this.#stragglerTimer);
    const children = [...this.#children.values()];
    const known = children.flatMap((child) => [
      ...(child.exited ? [] : [asKnown(child.identity)]),
      ...(child.clearing?.knowledge.known ?? []),
    ]);
    const orphanedSessions = children.flatMap(({ clearing }) => clearing?.knowledge.orphanedSessions ?? []);
    const claim = { runId, workerId: undefined, known, orphanedSessions };
    const ending = new Clearing(tools, { claim, emptyLooks: 2 });
    this.#endings.add(ending);
    const over = carryOut(ending, tools.clock, orphanGrace, patience);
    const left = await over.finally(() => this.#endings.delete(ending));
    return left.map(({ pid }) => pid);
  }

  /** For a process that exits in this very moment: SIGKILL to every group, and no waiting. */
  killAllNow(): void {
    for (const child of this.#children.values()) {
      if (!child.exited) this.#options.tools.kernel.signal(-child.identity.pid, 'SIGKILL');
    }
  }

  async #signal(child: Child, signal: Signal | null): Promise<void> {
    const { kernel } = this.#options.tools;
    const { pid, startTime } = child.identity;
    child.asked = true;
    let toldGroup: number | undefined;
    child.clearing ??= this.#startClearing(child);
    const { clearing } = child;
    await clearing.looked; // what left the group and wiped its mark is known by its parents only, who may die now
    if (signal === null) return; // to look is all that was asked for
    if (!child.exited) {
      const now = await kernel.sight(pid).catch(unknown);
      // Whatever has this pid and us for a parent is our child: only we can reap it. Zombies' groups count too.
      const isOurs =
        now !== undefined && now.startTime === startTime && now.parent === kernel.self.identity.pid;
      if (isOurs && !child.exited && kernel.signal(-pid, signal) === 'sent') toldGroup = pid;
    }
    clearing.raise(signal, toldGroup);
  }

  #startClearing(child: Child): Clearing {
    const { tools, runId, report } = this.#options;
    const known = child.exited ? [] : [asKnown(child.identity)];
    const clearing = new Clearing(tools, {
      claim: { runId, workerId: child.workerId, known },
      emptyLooks: 1,
    });
    void clearing.done.then(() => {
      if (!child.exited) {
        child.clearing = undefined; // dead but not yet reaped: its exit is about to be told
        return;
      }
      this.#children.delete(child.id);
      report({ is: 'tree-empty', id: child.id });
    });
    return clearing;
  }

  #exited(child: Child, code: number | null, signal: Signal | null): void {
    child.exited = true;
    for (const ending of this.#endings) ending.inherit(child.identity.pid);
    const { asked } = child;
    const { tools, report } = this.#options;
    const { pid } = child.identity;
    if (child.clearing === undefined && !tools.kernel.groupExists(pid)) {
      this.#children.delete(child.id);
      report({ is: 'exited', id: child.id, code, signal, treeEmpty: true, asked });
    } else {
      child.clearing ??= this.#startClearing(child);
      child.clearing.inherit(pid);
      child.clearing.lookNow();
      report({ is: 'exited', id: child.id, code, signal, treeEmpty: false, asked });
    }
    this.#lookForStragglersSoon();
  }

  #lookForStragglersSoon(): void {
    if (this.#closing) return;
    const { clock } = this.#options.tools;
    this.#stragglerTimer ??= clock.setTimeout(() => {
      this.#stragglerTimer = undefined;
      void this.#clearStragglers();
    }, STRAGGLER_LOOK_MS);
  }

  /** What a dead worker left behind outside its group: daemons of its own making. Ended as orphans are. */
  async #clearStragglers(): Promise<void> {
    const { tools, runId } = this.#options;
    const census = await tools.census.take().catch(unknown);
    if (census === undefined) return this.#lookForStragglersSoon();
    // What is being stopped, dead leader or not, has a stop plan of its own.
    const known = [...this.#children.values(), ...this.#late.values()];
    const living = new Set([...this.#births, ...known.map(({ workerId }) => workerId)]);
    for (const workerId of census.workersSeen(runId)) {
      if (workerId === '' || living.has(workerId) || this.#clearingStragglersOf.has(workerId)) continue;
      void this.#clearStragglersOf(workerId);
    }
  }

  /** Whatever is left afterwards is found again by the next look, and by the one that ends the run. */
  async #clearStragglersOf(workerId: string): Promise<void> {
    const { tools, runId, orphanGrace } = this.#options;
    this.#clearingStragglersOf.add(workerId);
    await clear(tools, { claim: { runId, workerId, known: [] }, emptyLooks: 2 }, orphanGrace).catch(unknown);
    this.#clearingStragglersOf.delete(workerId);
  }

  /** Inherits what every child starts from, as `spawn` reads it too: to copy some dozens of variables costs more. */
  #environment(order: ForkOrder): NodeJS.ProcessEnv {
    const { runId, outer, env } = this.#options;
    const mark = cookieVariables({ runId, workerId: order.workerId }, outer);
    // The mark stands in front: that is where a look at the environment finds it first.
    const environment: NodeJS.ProcessEnv = Object.assign(Object.create(env), mark);
    for (const [name, value] of Object.entries(order.env)) {
      if (!Object.hasOwn(mark, name)) environment[name] = value ?? undefined;
    }
    return environment;
  }
}

/** For want of a descriptor, as a rule. What we have forked lives all the same, and the next look may succeed. */
const unknown = () => undefined;

/** A child of ours leads its own session. */
const asKnown = (identity: ProcessIdentity): Known => ({ ...identity, session: identity.pid });
