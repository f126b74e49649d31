/** What of a host's trees is as somebody has called for it, and is not asked to be up, or to be as its tree says. */
import { StartError, SupervisorNotRunningError } from '../errors.ts';
import type { ChildOptions, SupervisorOptions } from '../supervisor/supervisor-spec.ts';
import type { Reconfiguration, Tell, ToldAnswer } from './told-calls.ts';
import { childrenOf, isGroup, isSame, isWithin, optionsAt } from './tree.ts';

export class CalledFor {
  /** What somebody wanted supervisors to be. */
  readonly reconfigured: SupervisorOptions[] = [];
  readonly #trees: SupervisorOptions[];
  /** The paths of children, or of supervisors whose children they all are. */
  readonly #excused = new Set<string>();
  /** Of supervisors that are being reconfigured, once for each time. */
  readonly #pending: string[] = [];
  /** Topmost supervisors that were told to stop, and those of them that have not begun anew since. */
  readonly #everStopped = new Set<string>();
  readonly #stopped = new Set<string>();
  #hasOthers = false;
  /** Of those that have been groups once. */
  readonly #groups = new Set<string>();

  /** @param trees what the host has accepted; a topmost supervisor that is reconfigured has another from then on */
  constructor(trees: SupervisorOptions[]) {
    this.#trees = trees;
  }

  /** There may be other children than those in the trees. */
  get hasOthers(): boolean {
    return this.#hasOthers || this.#pending.length > 0;
  }

  /** Whether this topmost supervisor was told to stop, since it began last. */
  isStopped(id: string): boolean {
    return this.#stopped.has(id);
  }

  /** Whether it ever was. */
  wasStopped(id: string): boolean {
    return this.#everStopped.has(id);
  }

  /** A tree of this id begins, perhaps anew: what was called for in one that has ended is over. */
  begins(id: string): void {
    this.#stopped.delete(id);
    for (const paths of [this.#excused, this.#groups])
      for (const path of paths) if (isWithin(path, id)) paths.delete(path);
  }

  /** Whether this child need not be up. */
  covers(path: string): boolean {
    return [...this.#excused, ...this.#pending].some((one) => isWithin(path, one));
  }

  readonly tell: Tell = (path, call) => {
    switch (call.call) {
      case 'stop':
        if (path.includes('/')) return () => {}; // the one above it starts it again
        this.#everStopped.add(path);
        this.#stopped.add(path);
        return () => {};
      case 'reconfigure':
        return this.#reconfigures(path, call);
      case 'startChild':
        this.#hasOthers = true;
        if (call.id === undefined) return () => {};
    }
    const options = optionsAt(this.#trees, path);
    // A group that is stuck in a restart stays as it is when the one that it waits for is taken away.
    const isAlone = options !== undefined && !isGroup(options) && !this.#groups.has(path);
    this.#excused.add(isAlone ? `${path}/${call.id}` : path);
    return () => {};
  };

  #reconfigures(path: string, { options, apply }: Reconfiguration): (answer: ToldAnswer) => void {
    const id = path.slice(path.lastIndexOf('/') + 1);
    const next = { ...options, id };
    const before = optionsAt(this.#trees, path);
    if (path.includes('/')) this.#hasOthers = true; // its tree does not tell
    this.reconfigured.push(next);
    this.#pending.push(path);
    if (isGroup(options) || before === undefined || isGroup(before)) this.#groups.add(path);
    return ({ error }) => {
      this.#pending.splice(this.#pending.indexOf(path), 1);
      // It may have been taken before its supervisor was to end.
      if (error instanceof SupervisorNotRunningError) this.#hasOthers = true;
      if (error !== undefined && !(error instanceof StartError)) return;
      const old = optionsAt(this.#trees, path);
      if (old === undefined) return;
      const others = differing(old, next);
      // Below another it is only until that one starts it again; and what is new, or has changed, may have to be called for.
      if (path.includes('/') || error !== undefined)
        for (const one of others) this.#excused.add(`${path}/${one}`);
      if (path.includes('/')) return;
      if (!apply) for (const one of downIn(old, next)) this.#excused.add(`${path}/${one}`);
      const kept = apply ? [] : unnamed(old, next);
      // Who is gone may have left something behind, and who has another command may have the old one still.
      const hasItsCommand = ({ id, command }: { id: string; command?: unknown }) =>
        childrenOf(next).every((other) => other.id !== id || Reflect.get(other, 'command') === command);
      if (kept.length < unnamed(old, next).length || !childrenOf(old).every(hasItsCommand))
        this.#hasOthers = true;
      this.#trees[this.#trees.lastIndexOf(old)] = { ...next, children: [...childrenOf(next), ...kept] };
    };
  }
}

const idsOf = (options: SupervisorOptions): ReadonlySet<string> =>
  new Set(childrenOf(options).map(({ id }) => id));

/** Those that are new, or may have done their work by then: they stay down until somebody calls for them. */
function downIn(old: SupervisorOptions, next: SupervisorOptions): readonly string[] {
  const lasting = childrenOf(old).filter(({ restart }) => (restart ?? 'permanent') === 'permanent');
  return [...idsOf(next)].filter((id) => !lasting.some((child) => child.id === id));
}

const unnamed = (old: SupervisorOptions, next: SupervisorOptions): readonly ChildOptions[] =>
  childrenOf(old).filter(({ id }) => !idsOf(next).has(id));

/** The ids of those that are not the same in both. */
const differing = (old: SupervisorOptions, next: SupervisorOptions): readonly string[] => [
  ...childrenOf(next)
    .filter((child) => !childrenOf(old).some((other) => isSame(other, child)))
    .map(({ id }) => id),
  ...unnamed(old, next).map(({ id }) => id),
];
