/** What each supervisor is promised to be, now and at its next beginning: what its tree says, until it is reconfigured. */
import type { Reconfiguration } from './told-calls.ts';
import { above, type Promised, type PromisedChild, promisedBy } from './tree.ts';
import { Watched } from './watched.ts';

/** A reconfiguration that is not answered. */
export interface Proposal {
  /** With the children that it does not name, which are there still, at the end of the order. */
  readonly meanwhile: Promised;
  /** Once it has been taken. */
  readonly then: Promised;
  readonly below: readonly Promised[];
  /** Those that it does not name. */
  readonly unnamed: readonly string[];
}

export class Promises {
  /** By run and path, as all of these: those that live, or are about to. */
  readonly #watched = new Map<string, Watched>();
  /** As the tree says, or the last reconfiguration of the topmost. */
  readonly #given = new Map<string, Promised>();
  /** At the next beginning, as the one above says by then. */
  readonly #next = new Map<string, readonly Promised[]>();

  /** This tree begins in this run; another one that was there under its name has ended. */
  make(runId: string, tree: readonly Promised[]): void {
    for (const promised of tree) {
      this.#give(`${runId} ${promised.path}`, promised);
      this.#watched.set(`${runId} ${promised.path}`, new Watched([promised]));
    }
  }

  of(runId: string, path: string): Watched | undefined {
    return this.#watched.get(`${runId} ${path}`);
  }

  /** Of a child: the supervisor's. */
  above(runId: string, path: string): Watched | undefined {
    return this.of(runId, above(path));
  }

  /** It, or one above it, may have to end before its children have. */
  isHurried(runId: string, path: string): boolean {
    const isItself = this.of(runId, path)?.may.some(({ hurried }) => hurried) === true;
    return isItself || (path.includes('/') && this.isHurried(runId, above(path)));
  }

  /** It has ended: it begins anew as the one above it says, and what is below it as its own tree does. */
  renew(runId: string, path: string): void {
    const key = `${runId} ${path}`;
    for (const other of [...this.#next.keys()].filter((one) => one.startsWith(`${key}/`))) {
      const given = this.#given.get(other);
      if (given === undefined) this.#next.delete(other);
      else this.#give(other, given);
      if (given === undefined) this.#watched.delete(other);
      else this.#watched.set(other, new Watched([given]));
    }
    this.#watched.set(key, new Watched(this.#next.get(key)!));
  }

  /** From now on it may be this as well. */
  propose(
    runId: string,
    path: string,
    { options, apply }: Reconfiguration,
    now: number,
  ): Proposal | undefined {
    const watched = this.of(runId, path);
    if (watched === undefined) return undefined;
    const id = path.slice(path.lastIndexOf('/') + 1);
    const hurried = path.includes('/') && this.isHurried(runId, above(path));
    const [named, ...below] = promisedBy({ ...options, id }, path, hurried);
    const names = new Set(named!.children.map((child) => child.path));
    const known = new Map<string, PromisedChild>();
    for (const child of [...watched.may].reverse().flatMap(({ children }) => children)) {
      if (!known.has(child.path)) known.set(child.path, child); // the newest order counts
    }
    const unnamed = [...known.values()].filter((child) => !names.has(child.path));
    const meanwhile = { ...named!, children: [...named!.children, ...unnamed] };
    for (const name of names) {
      watched.recall(name, now);
      if (!known.has(name)) (apply ? watched.added : watched.called).add(name);
    }
    watched.may = [...watched.may, meanwhile];
    for (const one of below) {
      const key = `${runId} ${one.path}`;
      this.#next.set(key, [...(this.#next.get(key) ?? []), one]);
      if (this.#isFresh(runId, one.path)) this.#watched.set(key, new Watched(this.#next.get(key)!));
    }
    const then = apply ? named! : meanwhile;
    return { meanwhile, then, below, unnamed: unnamed.map((child) => child.path) };
  }

  /** This is what it is now, but for what was proposed since. */
  take(runId: string, path: string, watched: Watched, { meanwhile, then, below }: Proposal): void {
    watched.may = [then, ...watched.may.slice(watched.may.indexOf(meanwhile) + 1)];
    if (this.of(runId, path) !== watched) return; // it has ended
    const isTopmost = !path.includes('/');
    if (isTopmost) this.#give(`${runId} ${path}`, then);
    for (const one of below) {
      const key = `${runId} ${one.path}`;
      if (isTopmost) this.#give(key, one);
      else this.#next.set(key, [one]);
      if (this.#isFresh(runId, one.path)) this.#watched.set(key, new Watched([one]));
    }
  }

  refuse(runId: string, watched: Watched, { meanwhile, below }: Proposal): void {
    watched.may = watched.may.filter((one) => one !== meanwhile);
    for (const one of below) {
      const key = `${runId} ${one.path}`;
      const rest = (this.#next.get(key) ?? []).filter((other) => other !== one);
      this.#next.set(key, rest.length === 0 ? [one] : rest);
    }
  }

  /** Nothing of it has begun. */
  #isFresh(runId: string, path: string): boolean {
    const state = this.above(runId, path)?.states.get(path);
    const size = this.of(runId, path)?.states.size ?? 0;
    return size === 0 && (state === undefined || state === 'exited');
  }

  #give(key: string, promised: Promised): void {
    this.#given.set(key, promised);
    this.#next.set(key, [promised]);
  }
}
