/** What is known of one supervisor while it lives: what it may be promised to be, and what became of its children. */
import type { ChildOptions } from '../supervisor/supervisor-spec.ts';
import { isSame, type Promised, type PromisedChild } from './tree.ts';

export type ChildState = 'spawning' | 'running' | 'stopping' | 'exited';

export class Watched {
  /** More than one while nobody can know whether a reconfiguration has been taken. */
  may: readonly Promised[];
  /** By path; none for those that have not been begun. */
  readonly states = new Map<string, ChildState>();
  /** When each was begun last. */
  readonly begunAt = new Map<string, number>();
  /** Those that were begun as such that are told to end before they are killed. */
  readonly gentle = new Set<string>();
  /** Those that somebody has called for by name, and that are not up since: they have no order. */
  readonly called = new Set<string>();
  /** Those that a reconfiguration has brought: they may begin before others that live already. */
  readonly added = new Set<string>();
  /** Those that were deleted, or taken away: they do not come back by themselves. */
  readonly #forgotten = new Set<string>();
  /** When somebody wanted them, perhaps before it was known that they are forgotten. */
  readonly #recalledAt = new Map<string, number>();
  /** Those that are being started again, it is not known yet why. */
  readonly unexplained = new Set<string>();
  /** When the restarts were that may count, and that do. */
  mayCount: readonly number[] = [];
  doCount: readonly number[] = [];
  lastLoss = Number.NEGATIVE_INFINITY;
  /** The decisions to restart that have not been carried out. */
  readonly decided = new Set<string>();
  /** A group that is being started again, since when, and who of it is to come. */
  wave: { readonly since: number; readonly left: Set<string> } | undefined;
  /** Whom a reconfiguration that is being applied has stopped, and started, so far. */
  readonly applied = { stopped: [] as string[], started: [] as string[] };

  /** By path: what each was asked to be last, as far as that is certain. */
  readonly #asked = new Map<string, ChildOptions>();

  constructor(may: readonly Promised[]) {
    this.may = may;
    if (may.length === 1) this.ask(may[0]!.children);
  }

  /** They are to be this from now on; returns the paths of those that were to be the same before. */
  ask(children: readonly PromisedChild[]): ReadonlySet<string> {
    const same = children.filter(({ path, options }) => isSame(this.#asked.get(path), options));
    for (const { path, options } of children) this.#asked.set(path, options);
    return new Set(same.map(({ path }) => path));
  }

  /** Somebody else may have its name now. */
  forgetAsked(path: string): void {
    this.#asked.delete(path);
  }

  /** What is wrong, whichever of those it may be; nothing when one of them does not mind. */
  fault(judge: (promised: Promised) => string | undefined): string | undefined {
    let first: string | undefined;
    for (const promised of this.may) {
      const fault = judge(promised);
      if (fault === undefined) return undefined;
      first ??= fault;
    }
    return first;
  }

  /** The paths of all children that it may have. */
  get children(): ReadonlySet<string> {
    return new Set(this.may.flatMap(({ children }) => children.map(({ path }) => path)));
  }

  /** It was asked for then, and has been done; but what was asked for since, or still waits, may bring it back. */
  forget(path: string, since: number): void {
    const isAwaited = this.may.slice(1).some(({ children }) => children.some((child) => child.path === path));
    const recalledAt = this.#recalledAt.get(path) ?? Number.NEGATIVE_INFINITY;
    if (!isAwaited && recalledAt < since) this.#forgotten.add(path);
  }

  recall(path: string, now: number): void {
    this.#recalledAt.set(path, now);
    this.#forgotten.delete(path);
  }

  isForgotten(path: string): boolean {
    return this.#forgotten.has(path);
  }

  /** A reconfiguration stops this one; returns whom it has stopped before. */
  stopsToApply(path: string): readonly string[] {
    const { stopped, started } = this.applied;
    if (started.splice(0).length > 0) stopped.length = 0; // it is the next one: each stops first, and then starts
    const before = [...stopped];
    stopped.push(path);
    return before;
  }

  /** One more restart counts, and those of long ago do not. */
  charge(now: number): void {
    const periods = this.may.map(({ period }) => period);
    const within = (times: readonly number[], period: number) => times.filter((time) => time > now - period);
    this.mayCount = [...within(this.mayCount, Math.max(...periods)), now];
    this.doCount = [...within(this.doCount, Math.min(...periods)), now];
  }
}
