/** A disk that several hosts share: files under names, and all that goes wrong with them. */
import { oneOf } from './checks.ts';
import type { Prng } from './prng.ts';
import { systemError } from './system-error.ts';

export type DiskFault = 'ENOSPC' | 'EIO' | 'EROFS' | 'EACCES';

/** What each operation fails with. To remove an entry takes no room, nor does a directory, to speak of. */
const IN_THE_WAY = {
  read: new Set<DiskFault>(['EIO']),
  write: new Set<DiskFault>(['EIO', 'EROFS', 'EACCES', 'ENOSPC']),
  entry: new Set<DiskFault>(['EIO', 'EROFS', 'EACCES']),
};

/** Each of them fails a write. */
const FAULTS = [...IN_THE_WAY.write];

/** So many of the last changes may not have reached the platter: nobody syncs. */
const UNSYNCED = 20;
/** How often, at a power cut, a file has its name already and its text not yet. */
const EMPTIED = 0.3;

export class Disk {
  readonly #files = new Map<string, string>();
  /** What was under a name before each of the last changes, oldest first. */
  readonly #unsynced: { readonly path: string; readonly was: string | undefined }[] = [];
  #fault: DiskFault | undefined;
  /** What the next operations fail with, each once: with the first of them that is in its way. */
  readonly failures: DiskFault[] = [];
  /** Asked before something is removed: what an onlooker wants to know. */
  onRemove: (path: string) => void = () => {};
  /** Told of an operation that fails: once, or as all do now. */
  onFailure: (once: boolean) => void = () => {};

  /** Whatever it is in the way of fails with this, until it is undefined again. Throws for what is none. */
  get fault(): DiskFault | undefined {
    return this.#fault;
  }

  set fault(fault: DiskFault | undefined) {
    this.#fault = fault === undefined ? undefined : oneOf('disk.fault', fault, FAULTS);
  }

  read(path: string): string | undefined {
    this.#complain('read', path);
    return this.#files.get(path);
  }

  /** As an onlooker, whatever the disk does to others. */
  peek(path: string): string | undefined {
    return this.#files.get(path);
  }

  write(path: string, text: string): void {
    this.#complain('write', path);
    this.#change(path, text);
  }

  append(path: string, text: string): void {
    this.#complain('write', path);
    this.#change(path, (this.#files.get(path) ?? '') + text);
  }

  /** As much of a file as was written when its writer died. */
  tear(path: string, text: string): void {
    this.#files.set(path, text);
  }

  rename(from: string, to: string): void {
    this.#complain('write', from);
    const text = this.#files.get(from);
    if (text === undefined) throw systemError('ENOENT', from);
    this.#change(to, text);
    this.#change(from, undefined);
  }

  /** A directory goes with all that is in it. */
  remove(path: string): void {
    const doomed = this.#below(path);
    if (doomed.length === 0) return;
    this.#complain('entry', path);
    for (const name of doomed) {
      this.onRemove(name);
      this.#change(name, undefined);
    }
  }

  list(directory: string): readonly string[] {
    this.#complain('read', directory);
    const names = this.#below(directory).map((path) => path.slice(directory.length + 1).split('/')[0]!);
    return [...new Set(names)].filter((name) => name !== '').sort();
  }

  makeDirectory(path: string): void {
    this.#complain('entry', path);
  }

  /** Every path there is, sorted. */
  paths(): readonly string[] {
    return [...this.#files.keys()].sort();
  }

  /** The power goes: the last changes may be lost, writes, renames and removals alike, and a file may be left empty. */
  cutPower(prng: Prng): void {
    const changed = [...new Set(this.#unsynced.map(({ path }) => path))];
    for (let lost = prng.below(this.#unsynced.length + 1); lost > 0; lost -= 1) {
      const { path, was } = this.#unsynced.pop()!;
      this.#put(path, was);
    }
    const left = changed.filter((path) => this.#files.has(path));
    if (left.length > 0 && prng.chance(EMPTIED)) this.#files.set(prng.pick(left), '');
    this.#unsynced.length = 0;
  }

  #change(path: string, text: string | undefined): void {
    this.#unsynced.push({ path, was: this.#files.get(path) });
    if (this.#unsynced.length > UNSYNCED) this.#unsynced.shift();
    this.#put(path, text);
  }

  #put(path: string, text: string | undefined): void {
    if (text === undefined) this.#files.delete(path);
    else this.#files.set(path, text);
  }

  #below(path: string): readonly string[] {
    return [...this.#files.keys()].filter((name) => name === path || name.startsWith(`${path}/`));
  }

  #complain(operation: keyof typeof IN_THE_WAY, path: string): void {
    const isInTheWay = (fault: DiskFault | undefined) =>
      fault !== undefined && IN_THE_WAY[operation].has(fault);
    const first = this.failures.findIndex(isInTheWay);
    const lasts = isInTheWay(this.#fault);
    if (!lasts && first < 0) return;
    this.onFailure(!lasts);
    throw systemError(lasts ? this.#fault! : this.failures.splice(first, 1)[0]!, path);
  }
}
